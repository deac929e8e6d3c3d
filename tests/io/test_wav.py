import io
import struct

import numpy as np
import pytest
import soundfile
import torch

from sonovox.io import load
from sonovox.io.source import open_source
from sonovox.io.wav import WavReader, parse_wav

SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]


def layout_of(data: bytes):
    with open_source(io.BytesIO(data)) as source:
        return parse_wav(source)


def by_soundfile(data: bytes, container: str = "WAV") -> torch.Tensor:
    samples, _ = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return torch.from_numpy(samples).T


def written(wave: torch.Tensor, subtype: str, container: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, wave.T.numpy(), 16000, subtype=subtype, format=container)
    return file.getvalue()


def plain(samples: bytes, *, data_size: int | None = None, riff_size: int | None = None, before: bytes = b"") -> bytes:
    """A mono 16-bit wav, with other sizes in its header and other chunks before its samples."""
    fmt = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16)
    size = len(samples) if data_size is None else data_size
    body = b"WAVE" + fmt + before + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", len(body) + len(samples) if riff_size is None else riff_size) + body + samples


@pytest.mark.parametrize("channels", [1, 2, 8])
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_samples_equal_soundfiles_exactly(wave, subtype, container, channels):
    data = written(wave(channels, 70001), subtype, container)
    assert layout_of(data) is not None
    got, rate = load(io.BytesIO(data))
    assert rate == 16000
    assert torch.equal(got, by_soundfile(data))


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_partial_reads_equal_the_slice(wave, subtype):
    data = written(wave(2, 9000), subtype)
    whole = by_soundfile(data)
    for start, count in ((0, 1), (1, 100), (4321, 4000), (8999, 1), (9000, 5), (8000, 5000)):
        assert torch.equal(load(io.BytesIO(data), start, count)[0], whole[:, start : start + count])


def test_chunks_before_the_samples_are_passed_over():
    samples = np.arange(100, dtype="<i2").tobytes()
    before = b"LIST" + struct.pack("<I", 5) + b"INFO!\0" + b"JUNK" + struct.pack("<I", 9000) + bytes(9000)
    data = plain(samples, before=before)
    assert layout_of(data).offset == len(data) - 200
    assert torch.equal(load(io.BytesIO(data))[0], by_soundfile(data))


def test_chunks_behind_the_samples_are_no_samples():
    data = plain(np.arange(100, dtype="<i2").tobytes()) + b"LIST" + struct.pack("<I", 4) + b"INFO"
    assert layout_of(data).frames == 100


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF, 0x80000000])
def test_a_size_that_a_pipe_left_behind_means_until_the_end(size):
    assert load(io.BytesIO(plain(bytes(2000), data_size=size, riff_size=0xFFFFFFFF)))[0].shape == (1, 1000)


@pytest.mark.parametrize("riff_size", [0, 36, 0xFFFFFFFF])
def test_a_size_of_zero_that_was_never_filled_in_means_until_the_end(riff_size):
    assert load(io.BytesIO(plain(bytes(2000), data_size=0, riff_size=riff_size)))[0].shape == (1, 1000)


def test_a_size_of_zero_before_other_chunks_means_no_samples():
    data = plain(b"LIST" + struct.pack("<I", 4) + b"INFO", data_size=0)
    assert load(io.BytesIO(data))[0].shape == (1, 0)


def test_what_the_header_promises_is_known():
    layout = layout_of(plain(bytes(1001), data_size=4000))
    assert (layout.frames, layout.promised) == (500, 2000)


def test_rf64_takes_its_size_from_the_ds64_chunk(wave):
    data = written(wave(2, 1000), "PCM_16", "RF64")
    layout = layout_of(data[:-1000])
    assert (layout.frames, layout.promised) == (750, 1000)


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW", "IMA_ADPCM"])
def test_compressed_samples_are_left_to_libsndfile(wave, subtype):
    data = written(wave(1, 4000), subtype)
    assert layout_of(data) is None
    assert torch.equal(load(io.BytesIO(data))[0], by_soundfile(data))


@pytest.mark.parametrize(
    ("position", "value"),
    [
        (0, b"RIFX"),
        (8, b"AVI "),
        (16, struct.pack("<I", 17)),  # size of the format chunk
        (20, struct.pack("<H", 7)),  # format tag
        (22, struct.pack("<H", 0)),  # channels
        (24, struct.pack("<I", 0)),  # sample rate
        (32, struct.pack("<H", 4)),  # block align
        (34, struct.pack("<H", 12)),  # bits
        (36, b"\xff\xfeta"),
    ],
)
def test_what_is_unusual_is_left_to_libsndfile(position, value):
    data = bytearray(plain(bytes(200)))
    data[position : position + len(value)] = value
    assert layout_of(bytes(data)) is None


def test_a_header_without_end_is_given_up():
    assert layout_of(plain(bytes(200), before=(b"JUNK" + bytes(4)) * 5000)) is None


@pytest.mark.parametrize(("subtype", "is_raw"), [("FLOAT", True), ("PCM_16", True), ("PCM_24", False)])
def test_a_mono_file_can_be_read_as_it_lies_there(wave, subtype, is_raw):
    data = written(wave(1, 5000), subtype)
    with open_source(io.BytesIO(data)) as source:
        reader = WavReader(source, layout_of(data))
        assert reader.is_raw == is_raw
        if is_raw:
            out = np.empty(6000, reader.dtype)
            assert reader.read_into(out, 1000) == 4000
            assert np.array_equal(
                out[:4000], np.concatenate([block.copy() for block in reader.blocks(1000, None)])[:, 0]
            )


def test_a_file_like_object_may_lack_readinto_and_give_little_at_a_time(wave):
    class Slow:
        def __init__(self, data):
            self.data, self.at = data, 0

        def seekable(self):
            return True

        def seek(self, offset, whence=0):
            self.at = offset + (len(self.data) if whence == 2 else 0)
            return self.at

        def read(self, count=-1):
            piece = self.data[self.at : self.at + min(count, 4096)]
            self.at += len(piece)
            return piece

    data = written(wave(2, 50_000), "PCM_16")
    assert torch.equal(load(Slow(data))[0], by_soundfile(data))
