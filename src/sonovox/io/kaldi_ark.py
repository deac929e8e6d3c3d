"""Kaldi archives (ark) and lists (scp): tables of vectors and matrices by key.

The reading functions have the names that torchaudio's `kaldi_io` gave them. A list says
for each key in which file its value lies: `key path:offset[rows,columns]`. Commands,
which Kaldi allows in lists, are never run.
"""

import contextlib
import gzip
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import torch
from torch import Tensor

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArchiveError, ArgumentError
from sonovox._internal.files import atomic_write
from sonovox.io.kaldi_values import (
    ByteReader,
    read_float_vector,
    read_int_vector,
    read_matrix,
    value_bytes,
    value_text,
)

__all__ = [
    "read_mat_ark",
    "read_mat_scp",
    "read_vec_flt_ark",
    "read_vec_flt_scp",
    "read_vec_int_ark",
    "write_ark",
]

KaldiFile: TypeAlias = str | os.PathLike[str] | IO[bytes]
Items: TypeAlias = Iterator[tuple[str, Tensor]]

_SPECIFIER = re.compile(r"(?:ark|scp)(?:,[a-z]+)*:")
_PLACE = re.compile(r"(?P<path>.*?)(?::(?P<offset>\d+))?(?P<range>\[[^\[\]]*\])?", re.DOTALL)
_NO_COMMANDS = "run it yourself into a file, and name the file"
_LONGEST_KEY = 10_000


def read_vec_int_ark(file_or_fd: KaldiFile) -> Items:
    """Keys and vectors of integers (alignments, say) of an archive.

    Args:
        file_or_fd: path of an ark file, binary or text, which may be compressed by gzip,
            also with `ark:` before it; or a binary file-like object, which stays open.

    Yields:
        key and `(n,)` in int32.

    Raises:
        ArchiveError: at the value that cannot be read, naming the file, the key and the byte.

    >>> list(read_vec_int_ark(io.BytesIO(b"utt1 3 3 7\\n")))
    [('utt1', tensor([3, 3, 7], dtype=torch.int32))]
    """
    return _read_ark(file_or_fd, read_int_vector)


def read_vec_flt_ark(file_or_fd: KaldiFile) -> Items:
    """Keys and vectors `(n,)` of float32 or float64 of an archive; see `read_vec_int_ark`.

    >>> list(read_vec_flt_ark(io.BytesIO(b"utt1  [ 0.5 2 ]\\n")))
    [('utt1', tensor([0.5000, 2.0000]))]
    """
    return _read_ark(file_or_fd, read_float_vector)


def read_mat_ark(file_or_fd: KaldiFile) -> Items:
    """Keys and matrices `(rows, columns)` of float32 or float64 of an archive; see `read_vec_int_ark`.

    >>> list(read_mat_ark(io.BytesIO(b"utt1  [\\n  1 2\\n  3 4 ]\\n")))
    [('utt1', tensor([[1., 2.],
            [3., 4.]]))]
    """
    return _read_ark(file_or_fd, read_matrix)


def read_vec_flt_scp(file_or_fd: KaldiFile) -> Items:
    """Keys and vectors of float32 or float64 of a list.

    Args:
        file_or_fd: path of an scp file, also with `scp:` before it; or a binary file-like object. Its
            lines are `key path`, `key path:offset`, and either with a range `[first:last]`, both inclusive.
            Relative paths start from the working directory.

    Yields:
        key and `(n,)`.

    Raises:
        ArchiveError: a command instead of a path, a file that is not there, a range beyond the
            value, or what `read_vec_flt_ark` raises.
    """
    return _read_scp(file_or_fd, read_float_vector)


def read_mat_scp(file_or_fd: KaldiFile) -> Items:
    """Keys and matrices of a list; see `read_vec_flt_scp`. A range may be of columns too: `[0:10,3:5]`, `[:,3:5]`."""
    return _read_scp(file_or_fd, read_matrix)


def write_ark(
    ark: str | os.PathLike[str],
    items: Iterable[tuple[str, Tensor]],
    *,
    scp: str | os.PathLike[str] | None = None,
    text: bool = False,
    compression: str | None = None,
) -> None:
    """Write an archive, and if so wished its list; crash-safe, so each is there whole or not at all.

    Args:
        ark: where the archive shall stand.
        items: key and value: a vector of floats or integers, or a matrix of floats. Float64 stays, half
            precision becomes float32, integers become int32.
        scp: where a list of it shall stand; it names the archive as `ark` does.
        text: write numbers as text.
        compression: of matrices: `"CM"` (8 bits, finer near the quartiles of each column), `"CM2"`
            (16 bits) or `"CM3"` (8 bits).

    Raises:
        ArgumentError: a key with spaces, a value that the format does not have, numbers that do not fit.
        WriteError: see `sonovox.save`.
    """
    if compression is not None:
        check_choice("compression", compression, ["CM", "CM2", "CM3"])
        if text:
            raise ArgumentError("text cannot be compressed", hint="leave text or compression away")
    lines = []
    with atomic_write(ark) as file:
        for key, value in items:
            _check_key(key)
            ready = _ready_value(key, value, compression)
            file.write(key.encode() + b" ")
            lines.append(f"{key} {os.fspath(ark)}:{file.tell()}\n")
            file.write(value_text(ready) if text else value_bytes(ready, compression))
    if scp is not None:
        with atomic_write(scp, "w") as file:
            file.writelines(lines)


def _read_ark(file_or_fd: KaldiFile, read: Callable[[ByteReader], Tensor]) -> Items:
    with _opened(file_or_fd) as reader:
        while key := _next_key(reader):
            reader.key = key
            yield key, read(reader)
            reader.key = ""


def _read_scp(file_or_fd: KaldiFile, read: Callable[[ByteReader], Tensor]) -> Items:
    with _opened(file_or_fd) as lines, contextlib.ExitStack() as last:
        reader, opened = lines, None
        while line := lines.line():
            if not line.strip():
                continue
            key, place = _key_and_place(lines, line)
            match = _PLACE.fullmatch(place)
            path, offset, extent = match["path"], int(match["offset"] or 0), match["range"]  # type: ignore[index]
            if path != opened:
                last.close()
                reader, opened = last.enter_context(_opened(path)), path
            reader.key = lines.key = key
            if reader.size is not None and offset >= reader.size:
                reader.fail(f"the list {lines.name} says byte {offset}, but the file has {reader.size}")
            reader.position = reader.stream.seek(offset)
            value = read(reader)
            yield key, value[_slices(reader, extent, value)] if extent else value
            lines.key = ""


def _next_key(reader: ByteReader) -> str:
    """The next key; empty at the end. Text values may leave line ends before it."""
    while (byte := reader.some(1)) in (b"\n", b"\r"):
        pass
    if not byte:
        return ""
    if byte == b" ":
        reader.fail("a key was expected, got a space")
    word = byte + reader.word(_LONGEST_KEY)
    try:
        return word.decode()
    except UnicodeDecodeError:
        reader.fail(f"a key in UTF-8 was expected, got {word[:20]!r}")


def _key_and_place(lines: ByteReader, line: bytes) -> tuple[str, str]:
    try:
        key, _, place = line.decode().strip().partition(" ")
    except UnicodeDecodeError:
        lines.fail("a line in UTF-8 was expected", "is it an ark file? read it with the function that ends in _ark")
    lines.key, place = key, place.strip()
    if not place:
        lines.fail("'key path:offset' was expected on each line", "is it an ark file?")
    _refuse_commands(place)
    return key, place


def _slices(reader: ByteReader, extent: str, value: Tensor) -> tuple[slice, ...]:
    """`[0:10,:]` as slices; Kaldi's ends are inclusive."""
    parts = extent[1:-1].split(",")
    if len(parts) > value.dim():
        reader.fail(f"a range of {value.dim()} dimensions was expected, got {extent}", "correct the list")
    slices = []
    for part, size in zip(parts, value.shape, strict=False):
        ends = re.fullmatch(r"(\d+):(\d+)", part.strip())
        if part.strip() in ("", ":"):
            slices.append(slice(None))
        elif ends and int(ends[1]) <= int(ends[2]) < size:
            slices.append(slice(int(ends[1]), int(ends[2]) + 1))
        else:
            reader.fail(
                f"a range within 0:{size - 1} was expected, got {extent}", "correct the list; ends are inclusive"
            )
    return tuple(slices)


@contextlib.contextmanager
def _opened(file: KaldiFile) -> Iterator[ByteReader]:
    if not isinstance(file, str | os.PathLike):
        name = getattr(file, "name", None)
        position = file.tell() if hasattr(file, "seekable") and file.seekable() else 0
        yield ByteReader(file, name if isinstance(name, str) else f"<file-like {type(file).__name__}>", None, position)
        return
    path = os.fspath(file)
    _refuse_commands(path)
    path = _SPECIFIER.sub("", path, count=1) if _SPECIFIER.match(path) else path
    try:
        stream = Path(path).open("rb")  # noqa: SIM115, it is closed below
    except OSError as error:
        raise ArchiveError(f"cannot open {path}: {error.strerror}", hint="name an ark or scp file") from error
    with stream:
        if stream.peek(2)[:2] == b"\x1f\x8b":
            with gzip.open(stream) as unpacked:
                yield ByteReader(io.BufferedReader(unpacked), path)
        else:
            regular = Path(path).is_file()
            yield ByteReader(stream, path, os.fstat(stream.fileno()).st_size if regular else None)


def _refuse_commands(place: str) -> None:
    if place.strip().endswith("|") or place.strip().startswith("|"):
        raise ArchiveError(f"commands are not run, got {place!r}", hint=_NO_COMMANDS)


def _check_key(key: str) -> None:
    if not key or key.split() != [key]:
        raise ArgumentError(f"a key must be one word, got {key!r}", hint="replace spaces")


def _ready_value(key: str, value: Tensor, compression: str | None) -> Tensor:
    value = value.detach().cpu()
    if value.is_floating_point() and value.dim() in (1, 2):
        ready = value if value.dtype in (torch.float32, torch.float64) else value.float()
        if compression and ready.dim() == 2 and not ready.isfinite().all():
            raise ArgumentError(f"{key} has values that are not finite", hint="write it without compression")
        return ready.contiguous()
    if value.dim() != 1 or value.is_complex() or value.is_floating_point():
        raise ArgumentError(
            f"{key} must be a vector or a matrix of floats, or a vector of integers, got {value.dtype} of shape "
            f"{tuple(value.shape)}",
            hint="convert it, for example by x.float()",
        )
    limits = np.iinfo(np.int32)
    if value.numel() and not limits.min <= int(value.min()) <= int(value.max()) <= limits.max:
        raise ArgumentError(f"{key} has integers beyond 32 bits", hint="write it as x.double()")
    return value.to(torch.int32)
