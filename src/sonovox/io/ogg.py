"""Ogg pages (RFC 3533): does a file end where its stream ends?

libsndfile takes what comes as the whole: of a file that was cut it gives the pages
that are left, and of several streams one after the other it gives the first.
"""

from collections.abc import Iterator

from sonovox.io.source import Source

__all__ = ["missing_from_ogg"]

_BEGINS, _ENDS = 0x02, 0x04  # flags of a page: the first of its stream, the last of its stream
_PIECE = 1 << 20


def missing_from_ogg(source: Source) -> str:
    """What an Ogg file lacks, or what of it libsndfile does not read; empty when it is whole."""
    flags, last, begun = 0, 0, False
    for last, flags in _pages(source):
        if flags & _BEGINS and begun:
            return f"it holds another stream from byte {last} on, of which only the first can be read"
        begun = begun or not flags & _BEGINS
    if not flags & _ENDS:
        return "its last page is not marked as the end of the stream"
    header = source.read_at(last, 27 + 255)
    segments = header[27 : 27 + header[26]] if len(header) > 26 else b""
    promised = 27 + len(segments) + sum(segments)
    there = source.size - last
    return f"its last page promises {promised} bytes, {there} are there" if promised > there else ""


def _pages(source: Source) -> Iterator[tuple[int, int]]:
    """Byte position and flags of every page."""
    position = 0
    while position < source.size:
        piece = source.read_at(position, _PIECE + 5)
        found = piece.find(b"OggS\0")
        while 0 <= found < min(_PIECE, len(piece) - 5):
            yield position + found, piece[found + 5]
            found = piece.find(b"OggS\0", found + 5)
        position += _PIECE
