"""Files that are written block by block, against `save` of the whole."""

import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError, UnsupportedAudioError, WriteError
from sonovox.io.block_writer import BlockWriter, block_writer


def noise(channels, n_samples):
    return 0.5 * torch.randn(channels, n_samples, generator=torch.Generator().manual_seed(0)).clamp(-2, 2)


@pytest.mark.parametrize(("suffix", "bits"), [("wav", 16), ("wav", 24), ("flac", 16), ("wav", None), ("rf64", None)])
@pytest.mark.parametrize("block", [1000, 7, 1 << 20])
def test_the_file_is_that_of_save(tmp_path, suffix, bits, block):
    samples = noise(2, 3000 if block == 7 else 30000)
    with block_writer(tmp_path / f"a.{suffix}", 16000, 2, bits_per_sample=bits) as writer:
        assert isinstance(writer, BlockWriter)
        for part in samples.split(block, dim=1):
            writer.write(part)
    sonovox.save(tmp_path / f"b.{suffix}", samples, 16000, bits_per_sample=bits)
    (found, rate), (expected, _) = sonovox.load(tmp_path / f"a.{suffix}"), sonovox.load(tmp_path / f"b.{suffix}")
    assert torch.equal(found, expected)
    assert (rate, writer.peak, writer.clipped) == (16000, float(samples.abs().max()), 0)


def test_what_is_beyond_full_scale_is_counted_and_limited(tmp_path):
    with block_writer(tmp_path / "a.wav", 8000, bits_per_sample=16) as writer:
        writer.write(torch.tensor([0.0, 1.5, -3.0]))
        writer.write(torch.tensor([0.5, 1.25]))
    assert (writer.peak, writer.clipped) == (3.0, 3)
    assert sonovox.load(tmp_path / "a.wav")[0].abs().max() <= 1
    with block_writer(tmp_path / "b.wav", 8000) as writer:
        writer.write(torch.tensor([0.0, 1.5]))
    assert writer.clipped == 0
    assert sonovox.load(tmp_path / "b.wav")[0][0, 1] == 1.5


def test_after_a_failure_what_stood_there_stands(tmp_path):
    sonovox.save(tmp_path / "a.wav", noise(1, 100), 8000)
    before = (tmp_path / "a.wav").read_bytes()
    with pytest.raises(NonFiniteAudioError, match=r"a\.wav"), block_writer(tmp_path / "a.wav", 8000) as writer:
        writer.write(torch.tensor([0.0, torch.nan]))
    assert (tmp_path / "a.wav").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_what_cannot_be_is_told(tmp_path):
    with (
        pytest.raises(ArgumentError, match=r"must be \(2, time\), got \(1, 5\)"),
        block_writer(tmp_path / "a.wav", 8000, 2) as writer,
    ):
        writer.write(torch.zeros(1, 5))
    with pytest.raises(ArgumentError, match="sample_rate"), block_writer(tmp_path / "a.wav", 0):
        pass
    with pytest.raises(UnsupportedAudioError), block_writer(tmp_path / "a.xyz", 8000):
        pass
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(WriteError, match="it is a folder"), block_writer(tmp_path / "folder.wav", 8000):
        pass
