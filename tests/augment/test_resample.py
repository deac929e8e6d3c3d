"""Resampling of padded batches."""

import torch

from sonovox import functional as F
from sonovox.augment import Resample


def test_channels_are_resampled_as_signals_are():
    x = torch.randn(2, 900, 3)
    y = Resample(16000, 12000)(x)
    expected = F.resample(x.mT, 16000, 12000, resampling_method="sinc_interp_hann").mT
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(Resample(16000, 12000)(x[..., 0]), expected[..., 0])


def test_padding_stays_zero():
    y = Resample(8000, 16000)(torch.ones(2, 100), torch.tensor([1.0, 0.5]))
    assert y.shape == (2, 200)
    assert not y[1, 100:].any()
    assert y[1, :95].gt(0.5).all()
