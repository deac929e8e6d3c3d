"""Clipping."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import DoClip


def test_each_item_is_limited_at_its_own_share_of_its_peak():
    x = torch.randn(300, 200)
    y = DoClip(0.2, 0.8)(x)
    share = y.abs().amax(1) / x.abs().amax(1)
    assert 0.2 <= float(share.min()) < 0.22
    assert 0.78 < float(share.max()) <= 0.8
    limit = y.abs().amax(1, True)
    torch.testing.assert_close(y, x.clamp(-limit, limit))


def test_a_range_below_zero_is_refused():
    with pytest.raises(ArgumentError, match="clip_low"):
        DoClip(-0.5, 0.5)
