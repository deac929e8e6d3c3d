"""Where the text of a YAML file comes from: a path, an open stream, or the text itself."""

import os
import stat
from pathlib import Path
from typing import IO

from sonovox._internal.errors import HParamsError
from sonovox.hparams.document import Document

__all__ = ["HParamsSource", "read_file", "read_source"]

HParamsSource = str | os.PathLike[str] | IO[str]


def read_source(source: HParamsSource, max_bytes: int) -> tuple[str, Document]:
    """The text of `source` and the document that its nodes will stand in.

    A `str` is taken for text when it has a line break, `: ` or braces; else for a path.

    Raises:
        HParamsError: there is no such file, it is not plain UTF-8 text, or it has more than `max_bytes`.
    """
    if isinstance(source, str) and _is_text(source):
        return _decoded(source, "<text>", max_bytes), Document("<text>")
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        return read_file(path, str(path), max_bytes), Document(str(path), path.parent)
    name = getattr(source, "name", None)
    name = name if isinstance(name, str) else "<stream>"
    folder = Path(name).parent if Path(name).is_file() else None
    return _decoded(source.read(max_bytes + 1), name, max_bytes), Document(name, folder)


def read_file(path: Path, name: str, max_bytes: int) -> str:
    """The text of a regular file; devices and pipes, which may never end, are not opened."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise HParamsError("expected a file of YAML, this is none", file=name, hint="give the path of a file")
        with path.open("rb") as file:
            return _decoded(file.read(max_bytes + 1), name, max_bytes)
    except (OSError, ValueError) as error:
        if isinstance(error, HParamsError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise HParamsError(f"cannot be read: {reason}", file=name) from error


def _is_text(source: str) -> bool:
    return (
        "\n" in source or ": " in source or source.endswith(":") or source.lstrip().startswith(("{", "%", "---", "!"))
    )


def _decoded(data: str | bytes, name: str, max_bytes: int) -> str:
    if len(data) > max_bytes or (isinstance(data, str) and len(data.encode("utf-8", "surrogatepass")) > max_bytes):
        n_breaks = data.count("\n") if isinstance(data, str) else data.count(b"\n")
        raise HParamsError(f"expected at most {max_bytes} bytes of YAML, got more", file=name, line=n_breaks + 1)
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise HParamsError(
            f"expected UTF-8, got the byte 0x{data[error.start]:02x}", file=name, line=line, hint="save it as UTF-8"
        ) from None
