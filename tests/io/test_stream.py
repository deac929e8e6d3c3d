import io
import tracemalloc

import pytest
import torch

from sonovox._internal.errors import ArgumentError, AudioNotFoundError, NonFiniteAudioError, ShortAudioError
from sonovox.io import load, save, stream


@pytest.mark.parametrize(
    ("format", "block_seconds"), [("wav", 0.1), ("wav", 100.0), ("flac", 7.77), ("ogg", 1.0), ("mp3", 1.0)]
)
def test_joined_blocks_are_the_file(wave, encoded, format, block_seconds):
    data = encoded(wave(2, 300_000), format=format)
    blocks = list(stream(io.BytesIO(data), block_seconds))
    assert {block.shape[1] for block in blocks[:-1]} <= {round(16000 * block_seconds)}
    assert torch.equal(torch.cat(blocks, dim=1), load(io.BytesIO(data))[0])


@pytest.mark.parametrize(
    ("orig", "new"), [(44100, 16000), (48000, 16000), (8000, 16000), (22050, 16000), (16000, 44100)]
)
def test_joined_resampled_blocks_are_the_resampled_file(wave, encoded, orig, new):
    data = encoded(wave(2, 600_001), orig, format="wav")
    expected, _ = load(io.BytesIO(data), sample_rate=new, mono=True)
    blocks = list(stream(io.BytesIO(data), 3.0, sample_rate=new, mono=True))
    assert blocks[0].shape == (1, 3 * new)
    torch.testing.assert_close(torch.cat(blocks, dim=1), expected, rtol=0, atol=1e-6)


def test_a_resampled_file_shorter_than_one_stretch_is_exact(wave, encoded):
    data = encoded(wave(1, 1001), 44100, format="wav")
    (block,) = stream(io.BytesIO(data), sample_rate=16000)
    assert torch.equal(block, load(io.BytesIO(data), sample_rate=16000)[0])


def test_overlapping_blocks_share_their_ends(wave, encoded):
    data = encoded(wave(1, 50_000), format="wav")
    whole, blocks = load(io.BytesIO(data))[0], list(stream(io.BytesIO(data), 1.0, overlap_seconds=0.25))
    for index, block in enumerate(blocks):
        assert torch.equal(block, whole[:, index * 12000 : index * 12000 + 16000])
    assert index * 12000 + blocks[-1].shape[1] == 50_000
    assert blocks[-1].shape[1] > 4000  # more than what the block before it had


def test_no_block_consists_of_overlap_alone(wave, encoded):
    data = encoded(wave(1, 28_000), format="wav")
    assert [block.shape[1] for block in stream(io.BytesIO(data), 1.0, overlap_seconds=0.25)] == [16000, 16000]


def test_a_range_is_the_range_of_load(wave, encoded):
    data = encoded(wave(2, 50_000), format="wav")
    got = torch.cat(list(stream(io.BytesIO(data), 0.5, frame_offset=1234, num_frames=20_000)), dim=1)
    assert torch.equal(got, load(io.BytesIO(data), 1234, 20_000)[0])


def test_an_empty_file_has_no_blocks(encoded):
    assert list(stream(io.BytesIO(encoded(torch.zeros(1, 0), format="wav")))) == []


def test_memory_is_bounded(wave, tmp_path):
    path = tmp_path / "long.wav"
    save(path, wave(2, 3_000_000), 48000)  # 24 MB
    tracemalloc.start()
    frames = sum(block.shape[1] for block in stream(path, 5.0, sample_rate=16000, mono=True))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert frames == 1_000_000
    assert peak < 10e6


def test_a_cut_file_raises_after_the_blocks_that_are_there(wave, encoded):
    data = encoded(wave(1, 50_000), format="wav")
    blocks, reader = [], stream(io.BytesIO(data[:150_000]), 1.0)
    with pytest.raises(ShortAudioError, match="of 50000 samples"):
        blocks.extend(reader)
    assert len(blocks) == 2


def test_nan_is_found_with_its_time(encoded):
    samples = torch.zeros(1, 50_000)
    samples[0, 40_000] = torch.nan
    with pytest.raises(NonFiniteAudioError, match=r"first at 2\.500 s"):
        list(stream(io.BytesIO(encoded(samples, format="wav")), 1.0, check=True))


@pytest.mark.parametrize(("block", "overlap"), [(1.0, 1.0), (1.0, -0.1), (0.0, 0.0), (-1.0, 0.0)])
def test_impossible_blocks_are_refused_at_the_call(block, overlap):
    with pytest.raises(ArgumentError, match="must be"):
        stream("never opened", block, overlap_seconds=overlap)


def test_a_block_below_one_sample_is_refused(wave, encoded):
    with pytest.raises(ArgumentError, match="has 0 samples at 16000 Hz"):
        next(stream(io.BytesIO(encoded(wave(), format="wav")), 1e-6))


def test_a_missing_file_is_said_with_the_first_block():
    blocks = stream("missing.wav")
    with pytest.raises(AudioNotFoundError):
        next(blocks)


def test_the_file_is_closed_when_the_reader_stops_early(wave, tmp_path):
    path = tmp_path / "a.wav"
    save(path, wave(1, 100_000), 16000)
    blocks = stream(path, 1.0)
    next(blocks)
    blocks.close()
    with pytest.raises(StopIteration):
        next(blocks)
