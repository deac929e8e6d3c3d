import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.inference.pauses import cut_at_pauses

RATE = 1000


def noise(seconds, *pauses):
    """Noise with 0.8 s of silence from each of `pauses` on."""
    samples = torch.rand(round(seconds * RATE), generator=torch.Generator().manual_seed(0)) - 0.5
    for start in pauses:
        samples[round(start * RATE) : round((start + 0.8) * RATE)] = 0.0
    return samples


def seconds(pieces):
    return [len(piece) / RATE for piece in pieces]


@pytest.mark.parametrize("block", [50, 1000, 100_000])
def test_joined_the_pieces_are_the_recording(block):
    samples = noise(143.2, 22.0, 100.0)
    pieces = list(cut_at_pauses(samples.split(block), RATE))
    assert torch.equal(torch.cat(pieces), samples)
    assert all(20.0 <= length <= 40.0 for length in seconds(pieces)[:-1])


def test_the_cut_is_in_the_pause():
    cuts = torch.tensor(seconds(cut_at_pauses([noise(100.0, 31.0, 55.5, 80.0)], RATE))).cumsum(0)[:-1]
    assert all(start < cut < start + 0.8 for cut, start in zip(cuts.tolist(), [31.0, 55.5, 80.0], strict=True))


def test_there_are_few_lengths():
    lengths = seconds(cut_at_pauses(noise(1000.0).split(999), RATE))
    assert len(lengths) > 25
    assert all((2 * length).is_integer() for length in lengths[:-1])


def test_blocks_do_not_matter():
    samples = noise(130.0, 25.0, 47.0, 90.0)
    whole = seconds(cut_at_pauses([samples], RATE))
    assert seconds(cut_at_pauses(samples.split(777), RATE)) == whole


def test_what_is_not_too_long_stays_whole():
    assert seconds(cut_at_pauses([noise(40.0, 30.0)], RATE)) == [40.0]
    assert list(cut_at_pauses([], RATE)) == []


def test_limits_in_the_wrong_order_are_refused():
    with pytest.raises(ArgumentError, match="shortest must be between 0 and longest=10, got 20"):
        list(cut_at_pauses([noise(1.0)], RATE, shortest=20, longest=10))


def test_a_recording_up_to_a_limit_stays_whole_and_longer_ones_are_cut_finely():
    limits = {"shortest": 8.0, "longest": 20.0, "whole": 40.0}
    assert seconds(cut_at_pauses([noise(40.0, 30.0)], RATE, **limits)) == [40.0]
    lengths = seconds(cut_at_pauses(noise(41.0, 12.0, 26.0).split(700), RATE, **limits))
    assert max(lengths) <= 20.0
    assert sum(lengths) == pytest.approx(41.0)
    assert 12.0 < lengths[0] < 12.8
    with pytest.raises(ArgumentError, match=r"whole must be at least longest=40\.0, got 30"):
        list(cut_at_pauses([noise(1.0)], RATE, whole=30))
