import pytest
import torch

from sonovox._internal.errors import ArgumentError, UnsupportedAudioError
from sonovox.io.encodings import FORMATS, choose_encoding, choose_format, compression_settings


@pytest.mark.parametrize(
    ("key", "dtype", "encoding", "bits", "expected"),
    [
        ("wav", torch.float32, None, None, ("PCM_F", 32)),
        ("wav", torch.float64, None, None, ("PCM_F", 64)),
        ("wav", torch.int16, None, None, ("PCM_S", 16)),
        ("wav", torch.int32, None, None, ("PCM_S", 32)),
        ("wav", torch.uint8, None, None, ("PCM_U", 8)),
        ("wav", torch.float32, "PCM_S", None, ("PCM_S", 16)),
        ("wav", torch.int32, "PCM_S", None, ("PCM_S", 32)),
        ("wav", torch.int16, "PCM_F", None, ("PCM_F", 32)),
        ("wav", torch.float32, None, 8, ("PCM_U", 8)),
        ("wav", torch.float32, None, 24, ("PCM_S", 24)),
        ("wav", torch.float32, None, 32, ("PCM_S", 32)),
        ("wav", torch.float32, None, 64, ("PCM_F", 64)),
        ("wav", torch.float32, "ULAW", None, ("ULAW", 8)),
        ("aiff", torch.float32, None, 8, ("PCM_S", 8)),
        ("aiff", torch.float32, "PCM_S", None, ("PCM_S", 16)),
        ("sph", torch.float32, None, None, ("PCM_S", 16)),
        ("flac", torch.float32, None, None, ("FLAC", 16)),
        ("flac", torch.int16, None, None, ("FLAC", 16)),
        ("flac", torch.int32, None, None, ("FLAC", 24)),
        ("flac", torch.float32, "PCM_S", 24, ("FLAC", 24)),
        ("ogg", torch.int16, None, None, ("VORBIS", 0)),
    ],
)
def test_what_is_left_open_follows_the_dtype(key, dtype, encoding, bits, expected):
    assert choose_encoding(key, dtype, encoding, bits) == expected


@pytest.mark.parametrize(
    ("key", "encoding", "bits", "message"),
    [
        ("wav", "PCM_S", 8, "wav cannot hold PCM_S samples of 8 bits; possible: PCM_U 8, PCM_S 16"),
        ("flac", None, 32, "flac cannot hold samples of 32 bits; possible: FLAC 16, FLAC 24, FLAC 8"),
        ("ogg", "PCM_S", None, "ogg cannot hold PCM_S; possible: VORBIS"),
        ("mp3", None, 16, "mp3 cannot hold samples of 16 bits; possible: MP3"),
    ],
)
def test_the_impossible_is_answered_with_the_possible(key, encoding, bits, message):
    with pytest.raises(UnsupportedAudioError, match=message):
        choose_encoding(key, torch.float32, encoding, bits)


def test_a_format_has_aliases_and_comes_before_the_suffix():
    assert choose_format("a.wav", "vorbis") == "ogg"
    assert choose_format("A.AIF", None) == "aiff"


@pytest.mark.parametrize(("name", "format"), [("talk.flacc", None), ("talk", None), ("talk.wav", "m4a")])
def test_an_unknown_format_lists_the_known_ones(name, format):
    with pytest.raises(UnsupportedAudioError, match="possible formats: aiff, au, caf, flac, mp3, ogg, opus"):
        choose_format(name, format)


@pytest.mark.parametrize(
    ("key", "value"), [("flac", 9), ("ogg", -1), ("opus", 300), ("mp3", 400), ("mp3", -3), ("wav", 1)]
)
def test_compression_out_of_range_is_refused(key, value):
    with pytest.raises(ArgumentError, match=f"{key}.*got"):
        compression_settings(key, value, 16000, 1)


def test_every_format_has_its_default_first():
    assert {key: next(iter(format.subtypes.values())) for key, format in FORMATS.items() if key in ("flac", "sph")} == {
        "flac": "PCM_16",
        "sph": "PCM_16",
    }
