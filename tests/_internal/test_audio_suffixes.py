"""Names of files that may hold sound."""

from sonovox._internal.audio_suffixes import AUDIO_SUFFIXES
from sonovox.io.encodings import FORMATS


def test_suffixes_are_written_as_paths_have_them():
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in AUDIO_SUFFIXES)


def test_what_is_written_is_found_again():
    assert {f".{key}" for key in FORMATS} - {".rf64"} <= AUDIO_SUFFIXES
