"""Ogg pages (RFC 3533): does a file end where its stream ends, and where does its last page begin?

libsndfile takes what comes as the whole: of a file that was cut it gives the pages that are
left, and of several streams one after the other it gives the first. It also takes the time of
a last page that is not full for the time of a full one, and seeks to a wrong sample there.
"""

import struct
from collections.abc import Iterator

from sonovox.io.source import Source

__all__ = ["missing_from_ogg", "start_of_last_page"]

_BEGINS, _ENDS = 0x02, 0x04  # flags of a page: the first of its stream, the last of its stream
_PIECE = 1 << 20
_LARGEST_PAGE = 27 + 255 + 255 * 255


def missing_from_ogg(source: Source) -> str:
    """What an Ogg file lacks, or what of it libsndfile does not read; empty when it is whole."""
    flags, last, begun = 0, 0, False
    numbers: dict[int, int] = {}  # stream -> number of its latest page
    for last, flags, stream, number in _pages(source):
        if flags & _BEGINS and begun:
            return f"it holds another stream from byte {last} on, and only the first can be read"
        if number != numbers.get(stream, number - 1) + 1:
            return f"a page is missing before byte {last}"
        numbers[stream] = number
        begun = begun or not flags & _BEGINS
    if not flags & _ENDS:
        return "its last page is not marked as the end of the stream"
    header = source.read_at(last, 27 + 255)
    segments = header[27 : 27 + header[26]] if len(header) > 26 else b""
    promised = 27 + len(segments) + sum(segments)
    there = source.size - last
    return f"its last page promises {promised} bytes, {there} are there" if promised > there else ""


def start_of_last_page(source: Source) -> int:
    """The sample with which the last page begins; 0 where it cannot be known."""
    tail = source.read_at(max(0, source.size - 2 * _LARGEST_PAGE), 2 * _LARGEST_PAGE)
    last = tail.rfind(b"OggS\0")
    before = tail.rfind(b"OggS\0", 0, max(0, last))
    if before < 0:
        return 0
    # The time of a page is that of its end; -1 where no packet ends in it.
    return max(0, int.from_bytes(tail[before + 6 : before + 14], "little", signed=True))


def _pages(source: Source) -> Iterator[tuple[int, int, int, int]]:
    """Byte position, flags, stream and number of every page."""
    position = 0
    while position < source.size:
        piece = source.read_at(position, _PIECE + 27)
        found = piece.find(b"OggS\0")
        while 0 <= found < min(_PIECE, len(piece) - 22):
            yield position + found, piece[found + 5], *struct.unpack_from("<II", piece, found + 14)
            found = piece.find(b"OggS\0", found + 5)
        position += _PIECE
