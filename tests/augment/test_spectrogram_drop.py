"""Masked stretches of spectrograms."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.augment import SpectrogramDrop

X = torch.rand(200, 60, 8, generator=torch.Generator().manual_seed(0)) + 1.0


@pytest.mark.parametrize("dim", [1, 2])
def test_number_and_lengths_are_within_their_ranges(dim):
    x = torch.ones(400, 300, 300)[..., :1] if dim == 1 else torch.ones(400, 1, 300)
    y = SpectrogramDrop(5, 9, 1, 2, dim=dim)(x).flatten(1)
    edges = torch.nn.functional.pad((y == 0).int(), (1, 1)).diff(dim=1)
    runs = (edges == 1).sum(1)
    assert runs.unique().tolist() == [1, 2]
    dropped = (y == 0).sum(1)
    assert int(dropped.min()) >= 5
    assert int(dropped.max()) <= 18
    starts = (edges == 1).nonzero()[:, 1]
    assert int(starts.min()) < 10
    assert int((edges == -1).nonzero()[:, 1].max()) > 290


def changed(drop):
    y = drop(X)
    return y, (y != X).any(2)


def test_the_mean_is_that_of_the_item():
    y, mask = changed(SpectrogramDrop(5, 5, 1, 1, "mean"))
    torch.testing.assert_close(y[mask], X.mean((1, 2)).reshape(200, 1, 1).expand_as(X)[mask])


def test_the_mean_does_not_overflow_in_half_precision():
    x = torch.full((2, 1000, 80), 30.0, dtype=torch.float16)
    assert torch.equal(SpectrogramDrop(replace="mean")(x), x)


def test_random_values_lie_between_the_smallest_and_the_largest_of_the_item():
    x = X * torch.linspace(1, 5, 200).reshape(200, 1, 1)
    y = SpectrogramDrop(20, 20, 1, 1, "rand")(x)
    assert (y >= x.amin((1, 2), keepdim=True)).all()
    assert (y <= x.amax((1, 2), keepdim=True)).all()
    assert (y != x).any(2).sum(1).tolist() == [20] * 200


def test_other_items_are_those_before():
    y, mask = changed(SpectrogramDrop(5, 5, 1, 1, "cutcat"))
    assert torch.equal(y[mask], X.roll(1, 0)[mask])


def test_other_places_are_of_the_item_itself():
    y, mask = changed(SpectrogramDrop(5, 5, 1, 1, "swap"))
    for item in range(200):
        matches = (y[item][mask[item]].unsqueeze(1) == X[item]).all(2)
        assert matches.sum(1).tolist() == [1] * 5
        places = matches.int().argmax(1)
        assert set((places.diff() % 60).tolist()) == {1}


def test_a_random_selection_has_all_of_them():
    y = SpectrogramDrop(5, 5, 1, 1, "random_selection")(X)
    mask = (y != X).any(2)
    kinds = set()
    for item in range(200):
        values = y[item][mask[item]]
        kinds.add("zeros" if not values.any() else "mean" if values.unique().numel() == 1 else "others")
    assert kinds == {"zeros", "mean", "others"}


def test_nothing_is_dropped_in_padding():
    y = SpectrogramDrop(5, 15, 3, 3)(X, torch.full((200,), 0.5))
    assert torch.equal(y[:, 30:], X[:, 30:])
    assert (y[:, :30] == 0).all(2).any(1).all()
    loud = X.clone()
    loud[:, 30:] = 1000.0
    assert float(SpectrogramDrop(replace="mean")(loud, torch.full((200,), 0.5))[:, :30].max()) <= 2.0


def test_unusable_arguments_are_refused():
    with pytest.raises(ChoiceError, match="did you mean zeros"):
        SpectrogramDrop(replace="zeroes")
    with pytest.raises(ArgumentError, match="dim must be 1 for time"):
        SpectrogramDrop(dim=0)
    with pytest.raises(ArgumentError, match=r"\(batch, time, features\)"):
        SpectrogramDrop()(torch.ones(3, 5))
    with pytest.raises(ArgumentError, match="drop_length"):
        SpectrogramDrop(20, 10)
