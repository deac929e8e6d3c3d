"""Waveforms put together from pieces of others."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import CutCat


def test_pieces_come_from_the_items_before_in_turn():
    x = torch.arange(4.0).unsqueeze(1) * 100 + torch.arange(12)
    y = CutCat(3, 3)(x)
    expected = torch.cat((x[:, :4], x.roll(1, 0)[:, 4:8], x.roll(2, 0)[:, 8:]), 1)
    assert torch.equal(y, expected)


def test_the_number_of_pieces_is_drawn_for_each_item():
    x = torch.arange(200.0).unsqueeze(1).expand(200, 60)
    pieces = (CutCat(2, 5)(x).diff(dim=1) != 0).sum(1) + 1
    assert pieces.unique().tolist() == [2, 3, 4, 5]


def test_less_than_one_piece_is_refused():
    with pytest.raises(ArgumentError, match="1 <= min_num_segments"):
        CutCat(0, 3)
    with pytest.raises(ArgumentError, match="batch, time"):
        CutCat()(torch.ones(5))
