import io

import pytest
import torch

from sonovox._internal.errors import AudioNotFoundError
from sonovox.io import info

CASES = {
    "wav": ("wav", "PCM_F", 32),
    "flac": ("flac", "FLAC", 16),
    "ogg": ("ogg", "VORBIS", 0),
    "opus": ("ogg", "OPUS", 0),
    "mp3": ("mp3", "MP3", 0),
    "aiff": ("aiff", "PCM_F", 32),
    "sph": ("nist", "PCM_S", 16),
}


@pytest.mark.parametrize("suffix", CASES)
def test_describes_each_format(wave, encoded, tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(encoded(wave(2, 12000), format=suffix))
    got = info(path)
    assert (got.sample_rate, got.num_frames, got.num_channels, got.duration) == (16000, 12000, 2, 0.75)
    assert (got.format, got.encoding, got.bits_per_sample) == CASES[suffix]


@pytest.mark.parametrize(
    ("encoding", "bits"),
    [("PCM_U", 8), ("PCM_S", 16), ("PCM_S", 24), ("PCM_S", 32), ("PCM_F", 64), ("ULAW", 8), ("ALAW", 8)],
)
def test_describes_each_encoding_of_wav(wave, encoded, encoding, bits):
    got = info(io.BytesIO(encoded(wave(), format="wav", encoding=encoding, bits_per_sample=bits)))
    assert (got.encoding, got.bits_per_sample) == (encoding, bits)


def test_tells_the_promise_of_a_cut_file(wave, encoded):
    data = encoded(wave(1, 1000), format="wav")
    assert info(io.BytesIO(data[:500])).num_frames == 1000


def test_an_empty_file_of_known_length_is_empty(encoded):
    assert info(io.BytesIO(encoded(torch.zeros(1, 0), format="wav"))).num_frames == 0


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AudioNotFoundError, match=r"there is no file .*none\.wav"):
        info(tmp_path / "none.wav")
