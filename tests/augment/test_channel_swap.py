"""Channels that change places."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import ChannelSwap

X = torch.arange(6.0).expand(300, 4, 6)


@pytest.mark.parametrize("count", [0, 2, 3, 6])
def test_so_many_channels_move_and_none_is_lost(count):
    y = ChannelSwap(count, count)(X)
    assert torch.equal(y.sort(2).values, X)
    assert ((y != X).sum(2) == count).all()


def test_the_number_is_drawn_for_each_item():
    moved = (ChannelSwap(0, 3)(X) != X).sum(2)[:, 0]
    assert moved.unique().tolist() == [0, 2, 3]  # one channel alone has nowhere to go


def test_every_channel_moves_as_often():
    share = (ChannelSwap(2, 2)(X) != X)[:, 0].float().mean(0)
    assert float((share - 1 / 3).abs().max()) < 0.14  # 5 deviations of sqrt(2 / 9 / 300)


def test_more_channels_than_there_are_are_refused():
    with pytest.raises(ArgumentError, match="at most 6, the channels, got 7"):
        ChannelSwap(0, 7)(X)
    with pytest.raises(ArgumentError, match="min_swap <= max_swap"):
        ChannelSwap(2, 1)
