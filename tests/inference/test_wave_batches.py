import math

import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError, UnsupportedAudioError
from sonovox.inference.wave_batches import places_by_length, recording_pieces, wave_batch

CPU = torch.device("cpu")


def test_one_item_without_lengths_is_a_full_batch_of_one():
    wavs, lengths = wave_batch(torch.ones(5, dtype=torch.float64), None, CPU)
    assert (wavs.shape, wavs.dtype, lengths.tolist()) == ((1, 5), torch.float32, [1.0])


@pytest.mark.parametrize("shape", [(2, 1, 5), (0, 5), (2, 0), ()])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ArgumentError, match=r"wavs must be \(batch, time\) with at least one sample"):
        wave_batch(torch.zeros(shape), None, CPU)


@pytest.mark.parametrize("lengths", [[1.0], [1.0, 0.0], [1.0, 1.5], [1.0, math.nan], [5, 5]])
def test_lengths_that_are_none_are_refused(lengths):
    with pytest.raises(ArgumentError, match=r"wav_lens must be 2 shares of the longest item, in \(0, 1\]"):
        wave_batch(torch.zeros(2, 5), torch.tensor(lengths), CPU)


def test_nan_is_refused():
    with pytest.raises(NonFiniteAudioError, match="NaN or infinity"):
        wave_batch(torch.tensor([0.0, math.nan]), None, CPU)


def test_items_of_one_length_are_together():
    assert places_by_length([torch.zeros(n) for n in (3, 2, 3, 1)]) == [[0, 2], [1], [3]]
    assert places_by_length([]) == []


def test_a_recording_up_to_a_minute_is_one_piece_and_a_longer_one_loses_nothing(tmp_path):
    samples = torch.rand(2, 150 * 1000, generator=torch.Generator().manual_seed(0)) - 0.5
    sonovox.save(tmp_path / "long.wav", samples, 1000)
    pieces = list(recording_pieces(tmp_path / "long.wav", 1000))
    assert torch.equal(torch.cat(pieces), sonovox.load(tmp_path / "long.wav")[0].mean(0))
    assert all(20_000 <= len(piece) <= 60_000 for piece in pieces[:-1])
    sonovox.save(tmp_path / "minute.wav", samples[:, :60_000], 1000)
    assert [len(piece) for piece in recording_pieces(tmp_path / "minute.wav", 1000)] == [60_000]


def test_the_shortest_recordings_are_filled_up_and_empty_ones_refused(tmp_path):
    sonovox.save(tmp_path / "short.wav", torch.ones(1, 3), 8000)
    (piece,) = recording_pieces(tmp_path / "short.wav", 8000)
    assert (len(piece), piece.sum().item()) == (800, 3.0)
    sonovox.save(tmp_path / "empty.wav", torch.ones(1, 0), 8000)
    with pytest.raises(UnsupportedAudioError, match=r"empty\.wav holds no samples"):
        list(recording_pieces(tmp_path / "empty.wav", 8000))
