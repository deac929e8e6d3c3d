import io
import os
import threading
from pathlib import Path

import pytest

from sonovox._internal.errors import ArgumentError, AudioError, AudioNotFoundError, CorruptAudioError
from sonovox.io.source import Source, open_source


class Pipe(io.RawIOBase):
    """Bytes that can be read once and not sought, in small pieces."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._data.readinto(memoryview(buffer)[:1000])


def test_a_source_can_be_read_anywhere():
    source = Source("a.bin", io.BytesIO(b"0123456789"), 10, path=None)
    assert (source.read_at(7, 2), source.read_at(0, 3), source.read_at(9, 5), source.read_at(20, 5)) == (
        b"78",
        b"012",
        b"9",
        b"",
    )


def test_a_path_may_be_text_or_pathlike(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"0123456789")
    for form in (path, str(path)):
        with open_source(form) as source:
            assert (source.name, source.size, source.path) == (str(path), 10, str(path))
            assert source.read_at(7, 5) == b"789"


def test_a_file_like_object_is_read_from_its_start_and_stays_open():
    stream = io.BytesIO(b"0123456789")
    stream.seek(5)
    with open_source(stream) as source:
        assert source.read_at(0, 3) == b"012"
        assert source.name == "<file-like BytesIO>"
    assert not stream.closed


def test_what_cannot_seek_is_read_into_memory():
    with open_source(Pipe(b"x" * 5000)) as source:
        assert source.size == 5000
        assert source.read_at(4998, 10) == b"xx"


def test_a_named_pipe_is_read_into_memory(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"abc",))
    writer.start()
    with open_source(path) as source:
        assert source.size == 3
    writer.join()


def test_a_missing_path_suggests_its_neighbour(tmp_path):
    (tmp_path / "interview.wav").write_bytes(b"x")
    with pytest.raises(AudioNotFoundError, match=r"no file .*intervew\.wav; did you mean interview\.wav"):
        open_source(tmp_path / "intervew.wav").__enter__()


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(AudioNotFoundError, match=r"its folder .*nowhere does not exist"):
        open_source(tmp_path / "nowhere" / "a.wav").__enter__()


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(AudioNotFoundError, match="is a folder, expected a file; name a file inside it"):
        open_source(tmp_path).__enter__()


def test_a_url_points_to_fetch():
    with pytest.raises(AudioNotFoundError, match=r"is a URL, not a path; get it with sonovox\.hub\.fetch"):
        open_source("https://example.org/a.wav").__enter__()


def test_an_empty_file_is_said(tmp_path):
    (tmp_path / "a.wav").touch()
    with pytest.raises(CorruptAudioError, match=r"a\.wav is empty \(0 bytes\)"):
        open_source(tmp_path / "a.wav").__enter__()


def test_a_file_in_text_mode_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("hello")
    with (
        path.open() as file,
        pytest.raises(ArgumentError, match=r"a\.txt gives text, expected bytes; open it in binary"),
    ):
        open_source(file).__enter__()


def test_a_closed_file_is_said():
    stream = io.BytesIO(b"abc")
    stream.close()
    with pytest.raises(AudioError, match=r"cannot read <file-like BytesIO>: .*closed file"):
        open_source(stream).__enter__()


@pytest.mark.parametrize("thing", [b"RIFF....", 7, None])
def test_what_is_neither_path_nor_file_is_refused(thing):
    with pytest.raises(ArgumentError, match="must be a path or a binary file-like object, got"):
        open_source(thing).__enter__()


def test_a_name_with_a_null_byte_is_an_audio_error():
    with pytest.raises(AudioError, match="cannot open"):
        open_source(Path("a\0b")).__enter__()
