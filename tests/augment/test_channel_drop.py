"""Channels that fall silent."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import ChannelDrop


def test_whole_channels_are_dropped_of_each_item_on_its_own():
    y = ChannelDrop(0.25)(torch.ones(500, 5, 8))
    assert torch.equal(y.amin(1), y.amax(1))
    dropped = y[:, 0] == 0
    assert abs(float(dropped.float().mean()) - 0.25) < 0.035  # 5 deviations of sqrt(0.25 * 0.75 / 4000)
    assert len(dropped.unique(dim=0)) > 50


def test_channels_are_needed():
    with pytest.raises(ArgumentError, match=r"unsqueeze\(-1\)"):
        ChannelDrop()(torch.ones(2, 5))


def test_a_probability_is_needed():
    with pytest.raises(ArgumentError, match="drop_rate must be 0 to 1"):
        ChannelDrop(1.5)
