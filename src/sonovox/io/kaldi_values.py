"""Vectors and matrices as Kaldi lays them out in files, binary and as text.

The layouts are those of Kaldi's documentation ("Kaldi I/O mechanisms", "Kaldi I/O from
a command-line perspective") and of what its programs write. Binary values start with
the bytes 0 and `B`, and a token: `FV` and `DV` for vectors of float and double, `FM` and
`DM` for matrices, `CM`, `CM2` and `CM3` for matrices of 8, 16 and 8 bits. Vectors of
integers have no token. Text is in brackets, a row of a matrix on each line.
"""

import struct
import zlib
from collections.abc import Callable
from typing import IO, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sonovox._internal.errors import ArchiveError

__all__ = ["ByteReader", "read_float_vector", "read_int_vector", "read_matrix", "value_bytes", "value_text"]

_BINARY = b"\0B"
_PIECE = 1 << 20  # of streams whose size is not known: never more memory than there are bytes
_FLOATS: dict[bytes, np.dtype] = {b"F": np.dtype("<f4"), b"D": np.dtype("<f8")}


class ByteReader:
    """Bytes read one after the other; errors name the file, the key that is being read, and the place.

    Args:
        stream: binary, at `position`.
        name: of the file, for errors.
        size: of the file in bytes; None where it is not known (compressed files, pipes).
        position: where the stream stands.
    """

    def __init__(self, stream: IO[bytes], name: str, size: int | None = None, position: int = 0) -> None:
        self.stream, self.name, self.size, self.position = stream, name, size, position
        self.key = ""

    def fail(self, message: str, hint: str = "the file is damaged or no Kaldi archive; write it again") -> NoReturn:
        """Raise what is wrong at this place."""
        key = f", key {self.key!r}" if self.key else ""
        raise ArchiveError(f"{self.name}{key}, byte {self.position}: {message}", hint=hint)

    def some(self, count: int) -> bytes:
        """Up to `count` bytes; fewer at the end."""
        return self._moved(lambda: self.stream.read(count))

    def take(self, count: int, what: str) -> bytes:
        """Exactly `count` bytes, of `what`."""
        left = None if self.size is None else self.size - self.position
        if left is not None and count > left:
            self.fail(f"{what} takes {count} bytes, but only {left} are left")
        start, pieces, missing = self.position, [], count
        while missing:
            piece = self.some(min(missing, _PIECE) if left is None else missing)
            if not piece:
                self.position = start
                self.fail(f"{what} takes {count} bytes, but only {count - missing} are left")
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def line(self) -> bytes:
        """Up to and with the next line end."""
        return self._moved(self.stream.readline)

    def start_of_text(self) -> bytes:
        """The first byte of a text value; empty for a binary one, of which the marks are read."""
        start = self.take(1, "a value")
        if start != _BINARY[:1]:
            return start
        if self.take(1, "a value") != _BINARY[1:]:
            self.fail("a value that starts with the bytes 0 and B was expected")
        return b""

    def word(self, longest: int) -> bytes:
        """The bytes before the next space, which is read too; None of them may be a line end."""
        word = b""
        while (byte := self.some(1)) not in (b" ", b""):
            word += byte
            if len(word) > longest or byte == b"\n":
                self.fail(f"a space was expected within {longest} bytes, got {word[:20]!r}")
        if word and not byte:
            self.fail(f"the file ends after {word[:20]!r}")
        return word

    def _moved(self, read: Callable[[], bytes]) -> bytes:
        try:
            data = read()
        except (OSError, EOFError, zlib.error) as error:
            self.fail(f"cannot be read: {error}")
        self.position += len(data)
        return data


def read_float_vector(reader: ByteReader) -> Tensor:
    """A vector `(n,)` of float32 or float64; text gives float32.

    Raises:
        ArchiveError: something else, or too few bytes.
    """
    start = reader.start_of_text()
    if start:
        numbers = _bracketed(reader, start)
        if len(numbers) > 1:
            reader.fail(f"a vector was expected, got {len(numbers)} rows", "read it with read_mat_ark or read_mat_scp")
        return torch.from_numpy(_parsed(reader, numbers[0] if numbers else [], np.float32))
    token = reader.word(4)
    if token not in (b"FV", b"DV"):
        reader.fail(f"a vector of floats (FV, DV) was expected, got {token!r}", _other_reader(token))
    return _floats(reader, token, _count(reader))


def read_int_vector(reader: ByteReader) -> Tensor:
    """A vector `(n,)` of int32.

    Raises:
        ArchiveError: something else, or too few bytes.
    """
    start = reader.start_of_text()
    if start:
        words = (start if start == b"\n" else start + reader.line()).split()
        return torch.from_numpy(_parsed(reader, words, np.int32))
    count = _count(reader)
    # Each number follows a byte that tells its size.
    items = np.frombuffer(
        reader.take(5 * count, f"a vector of {count} integers"), np.dtype([("size", "i1"), ("value", "<i4")])
    )
    if (items["size"] != 4).any():
        reader.fail("integers of 4 bytes were expected")
    return torch.from_numpy(items["value"].astype(np.int32))


def read_matrix(reader: ByteReader) -> Tensor:
    """A matrix `(rows, columns)` of float32 or float64; text and compressed ones give float32.

    Raises:
        ArchiveError: something else, too few bytes, or rows of different lengths.
    """
    start = reader.start_of_text()
    if start:
        numbers = _bracketed(reader, start)
        if len({len(row) for row in numbers}) > 1:
            reader.fail(f"rows have different lengths: {sorted({len(row) for row in numbers})}")
        flat = _parsed(reader, [word for row in numbers for word in row], np.float32)
        return torch.from_numpy(flat).reshape(len(numbers), -1) if numbers else torch.zeros(0, 0)
    token = reader.word(4)
    if token in (b"CM", b"CM2", b"CM3"):
        return torch.from_numpy(_decompressed(reader, token))
    if token not in (b"FM", b"DM"):
        reader.fail(f"a matrix (FM, DM, CM, CM2, CM3) was expected, got {token!r}", _other_reader(token))
    rows, columns = _count(reader), _count(reader)
    return _floats(reader, token, rows * columns).reshape(rows, columns)


def value_bytes(value: Tensor, compression: str | None = None) -> bytes:
    """A value in binary: float32, float64 or int32 vectors, float32 or float64 matrices, which may be compressed.

    >>> value_bytes(torch.tensor([1.0]))
    b'\\x00BFV \\x04\\x01\\x00\\x00\\x00\\x00\\x00\\x80?'
    """
    array = value.numpy()
    sizes = b"".join(struct.pack("<bi", 4, size) for size in array.shape)
    if array.dtype == np.int32:
        items = np.empty(len(array), np.dtype([("size", "i1"), ("value", "<i4")]))
        items["size"], items["value"] = 4, array
        return _BINARY + sizes + items.tobytes()
    if compression and array.ndim == 2:
        return _BINARY + _compressed(array.astype(np.float32), compression)
    letter = b"F" if array.dtype == np.float32 else b"D"
    kind = letter + (b"V " if array.ndim == 1 else b"M ")
    return _BINARY + kind + sizes + array.astype(_FLOATS[letter]).tobytes()


def value_text(value: Tensor) -> bytes:
    """A value as text with its line end; numbers have the digits that give them back exactly.

    >>> value_text(torch.tensor([[1.0, 0.1], [2.0, 3.0]]))
    b' [\\n  1.0 0.1\\n  2.0 3.0 ]\\n'
    """
    array = value.numpy()
    if array.dtype == np.int32:
        text = " ".join(map(str, array))
    elif array.ndim == 1:
        text = f" [ {' '.join(map(str, array))} ]"
    else:
        text = " [" + "".join(f"\n  {' '.join(map(str, row))}" for row in array) + " ]"
    return text.encode() + b"\n"


def _count(reader: ByteReader) -> int:
    width, count = struct.unpack("<bi", reader.take(5, "a size"))
    if width != 4 or count < 0:
        reader.fail(f"a size was expected, got {count} in {width} bytes")
    return count


def _floats(reader: ByteReader, token: bytes, count: int) -> Tensor:
    dtype = _FLOATS[token[:1]]
    array = np.frombuffer(reader.take(count * dtype.itemsize, f"{token.decode()} of {count} numbers"), dtype)
    return torch.from_numpy(array.astype(dtype.newbyteorder("=")))


def _other_reader(token: bytes) -> str:
    return {
        b"FV": "read it with read_vec_flt_ark or read_vec_flt_scp",
        b"DV": "read it with read_vec_flt_ark or read_vec_flt_scp",
        b"FM": "read it with read_mat_ark or read_mat_scp",
        b"DM": "read it with read_mat_ark or read_mat_scp",
        b"CM": "read it with read_mat_ark or read_mat_scp",
    }.get(token[:2], "the file is damaged or holds another kind of value")


def _bracketed(reader: ByteReader, start: bytes) -> list[list[bytes]]:
    """The words of each line between brackets."""
    place = reader.position - 1
    line = start if start == b"\n" else start + reader.line()
    opened, bracket, line = line.partition(b"[")
    if opened.strip() or not bracket:
        reader.position = place
        reader.fail(f"'[' was expected, got {opened[:20]!r}")
    rows = []
    while b"]" not in line:
        rows.append(line.split())
        line = reader.line()
        if not line:
            reader.fail("the file ends before ']'")
    inside, _, after = line.partition(b"]")
    if after.strip():
        reader.fail(f"a line end was expected after ']', got {after[:20]!r}")
    return [row for row in (*rows, inside.split()) if row]


def _parsed(reader: ByteReader, words: list[bytes], dtype: type) -> NDArray:
    try:
        return np.array([word.decode("ascii") for word in words], dtype=str).astype(dtype)
    except (ValueError, OverflowError) as error:
        reader.fail(f"numbers were expected: {error}")


def _decompressed(reader: ByteReader, token: bytes) -> NDArray[np.float32]:
    low, extent, rows, columns = struct.unpack("<ffii", reader.take(16, "a header"))
    if rows < 0 or columns < 0:
        reader.fail(f"sizes must not be negative, got {rows} and {columns}")
    name = f"{token.decode()} of {rows} x {columns} numbers"
    if token != b"CM":
        dtype = np.dtype("<u2") if token == b"CM2" else np.dtype("u1")
        levels = np.frombuffer(reader.take(rows * columns * dtype.itemsize, name), dtype).reshape(rows, columns)
        return (low + extent / np.iinfo(dtype).max * levels.astype(np.float64)).astype(np.float32)
    data = reader.take(columns * (8 + rows), name)
    knots = np.frombuffer(data, "<u2", 4 * columns).reshape(columns, 4, 1)
    p0, p25, p75, p100 = (low + extent / 65535 * knots.astype(np.float64)).swapaxes(0, 1)  # each (columns, 1)
    level = np.frombuffer(data, "u1", offset=8 * columns).reshape(columns, rows).astype(np.float64)
    middle = np.where(level <= 192, p25 + (p75 - p25) * (level - 64) / 128, p75 + (p100 - p75) * (level - 192) / 63)
    return np.where(level <= 64, p0 + (p25 - p0) * level / 64, middle).T.astype(np.float32, order="C")


def _compressed(matrix: NDArray[np.float32], kind: str) -> bytes:
    rows, columns = matrix.shape
    low, high = (float(matrix.min()), float(matrix.max())) if matrix.size else (0.0, 0.0)
    extent = float(np.float32(high - low)) or 1.0
    header = kind.encode() + b" " + struct.pack("<ffii", low, extent, rows, columns)
    scaled = (matrix.astype(np.float64) - low) / extent
    if kind != "CM":
        dtype = np.dtype("<u2") if kind == "CM2" else np.dtype("u1")
        return header + np.rint(scaled * np.iinfo(dtype).max).clip(0, np.iinfo(dtype).max).astype(dtype).tobytes()
    # Quarters of each column between its least value, its quartiles and its greatest, which must differ.
    by_size = np.sort(np.rint(scaled * 65535).clip(0, 65535), axis=0) if rows else np.zeros((1, columns))
    knots = by_size[[0, (len(by_size) - 1) // 4, 3 * (len(by_size) - 1) // 4, -1]]  # (4, columns)
    for place in (1, 2, 3):
        knots[place] = np.maximum(knots[place], knots[place - 1] + 1)
    for place in (3, 2, 1, 0):
        knots[place] = np.minimum(knots[place], 65532 + place)
    p0, p25, p75, p100 = knots / 65535
    lower, middle, upper = 64 * (scaled - p0) / (p25 - p0), 128 * (scaled - p25) / (p75 - p25), (scaled - p75) * 63
    upper = 192 + upper / (p100 - p75)
    levels = np.where(scaled < p25, lower.clip(0, 64), np.where(scaled < p75, 64 + middle.clip(0, 128), upper))
    return header + knots.T.astype("<u2").tobytes() + np.rint(levels).clip(0, 255).astype("u1").T.tobytes()
