"""Polarity."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import SignFlip


def test_items_are_flipped_with_the_probability():
    x = torch.randn(2000, 2).abs() + 0.1
    y = SignFlip(0.3)(x)
    flipped = y[:, 0] < 0
    assert abs(float(flipped.float().mean()) - 0.3) < 0.05  # 5 deviations of sqrt(0.3 * 0.7 / 2000)
    assert torch.equal(y[flipped], -x[flipped])
    assert torch.equal(y[~flipped], x[~flipped])


def test_integers_and_any_shape_pass():
    assert SignFlip(1.0)(torch.tensor([1, 2])).tolist() == [-1, -2]
    assert torch.equal(SignFlip(0.0)(torch.ones(2, 3, 4, 5)), torch.ones(2, 3, 4, 5))


def test_a_probability_is_needed():
    with pytest.raises(ArgumentError, match="flip_prob must be 0 to 1, got 2"):
        SignFlip(2)
