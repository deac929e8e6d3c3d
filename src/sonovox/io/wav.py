"""Plain wav files, read without libsndfile: integer and float samples as they lie on the disk.

The chunks are those of Microsoft's "Multimedia Programming Interface and Data
Specifications 1.0" and EBU Tech 3306 (RF64). What is not plain (compressed samples,
padded containers, odd chunks) is left to libsndfile, by returning None.

Samples are fetched in pieces that stay in the processor's cache. This was measured
against a memory map, and is faster (2.9 against 2.2 times the speed of soundfile on
10 minutes of mono, 5.9 against 4.0 on 5 minutes of stereo): a map pays one page fault
for every 64 KB or less. It is also safer: a file that another process cuts while it
is mapped ends the interpreter with SIGBUS.
"""

import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

import numpy as np

from sonovox.io.metadata import AudioMetaData
from sonovox.io.source import Source

__all__ = ["WavLayout", "WavReader", "parse_wav"]

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
# The subformat of an extensible header is the plain format tag followed by these bytes.
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_SAMPLE_TYPES: dict[tuple[int, int], tuple[str, np.dtype]] = {
    (_PCM, 8): ("PCM_U", np.dtype("u1")),
    (_PCM, 16): ("PCM_S", np.dtype("<i2")),
    (_PCM, 24): ("PCM_S", np.dtype("<i4")),  # widened on reading
    (_PCM, 32): ("PCM_S", np.dtype("<i4")),
    (_FLOAT, 32): ("PCM_F", np.dtype("<f4")),
    (_FLOAT, 64): ("PCM_F", np.dtype("<f8")),
}
# Sizes that writers to a pipe leave in the header because they cannot go back:
# FFmpeg, SoX and arecord in this order, then two limits of signed and unsigned 32 bits.
_STREAMED_SIZES = (0xFFFFFFFF, 0x7FFFF000, 0x7FFFFF00, 0x7FFFFFFF, 0x80000000)
_MAX_CHUNKS = 1000
_ROOM = 8  # bytes before the samples of a block: keeps them aligned, and gives the first 24-bit one a low byte
_HEAD_BYTES = 4096  # wherein the chunks before the samples usually lie
_AT_ONCE_BYTES = 1 << 16  # a file up to this size is read in one piece
_BLOCK_SAMPLES = 1 << 16  # 128 KB of int16 and 256 KB of float32, which an L2 cache holds


class WavLayout(NamedTuple):
    """Where the samples lie and what they are.

    Attributes:
        dtype: of the samples as they are handed out; 24-bit samples come as int32, shifted left by 8.
        bits: of a sample in the file.
        offset: of the first sample, in bytes.
        frames: how many the file holds.
        promised: how many its header promises; equal to `frames` where the writer could not tell.
        whole: the bytes of the file, where it is small.
    """

    sample_rate: int
    channels: int
    encoding: str
    bits: int
    dtype: np.dtype
    offset: int
    frames: int
    promised: int
    whole: bytes


def parse_wav(source: Source) -> WavLayout | None:
    """The layout of a plain RIFF, RF64 or BW64 wav; None for anything else or anything unusual.

    A data chunk of size 0xFFFFFFFF (and the like), or of size 0 that the RIFF size
    leaves out of account, was written to a pipe: it lasts until the end of the file.
    """
    head = source.read_at(0, source.size if source.size <= _AT_ONCE_BYTES else _HEAD_BYTES)
    if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:12] != b"WAVE":
        return None
    riff_size = int.from_bytes(head[4:8], "little")
    position, fmt, long_size = 12, b"", None
    for _ in range(_MAX_CHUNKS):
        chunk = _read(source, head, position, 8)
        if len(chunk) < 8 or not chunk[:4].isascii():
            return None
        kind, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        position += 8
        if kind == b"data":
            long = long_size if size == 0xFFFFFFFF else None
            return _layout(fmt, position, size if long is None else long, riff_size, source.size, head)
        if kind == b"fmt ":
            fmt = _read(source, head, position, size) if size in (16, 18, 40) else b""
        elif kind == b"ds64" and size >= 24:
            riff_size, long_size = struct.unpack("<QQ", _read(source, head, position, 16).ljust(16, b"\0"))
        position += size + size % 2  # chunks start at even positions
    return None


class WavReader:
    """Samples of a plain wav file; see `sonovox.io.reader.Reader`."""

    def __init__(self, source: Source, layout: WavLayout) -> None:
        self.name, self.size = source.name, source.size
        self.promise: int | None = layout.promised
        self.dtype = layout.dtype
        self.metadata = AudioMetaData(
            layout.sample_rate, layout.promised, layout.channels, layout.bits, layout.encoding, "wav"
        )
        # Whether a mono file needs no conversion at all, so that `read_into` can take it.
        self.is_raw = layout.channels == 1 and layout.bits == 8 * layout.dtype.itemsize
        self._source, self._layout = source, layout

    def __enter__(self) -> "WavReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()

    def blocks(self, start: int, stop: int | None, *, native: bool = False) -> Iterator[np.ndarray]:
        """Samples `start` to `stop`, in the type that the file has; see `Reader.blocks`."""
        layout, stream = self._layout, self._source.stream
        stop = layout.frames if stop is None else min(stop, layout.frames)
        frame_bytes = layout.channels * layout.bits // 8
        if start < stop and layout.offset + stop * frame_bytes <= len(layout.whole):
            yield _samples(layout.whole, layout.offset + start * frame_bytes, stop - start, layout)
            return
        count = min(max(1, _BLOCK_SAMPLES // layout.channels), max(0, stop - start))
        raw = np.empty(_ROOM + count * frame_bytes, np.uint8)
        body = raw.data[_ROOM:]
        stream.seek(layout.offset + start * frame_bytes)
        while start < stop:
            got = _fill(stream, body[: min(count, stop - start) * frame_bytes]) // frame_bytes
            if got == 0:
                return  # the file was cut since it was opened
            yield _samples(raw, _ROOM, got, layout)
            start += got

    def read_into(self, out: np.ndarray, start: int) -> int:
        """Fill `out` `(frames,)` with samples of a mono file just as they lie there; how many there were."""
        self._source.stream.seek(self._layout.offset + start * out.itemsize)
        wanted = min(len(out), max(0, self._layout.frames - start)) * out.itemsize
        return _fill(self._source.stream, out.view(np.uint8).data[:wanted]) // out.itemsize

    def missing(self) -> str:
        """Nothing beyond what `promise` tells."""
        return ""


def _layout(fmt: bytes, offset: int, data_size: int, riff_size: int, file_size: int, head: bytes) -> WavLayout | None:
    if len(fmt) < 16:
        return None
    tag, channels, sample_rate, _, block_align, bits = struct.unpack("<HHIIHH", fmt[:16])
    if tag == _EXTENSIBLE:
        extra_size, valid_bits, _, tag = struct.unpack("<HHIH", fmt[16:26].ljust(10, b"\0"))
        if extra_size != 22 or valid_bits != bits or fmt[26:] != _GUID_TAIL:
            return None
    kind = _SAMPLE_TYPES.get((tag, bits))
    if kind is None or not 0 < channels <= 1024 or block_align != channels * bits // 8 or not 0 < sample_rate < 2**31:
        return None
    there = file_size - offset
    streamed = data_size > there and any(data_size in (size, size - size % block_align) for size in _STREAMED_SIZES)
    unfinished = data_size == 0 and (riff_size + 8 <= offset or riff_size in _STREAMED_SIZES)
    promised = there if streamed or unfinished else data_size
    return WavLayout(
        sample_rate,
        channels,
        kind[0],
        bits,
        kind[1],
        offset,
        frames=min(promised, there) // block_align,
        promised=promised // block_align,
        whole=head if len(head) == file_size else b"",
    )


def _samples(raw: np.ndarray | bytes, offset: int, frames: int, layout: WavLayout) -> np.ndarray:
    """`(frames, channels)` of the bytes from `offset` on."""
    shape = (frames, layout.channels)
    if layout.bits != 24:
        return np.ndarray(shape, layout.dtype, raw, offset)
    # int32 at every third byte, from one byte early: the sample in the upper 24 bits, its neighbour below.
    overlapping = np.ndarray(shape, layout.dtype, raw, offset - 1, (3 * layout.channels, 3))
    return overlapping & np.int32(-256)


def _fill(stream: IO[bytes], buffer: memoryview) -> int:
    """Read until `buffer` is full or the stream ends; the bytes read."""
    filled = 0
    while filled < len(buffer):
        # Some file-like objects have read() only.
        if hasattr(stream, "readinto"):
            got = stream.readinto(buffer[filled:])
        else:
            data = stream.read(len(buffer) - filled)
            got = len(data)
            buffer[filled : filled + got] = data
        if not got:
            break
        filled += got
    return filled


def _read(source: Source, head: bytes, position: int, count: int) -> bytes:
    return head[position : position + count] if position + count <= len(head) else source.read_at(position, count)
