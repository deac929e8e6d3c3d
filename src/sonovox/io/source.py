"""Where samples come from: a path or a file-like object, opened as bytes that can be sought."""

import io
import itertools
import os
import re
import stat
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError, AudioError, AudioNotFoundError, CorruptAudioError

__all__ = ["AudioFile", "Source", "name_of_object", "open_source"]

AudioFile: TypeAlias = str | os.PathLike[str] | IO[bytes]


class Source(NamedTuple):
    """Opened bytes; at the end of a `with` block a file that was opened for them is closed.

    Attributes:
        name: how messages call it: the path, or `<file-like BytesIO>`.
        stream: the bytes; can be sought.
        size: in bytes.
        path: of a regular file; None for everything else.
        opened: what to close.
    """

    name: str
    stream: IO[bytes]
    size: int
    path: str | None
    opened: IO[bytes] | None = None

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened; a file-like object is the caller's and stays open."""
        if self.opened is not None:
            self.opened.close()

    def read_at(self, position: int, count: int) -> bytes:
        """Up to `count` bytes from `position` on; fewer at the end of the file."""
        self.stream.seek(position)
        return self.stream.read(count)


def open_source(filepath: AudioFile) -> Source:
    """Open a path or a file-like object for reading, in a `with` block.

    A path is closed at the end; a file-like object is the caller's, stays open, and
    is read from its start wherever it stands. What cannot seek (a pipe, a
    socket, `/dev/stdin`) is read into memory.

    Raises:
        AudioNotFoundError: no such file, a folder, or a URL.
        CorruptAudioError: the file is empty.
        AudioError: the file cannot be opened or read.
        ArgumentError: neither a path nor a binary file-like object.
    """
    if not isinstance(filepath, (str, os.PathLike)):
        if hasattr(filepath, "read"):
            return _source_of_stream(filepath, name_of_object(filepath))
        raise ArgumentError(
            f"filepath must be a path or a binary file-like object, got {type(filepath).__name__}",
            hint="wrap bytes in io.BytesIO",
        )
    name = os.fspath(filepath)
    stream = _open(name)
    try:
        status = os.fstat(stream.fileno())
        if stat.S_ISREG(status.st_mode):
            return _checked(Source(name, stream, status.st_size, name, stream))
        return _source_of_stream(stream, name)._replace(opened=stream)
    except BaseException:
        stream.close()
        raise


def name_of_object(stream: object) -> str:
    """How messages call a file-like object: its `name` where it has one.

    >>> name_of_object(io.BytesIO())
    '<file-like BytesIO>'
    """
    name = getattr(stream, "name", None)
    return name if isinstance(name, str) and name else f"<file-like {type(stream).__name__}>"


def _source_of_stream(stream: IO[bytes], name: str) -> Source:
    try:
        seekable = hasattr(stream, "seekable") and stream.seekable()
        if not seekable:
            stream = io.BytesIO(stream.read())
        size = stream.seek(0, os.SEEK_END)
        is_binary = isinstance(stream.read(0), bytes)
    except TypeError:
        is_binary = False  # BytesIO refuses the str of a text file
    except (OSError, ValueError) as error:
        raise AudioError(f"cannot read {name}: {error}", hint="pass an open, readable file") from error
    if not is_binary:
        raise ArgumentError(f"{name} gives text, expected bytes", hint="open it in binary mode, 'rb'")
    return _checked(Source(name, stream, size, path=None))


def _checked(source: Source) -> Source:
    if source.size == 0:
        raise CorruptAudioError(f"{source.name} is empty (0 bytes)", hint="copy or record it again")
    return source


def _open(name: str) -> IO[bytes]:
    if "://" in name and re.match(r"[a-z][a-z0-9+.-]+://", name):
        raise AudioNotFoundError(f"{name} is a URL, not a path", hint="get it with sonovox.hub.fetch(...) first")
    try:
        # Unbuffered: every reader here asks for large pieces, which a buffer would only copy once more.
        # The builtin, because a Path takes as long to make as the file to open.
        return open(name, "rb", buffering=0)  # noqa: PTH123
    except FileNotFoundError as error:
        raise AudioNotFoundError(f"there is no file {name}", hint=_remedy_of_missing(Path(name))) from error
    except IsADirectoryError as error:
        raise AudioNotFoundError(f"{name} is a folder, expected a file", hint="name a file inside it") from error
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise AudioError(f"cannot open {name}: {getattr(error, 'strerror', None) or error}") from error


def _remedy_of_missing(path: Path) -> str:
    try:
        near = did_you_mean(path.name, [item.name for item in itertools.islice(path.parent.iterdir(), 1000)])
    except OSError:
        return f"its folder {path.parent} does not exist either"
    return near or f"look into {path.parent.resolve()}"
