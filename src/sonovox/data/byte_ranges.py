"""Files, and files inside of files, as something that sound is read from."""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from sonovox._internal.errors import ArgumentError, CorruptAudioError

__all__ = ["open_range", "read_range"]


class _Range(io.BytesIO):
    """Bytes with the name of where they come from, for messages."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def open_range(part: Mapping[str, Any]) -> str | os.PathLike[str] | IO[bytes]:
    """A path or an open file in memory, for `sonovox.load`.

    Args:
        part: "file", and for a file inside of it "offset" and "size" in bytes; or "bytes" and "path", as Hugging
            Face puts them.

    Raises:
        ArgumentError: there is no "file".
        CorruptAudioError: the file ends before the range does.
    """
    if part.get("bytes") is not None:
        return _Range(part["bytes"], str(part.get("path") or ""))
    place = part.get("file", part.get("path"))
    if place is None:
        raise ArgumentError(f'a mapping with "file" was expected, got {", ".join(map(str, part)) or "an empty one"}')
    if "offset" not in part:
        return place
    return _Range(read_range(part), f"{os.fspath(place)} at byte {part['offset']}")


def read_range(part: Mapping[str, Any]) -> bytes:
    """The bytes of a range: "size" bytes of "file" from "offset" on.

    Raises:
        CorruptAudioError: the file ends before.
    """
    with Path(part["file"]).open("rb") as file:
        file.seek(part["offset"])
        content = file.read(part["size"])
    if len(content) < part["size"]:
        raise CorruptAudioError(
            f"{part['file']} must have {part['size']} bytes from {part['offset']} on, got {len(content)}",
            hint="it was cut, or changed after it was listed; make the data set again",
        )
    return content
