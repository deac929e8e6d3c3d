"""Chunks of time that fall silent."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import DropChunk


def runs(y):
    """`(start, end)` of the zeros of each item."""
    edges = torch.nn.functional.pad((y == 0).int(), (1, 1)).diff(dim=1)
    return [
        list(zip((e == 1).nonzero().flatten().tolist(), (e == -1).nonzero().flatten().tolist(), strict=True))
        for e in edges
    ]


def test_number_length_and_place_are_within_their_ranges():
    y = DropChunk(20, 30, 1, 3, drop_start=100, drop_end=900)(torch.ones(400, 1000))
    found = runs(y)
    assert {len(chunks) for chunks in found} == {1, 2, 3}
    alone = [end - start for chunks in found if len(chunks) == 3 for start, end in chunks]  # none overlaps
    assert set(alone) == set(range(20, 31))
    starts, ends = zip(*(chunk for chunks in found for chunk in chunks), strict=True)
    assert 100 <= min(starts) < 110
    assert 890 < max(ends) <= 900


def test_places_may_be_told_from_each_items_end():
    y = DropChunk(2, 2, 1, 1, drop_start=-5, drop_end=-3)(torch.ones(2, 20), torch.tensor([1.0, 0.5]))
    assert runs(y) == [[(15, 17)], [(5, 7), (10, 20)]]


def test_a_chunk_that_is_too_long_takes_all():
    assert not DropChunk(100, 1000)(torch.ones(3, 50)).any()


def test_all_channels_fall_silent_together():
    y = DropChunk(5, 5, 1, 1)(torch.ones(3, 50, 2))
    assert torch.equal(y[..., 0], y[..., 1])


def test_noise_has_its_share_of_the_items_mean_amplitude():
    x = torch.full((4, 100_000), 0.3) * torch.tensor([[1.0], [-1.0], [2.0], [0.5]])
    y = DropChunk(100_000, 100_000, 1, 1, noise_factor=0.5)(x)
    # The mean of so many absolute values has a deviation of 0.2 %.
    torch.testing.assert_close(y.abs().mean(1), 0.5 * x.abs().mean(1), rtol=0.01, atol=0)
    assert abs(float(y.mean())) < 0.005


def test_outside_of_chunks_nothing_changes():
    x = torch.randn(3, 500)
    y = DropChunk(10, 20, noise_factor=1.0)(x)
    changed = (y != x).sum(1)
    assert (changed >= 10).all()
    assert (changed <= 60).all()


@pytest.mark.parametrize(
    "arguments", [{"drop_length_low": 2000}, {"drop_count_low": -1}, {"drop_start": 5, "drop_end": 2}]
)
def test_empty_ranges_are_refused(arguments):
    with pytest.raises(ArgumentError, match="was expected"):
        DropChunk(**arguments)


@pytest.mark.peers
def test_with_nothing_left_to_draw_it_is_speechbrains():
    peer = pytest.importorskip("speechbrain.augment.time_domain", reason="needs speechbrain", exc_type=ImportError)
    arguments = {"drop_length_low": 6, "drop_length_high": 6, "drop_start": 3, "drop_end": 9}
    x, lengths = torch.randn(3, 20), torch.ones(3)
    assert torch.equal(DropChunk(**arguments)(x, lengths), peer.DropChunk(**arguments)(x.clone(), lengths))
