import io

import numpy as np
import pytest
import soundfile
import torch

from sonovox._internal.errors import (
    AudioError,
    CorruptAudioError,
    ShortAudioError,
    ShortAudioWarning,
    UnsupportedAudioError,
)
from sonovox.io import info, load
from sonovox.io.sndfile import SndfileReader
from sonovox.io.source import open_source

LOSSLESS = ["flac", "aiff", "au", "caf", "w64", "sph"]
UNKNOWN = 0


def with_flac_length(data: bytes, frames: int) -> bytes:
    """The flac with another number of samples in its STREAMINFO, a field of 36 bits."""
    field = int.from_bytes(data[18:26], "big") >> 36 << 36 | frames
    return data[:18] + field.to_bytes(8, "big") + data[26:]


@pytest.fixture
def flac(wave, encoded):
    return encoded(wave(2, 100_000), format="flac")


@pytest.mark.parametrize("suffix", [*LOSSLESS, "ogg", "opus"])
def test_samples_equal_soundfiles(wave, encoded, tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(encoded(wave(2, 150_000), format=suffix))
    expected = torch.from_numpy(soundfile.read(path, dtype="float32", always_2d=True)[0]).T
    assert torch.equal(load(path)[0], expected)
    with path.open("rb") as file:
        assert torch.equal(load(file)[0], expected)


@pytest.mark.parametrize("suffix", [*LOSSLESS, "ogg", "opus"])
def test_partial_reads_equal_the_slice(wave, encoded, suffix):
    data = encoded(wave(2, 100_000), format=suffix)
    whole = load(io.BytesIO(data))[0]
    for start, count in ((0, 10), (1, 5000), (70_001, 1000), (99_999, 1), (99_000, 5000), (100_000, 3)):
        part = load(io.BytesIO(data), start, count)[0]
        torch.testing.assert_close(part, whole[:, start : start + count], rtol=0, atol=1e-6)


def test_a_flac_of_unknown_length_loads_and_is_counted(flac):
    unknown = with_flac_length(flac, UNKNOWN)
    assert torch.equal(load(io.BytesIO(unknown))[0], load(io.BytesIO(flac))[0])
    assert torch.equal(load(io.BytesIO(unknown), 60_000, 500)[0], load(io.BytesIO(flac), 60_000, 500)[0])
    assert info(io.BytesIO(unknown)).num_frames == 100_000


def test_a_length_that_is_not_known_is_no_promise(flac):
    for data, promise in ((flac, 100_000), (with_flac_length(flac, UNKNOWN), None)):
        with open_source(io.BytesIO(data)) as source, SndfileReader(source) as reader:
            assert reader.promise == promise
            assert sum(len(block) for block in reader.blocks(10, None)) == 99_990
            assert reader.missing() == ""


@pytest.mark.parametrize("claimed", [100_001, 2**36 - 1])
def test_a_flac_that_claims_more_than_it_holds_is_short(flac, claimed):
    with pytest.raises(ShortAudioError, match=f"100000 of {claimed} samples are there"):
        load(io.BytesIO(with_flac_length(flac, claimed)))


def test_a_flac_cut_in_half_gives_what_is_there_when_asked(flac):
    half = io.BytesIO(flac[: len(flac) // 2])
    with pytest.raises(
        ShortAudioError, match=r"of 100000 samples are there; the decoder stopped \(flac decoder lost sync\)"
    ):
        load(half)
    with pytest.warns(ShortAudioWarning, match="lost sync"):
        got = load(half, on_short="warn")[0]
    assert 40_000 < got.shape[1] < 60_000
    assert torch.equal(got, load(io.BytesIO(flac))[0][:, : got.shape[1]])


def test_a_flac_frame_with_a_wrong_checksum_is_not_passed_on(flac):
    damaged = bytearray(flac)
    damaged[len(flac) // 2] ^= 1
    with pytest.raises(ShortAudioError, match="the decoder stopped"):
        load(io.BytesIO(bytes(damaged)))


@pytest.mark.parametrize("suffix", ["aiff", "au", "w64"])
def test_a_container_cut_in_half_is_short(wave, encoded, suffix):
    data = encoded(wave(), format=suffix)
    with pytest.raises(ShortAudioError, match=r"bytes of samples are promised, \d+ are there"):
        load(io.BytesIO(data[: len(data) // 2]))


def test_a_compressed_wav_cut_in_half_is_short(wave, encoded):
    data = encoded(wave(), format="wav", encoding="ULAW")
    with pytest.raises(ShortAudioError, match="40000 bytes of samples are promised"):
        load(io.BytesIO(data[: len(data) // 2]))


def test_an_au_of_unknown_length_is_not_short(wave, encoded):
    data = bytearray(encoded(wave(1, 100), format="au"))
    data[8:12] = b"\xff" * 4
    assert load(io.BytesIO(bytes(data)))[0].shape == (1, 100)


@pytest.mark.parametrize(
    ("subtype", "dtype"),
    [("PCM_U8", torch.uint8), ("PCM_16", torch.int16), ("PCM_24", torch.int32), ("ULAW", torch.float32)],
)
def test_an_unusual_wav_keeps_its_integers_too(wave, subtype, dtype):
    samples = (wave(2, 500).T.numpy() * 2**31).astype(np.int32)
    file = io.BytesIO()
    soundfile.write(file, samples, 16000, subtype=subtype, format="WAV", endian="BIG")  # RIFX
    got = load(io.BytesIO(file.getvalue()), normalize=False)[0]
    assert got.dtype == dtype
    if not dtype.is_floating_point:
        expected = {torch.uint8: (samples >> 24) + 128, torch.int16: samples >> 16, torch.int32: samples >> 8 << 8}[
            dtype
        ]
        assert np.array_equal(got.T.numpy(), expected)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello world, this is text\n", "begins with the text 'hello world, this is tex'"),
        (bytes(1000), "begins with zero bytes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "first bytes are 89 50 4e 47"),
    ],
)
def test_what_is_no_sound_is_described(tmp_path, content, words):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(
        UnsupportedAudioError, match=rf"a\.wav is no sound file that sonovox knows: it.*{words}"
    ) as caught:
        load(path)
    assert "expected wav, flac" in caught.value.hint


def test_a_damaged_header_is_said(wave, encoded):
    data = encoded(wave(), format="caf")
    with pytest.raises(CorruptAudioError, match="cannot be read: its header is damaged or incomplete"):
        load(io.BytesIO(data[: len(data) // 2]))


def test_a_raw_file_needs_a_header(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(b"\x01\x02" * 100)
    with pytest.raises(AudioError, match=r"a\.raw"):
        load(path)


def test_names_that_are_no_text_can_be_opened(wave, encoded, tmp_path):
    path = tmp_path / "a\udcff.flac"
    path.write_bytes(encoded(wave(), format="flac"))
    assert load(path)[0].shape == (2, 20000)
