"""Files inside of files."""

import pytest

from sonovox._internal.errors import ArgumentError, CorruptAudioError
from sonovox.data.byte_ranges import open_range, read_range


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    return path


def test_a_range_is_read(file):
    assert read_range({"file": file, "offset": 2, "size": 3}) == b"234"


def test_a_range_is_a_named_file(file):
    opened = open_range({"file": file, "offset": 2, "size": 3})
    assert (opened.read(), opened.name) == (b"234", f"{file} at byte 2")
    assert open_range({"file": file}) == file


def test_bytes_are_a_file():
    opened = open_range({"bytes": b"abc", "path": "a.wav"})
    assert (opened.read(), opened.name) == (b"abc", "a.wav")
    assert open_range({"bytes": None, "path": "a.wav"}) == "a.wav"


def test_a_range_beyond_the_end_is_refused(file):
    with pytest.raises(CorruptAudioError, match="must have 5 bytes from 8 on, got 2"):
        read_range({"file": file, "offset": 8, "size": 5})


def test_no_file_is_refused():
    with pytest.raises(ArgumentError, match='"file" was expected, got offset'):
        open_range({"offset": 1})
