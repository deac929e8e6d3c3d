"""Shifts."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import RandomShift


def test_each_item_is_rolled_by_its_own_distance():
    x = torch.arange(20.0).expand(300, 20)
    y, lengths = RandomShift(-2, 3)(x, torch.full((300,), 0.5))
    distance = (-y[:, 0].long() + 10) % 20 - 10
    assert distance.unique().tolist() == [-2, -1, 0, 1, 2, 3]
    for item in range(300):
        assert torch.equal(y[item], x[item].roll(int(distance[item])))
    torch.testing.assert_close(lengths, 0.5 + distance / 20)


def test_shifts_in_frequency_leave_lengths_alone():
    x = torch.randn(2, 5, 7)
    y, lengths = RandomShift(2, 2, dim=2)(x, torch.tensor([0.5, 1.0]))
    assert torch.equal(y, x.roll(2, 2))
    assert lengths.tolist() == [0.5, 1.0]


def test_lengths_stay_shares():
    _, lengths = RandomShift(3, 3)(torch.ones(2, 10), torch.tensor([0.9, 0.1]))
    assert lengths.tolist() == pytest.approx([1.0, 0.4])
    assert RandomShift(1, 1)(torch.ones(2, 10))[1] is None


def test_a_dimension_that_is_not_there_is_refused():
    with pytest.raises(ArgumentError, match="dimension 2"):
        RandomShift(dim=2)(torch.ones(2, 10))
    with pytest.raises(ArgumentError, match="dim of 1 or 2"):
        RandomShift(dim=0)
