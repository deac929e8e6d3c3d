import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.inference.overlapping_chunks import through_chunks


def noise(n_samples, seed=0):
    return torch.randn(n_samples, generator=torch.Generator().manual_seed(seed))


def joined(blocks, function, size, overlap):
    return torch.cat(list(through_chunks(blocks, function, size=size, overlap=overlap)), dim=1)


@pytest.mark.parametrize("n_samples", [1, 99, 100, 101, 175, 176, 1000])
@pytest.mark.parametrize("block", [7, 100, 1000])
@pytest.mark.parametrize("overlap", [0, 25])
def test_what_each_sample_becomes_does_not_depend_on_the_chunks(n_samples, block, overlap):
    samples, sizes = noise(n_samples), []

    def double(chunk):
        sizes.append(len(chunk))
        return 2 * chunk[None]

    found = joined(samples.split(block), double, 100, overlap)
    torch.testing.assert_close(found, 2 * samples[None])
    assert max(sizes) <= 100
    assert len(sizes) == 1 or min(sizes) > overlap


def test_sources_keep_their_place_when_the_model_swaps_them():
    mixture, calls = noise(1000), []

    def separate(chunk):
        calls.append(len(chunk))
        sources = torch.stack((chunk.clamp(min=0), chunk.clamp(max=0), 0.1 * chunk))
        return sources.roll(len(calls), dims=0)

    found = joined([mixture], separate, 100, 20)
    first = torch.stack((mixture.clamp(min=0), mixture.clamp(max=0), 0.1 * mixture)).roll(1, dims=0)
    torch.testing.assert_close(found, first)
    assert len(calls) > 10


def test_results_fade_into_one_another():
    heights = iter([0.0, 1.0])
    found = joined([torch.zeros(15)], lambda chunk: torch.full((1, len(chunk)), next(heights)), 10, 4)
    expected = torch.tensor([[0.0] * 6 + [0.2, 0.4, 0.6, 0.8] + [1.0] * 5])
    torch.testing.assert_close(found, expected)


def test_results_come_before_the_recording_ends():
    def blocks():
        yield torch.zeros(120)
        raise RuntimeError("not yet")

    assert next(through_chunks(blocks(), lambda chunk: chunk[None], size=100, overlap=10)).shape == (1, 90)


def test_nothing_gives_nothing():
    assert list(through_chunks([], lambda chunk: chunk[None], size=10, overlap=2)) == []


def test_an_overlap_as_long_as_the_chunk_is_refused():
    with pytest.raises(ArgumentError, match="overlap must be at least 0 and below size=10, got 10"):
        list(through_chunks([], lambda chunk: chunk[None], size=10, overlap=10))
