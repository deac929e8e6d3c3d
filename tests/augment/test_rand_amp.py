"""Random amplitude."""

import torch

from sonovox.augment import RandAmp


def test_peaks_are_within_the_bounds_and_differ():
    y = RandAmp(0.5, 1.5)(torch.randn(200, 50))
    peak = y.abs().amax(1)
    assert 0.5 <= float(peak.min()) < 0.6
    assert 1.4 < float(peak.max()) < 1.5


def test_only_the_amplitude_changes():
    x = torch.randn(3, 50)
    y = RandAmp()(x)
    torch.testing.assert_close(y / y.abs().amax(1, True), x / x.abs().amax(1, True))


def test_padding_does_not_count():
    assert RandAmp(1.0, 1.0)(torch.tensor([[0.5, 7.0]]), torch.tensor([0.5])).tolist() == [[1.0, 0.0]]
