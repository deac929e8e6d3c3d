"""Warped spectrograms."""

import pytest
import torch
import torch.nn.functional as F

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.augment import ItemRandom, Warping

X = torch.randn(40, 50, 12, generator=torch.Generator().manual_seed(0))
SEEDS = torch.arange(40)


def piecewise(x, point, moved, mode):
    """Both sides by torch's own interpolation, for one item `(time, features)`."""
    sides = ((x[:point], moved), (x[point:], len(x) - moved))
    made = [
        F.interpolate(part[None, None], (size, x.shape[1]), mode=mode, align_corners=True)[0, 0] for part, size in sides
    ]
    return torch.cat(made)


@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
@pytest.mark.parametrize("dim", [1, 2])
def test_both_sides_are_interpolated_as_torch_does(mode, dim):
    x = X if dim == 1 else X.mT
    y = Warping(5, mode, dim)(x, seeds=SEEDS)
    random = ItemRandom(SEEDS, 40)
    point = random.integers(5, 50 - 6)
    moved = point + random.integers(-4, 4)
    expected = torch.stack([piecewise(*item, mode) for item in zip(X, point.tolist(), moved.tolist(), strict=True)])
    # Positions between steps are float32, up to 50: 2e-6 of a step, times slopes of some units.
    torch.testing.assert_close(y if dim == 1 else y.mT, expected, atol=3e-5, rtol=1e-5)
    assert len((moved - point).unique()) > 5


def test_padding_and_short_items_stay_as_they_are():
    lengths = torch.full((40,), 0.5)
    lengths[3] = 0.2  # 10 steps
    y = Warping(5)(X, lengths, seeds=SEEDS)
    assert torch.equal(y[:, 25:], X[:, 25:])
    assert torch.equal(y[3], X[3])
    torch.testing.assert_close(y[:, 0], X[:, 0])
    torch.testing.assert_close(y[:, 24], X[:, 24])
    torch.testing.assert_close(Warping(5)(X[:, :25], seeds=SEEDS)[:3], y[:3, :25])


def test_unusable_arguments_are_refused():
    with pytest.raises(ChoiceError, match="did you mean bicubic"):
        Warping(warp_mode="cubic")
    with pytest.raises(ArgumentError, match="warp_window must be at least 1"):
        Warping(0)
    with pytest.raises(ArgumentError, match=r"\(batch, time, features\)"):
        Warping()(torch.ones(3, 5))
