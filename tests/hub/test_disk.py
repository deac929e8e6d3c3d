import shutil
from collections import namedtuple

import pytest

from sonovox._internal.errors import WriteError
from sonovox.hub.disk import bytes_below, check_room, write_error

Usage = namedtuple("Usage", "total used free")


def test_too_little_room_is_refused_with_both_sizes(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**9, 10**9 - 5000, 5000))
    check_room(tmp_path / "not" / "yet" / "there.pt", 5000)
    with pytest.raises(
        WriteError, match=r"there\.pt: 6\.0 kB are needed, 5\.0 kB are free; free space, or set SONOVOX"
    ):
        check_room(tmp_path / "there.pt", 6000)


def test_an_error_of_the_system_keeps_its_words(tmp_path):
    assert "Read-only file system" in str(write_error(tmp_path, OSError(30, "Read-only file system")))


def test_bytes_below_counts_files_at_all_depths(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"123")
    (tmp_path / "y").write_bytes(b"4567")
    assert bytes_below(tmp_path) == 7
    assert bytes_below(tmp_path / "nowhere") == 0
