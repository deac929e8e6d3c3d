"""MPEG audio frames: a true count of samples for files whose own header lacks one.

An mp3 may begin with an "Xing" or "Info" frame that tells how many frames follow.
Where it is absent, libsndfile guesses the length from the bit rate of the first
frame, and gives no samples beyond that guess: of a file of variable bit rate it may
drop four fifths. Where files were joined, the first one's count hides the rest.
Both are cured by counting the frames and putting a true header in front.

Headers of frames: ISO/IEC 11172-3, section 2.4.1.3, and 13818-3 for half the rates.
"""

import io
import os
import re
from dataclasses import dataclass
from typing import cast

from sonovox.io.source import Source

__all__ = ["CountedMp3", "count_mp3"]

_BITRATES = {  # kbit/s of Layer III by the 4-bit index; index 0 is "free", 15 is forbidden
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_SYNC = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")  # Layer III, with or without a checksum
_FIRST_WITHIN = 1 << 16
_PIECE = 1 << 20
# Behind the bytes that a header counts there may be small tags; before more, it is worth counting.
_SMALL_TAGS = 1024


@dataclass(frozen=True)
class _Frame:
    """A frame header that was understood."""

    length: int  # in bytes
    samples: int
    side_info: int  # bytes between the header and where an Xing mark stands
    head: bytes


class CountedMp3(io.RawIOBase):
    """An mp3 with a counted header frame in front, as a stream.

    Attributes:
        least: samples per channel that must be there; somewhat less than were counted, since a
            decoder loses some frames where it has to find the beat.
    """

    def __init__(self, source: Source, header: bytes, first: int, least: int) -> None:
        super().__init__()
        self.least = least
        self._source, self._header, self._skip = source, header, first - len(header)
        self._position = 0

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._position < len(self._header):
            data = self._header[self._position : self._position + len(buffer)]
        else:
            data = self._source.read_at(self._position + self._skip, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._source.size - self._skip}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def count_mp3(source: Source) -> tuple[bool, CountedMp3 | None]:
    """Whether the file's own count of frames holds; where not, a stream with a true one.

    There is neither where the file is no Layer III.
    """
    start = _after_id3(source)
    head = source.read_at(start, _FIRST_WITHIN)
    found = next((m.start() for m in _SYNC.finditer(head) if _is_first(head, m.start())), None)
    if found is None:
        return False, None
    first, frame = start + found, _frame(head[found : found + 4])
    if frame is None:
        return False, None
    promised, promised_bytes = _xing(head[found : found + frame.length], frame)
    if promised and promised_bytes and first + promised_bytes + _SMALL_TAGS >= source.size:
        return True, None  # its count speaks for the whole file, or for more than is left of it
    body = first if promised is None else first + frame.length  # its own header is replaced
    counted = _count(source, body)
    if promised and counted <= promised + 1:
        return True, None
    header = _xing_frame(frame, counted, source.size - body)
    return False, CountedMp3(source, header, body, least=max(0, counted * 49 // 50 - 4) * frame.samples)


def _after_id3(source: Source) -> int:
    """Where the ID3v2 tags at the start end; their size is in 7-bit bytes."""
    position = 0
    while (tag := source.read_at(position, 10))[:3] == b"ID3" and len(tag) == 10:
        a, b, c, d = tag[6:]
        position += 10 + (a << 21 | b << 14 | c << 7 | d)
    return position


def _is_first(head: bytes, position: int) -> bool:
    """A frame whose successor stands where it should, so that the sync word is not chance."""
    frame = _frame(head[position : position + 4])
    return frame is not None and _frame(head[position + frame.length :][:4]) is not None


def _frame(head: bytes) -> _Frame | None:
    if len(head) < 4 or not _SYNC.match(head):
        return None
    version, bitrate_index, rate_index = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bitrate_index in (0, 15) or rate_index == 3:
        return None
    half = version != 3
    bitrate = _BITRATES[2 if half else 1][bitrate_index] * 1000
    samples = 576 if half else 1152
    length = samples // 8 * bitrate // _SAMPLE_RATES[version][rate_index] + (head[2] >> 1 & 1)
    mono = head[3] >> 6 == 3
    side_info = (9 if mono else 17) if half else (17 if mono else 32)
    checksum = 0 if head[1] & 1 else 2
    return _Frame(length, samples, side_info + checksum, head)


def _xing(body: bytes, frame: _Frame) -> tuple[int | None, int | None]:
    """Frames and bytes that an Xing or Info header tells; (None, None) where there is no such header."""
    mark = body[4 + frame.side_info :][:16]
    if mark[:4] not in (b"Xing", b"Info") or len(mark) < 16:
        return None, None
    flags, *numbers = (int.from_bytes(mark[at : at + 4], "big") for at in (4, 8, 12))
    told = iter(numbers)
    return next(told) if flags & 1 else 0, next(told) if flags & 2 else 0


def _count(source: Source, position: int) -> int:
    """Frames from `position` to the end of the file; bytes that are no frame are passed over."""
    count, base, piece, in_step = 0, position, source.read_at(position, _PIECE), True
    while True:
        at = position - base
        if at + 4 > len(piece):
            base, piece, at = position, source.read_at(position, _PIECE), 0
            if len(piece) < 4:
                return count
        frame = _frame(piece[at : at + 4])
        # Out of step, a sync word is believed only if another follows where it should: pictures in tags have many.
        if frame is None or not (in_step or _frame(source.read_at(position + frame.length, 4))):
            sync = _SYNC.search(piece, at + 1)
            position = base + (sync.start() if sync else max(at + 1, len(piece) - 1))
            in_step = False
        else:
            count += position + frame.length <= source.size  # the last one may be cut
            position += frame.length
            in_step = True


def _xing_frame(frame: _Frame, frames: int, size: int) -> bytes:
    """A silent frame like `frame`, with a header that tells the number of frames and bytes."""
    # Bit rate index 5 gives at least 120 bytes at every rate; padding off, no checksum.
    head = bytes((0xFF, frame.head[1] | 1, 5 << 4 | frame.head[2] & 0x0C, frame.head[3]))
    model = cast(_Frame, _frame(head))  # it differs from a frame that was understood in nothing that could fail
    xing = b"Xing" + (3).to_bytes(4, "big") + frames.to_bytes(4, "big") + (size + model.length).to_bytes(4, "big")
    return (head + bytes(model.side_info) + xing).ljust(model.length, b"\0")
