"""One face for every kind of file: blocks of samples, what was promised, and what is missing."""

import warnings
from collections.abc import Iterator
from typing import Protocol, Self

import numpy as np

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import (
    ArgumentError,
    ShortAudioError,
    ShortAudioWarning,
    UnsupportedAudioError,
)
from sonovox.io.media import MediaReader, is_media
from sonovox.io.metadata import AudioMetaData
from sonovox.io.sndfile import SndfileReader
from sonovox.io.source import AudioFile, Source, open_source
from sonovox.io.wav import WavReader, parse_wav

__all__ = ["Reader", "check_complete", "check_on_short", "check_range", "open_reader"]

# What callers call a format -> what the readers call it.
_FORMAT_NAMES = {
    **dict.fromkeys(("vorbis", "opus", "oga"), "ogg"),
    **dict.fromkeys(("wave", "wavex", "rf64"), "wav"),
    **dict.fromkeys(("m4a", "m4b", "mov", "3gp"), "mp4"),
    **dict.fromkeys(("mkv", "mka", "webm"), "matroska"),
    "aif": "aiff",
    "sph": "nist",
    "wma": "asf",
}


class Reader(Protocol):
    """An opened file of sound; the end of a `with` block closes it and its source.

    Attributes:
        name: of the file, for messages.
        size: in bytes.
        metadata: what the header tells; `num_frames` may be an estimate.
        dtype: of native blocks.
        promise: samples per channel that must be there; None where the file does not tell.
    """

    name: str
    size: int
    metadata: AudioMetaData
    dtype: np.dtype
    promise: int | None

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def blocks(self, start: int, stop: int | None, *, native: bool = False) -> Iterator[np.ndarray]:
        """Samples `start` to `stop` (None: the end) as arrays `(frames, channels)`.

        An array is valid until the next one is asked for. Its type is one that
        `to_float` understands; with `native` it is `dtype`. Where the file ends
        early the blocks do too, without an error.
        """
        ...

    def missing(self) -> str:
        """After the end was reached: a reason to believe that more should have come, or an empty string."""
        ...


def open_reader(filepath: AudioFile, format: str | None = None) -> Reader:
    """The reader that understands the file, chosen by its first bytes; for a `with` block, which closes the file.

    Args:
        filepath: a path or a binary file-like object; see `open_source`.
        format: what it must be (`"wav"`, `"mp3"`, ...); None to accept anything.

    Raises:
        AudioError: as `open_source`; or not a known format, damaged, or not of the wanted format.
    """
    source = open_source(filepath)
    try:
        reader = _reader_of(source)
    except BaseException:
        source.close()
        raise
    if format is not None:
        wanted = _FORMAT_NAMES.get(format.lower(), format.lower())
        if wanted != reader.metadata.format:
            with reader:
                raise UnsupportedAudioError(
                    f"{reader.name} is {reader.metadata.format}, expected format={format!r}",
                    hint="leave format out, to let the content decide",
                )
    return reader


def _reader_of(source: Source) -> Reader:
    layout = parse_wav(source)
    if layout is not None:
        return WavReader(source, layout)
    return MediaReader(source) if is_media(source) else SndfileReader(source)


def check_range(reader: Reader, frame_offset: int, num_frames: int) -> int | None:
    """The sample before which reading stops; None for the end of the file.

    Raises:
        ArgumentError: negative numbers, or an offset beyond the end of the file.
    """
    if frame_offset < 0 or num_frames < -1:
        raise ArgumentError(
            f"frame_offset must be at least 0 and num_frames at least -1, got {frame_offset} and {num_frames}",
            hint="-1 frames means until the end",
        )
    if reader.promise is not None and frame_offset > reader.promise:
        raise ArgumentError(
            f"frame_offset must be at most {reader.promise}, the length of {reader.name}, got {frame_offset}"
        )
    if num_frames == -1:
        return reader.promise
    return frame_offset + num_frames if reader.promise is None else min(frame_offset + num_frames, reader.promise)


def check_complete(reader: Reader, start: int, stop: int | None, got: int, on_short: str) -> None:
    """Refuse (or warn of) a file that gave fewer samples than it should.

    Args:
        reader: after its blocks were read.
        start: first sample that was asked for.
        stop: as `check_range` gave it.
        got: samples that came.
        on_short: `"raise"` or `"warn"`.

    Raises:
        ShortAudioError: naming the file, what was promised and what came.
    """
    fewer = stop is not None and start + got < stop
    at_end = fewer or stop == reader.promise
    # Without a promise, fewer than asked may just be the end of the file.
    lacks = f"{start + got} of {stop} samples are there" if fewer and reader.promise is not None else ""
    missing = reader.missing() if at_end else ""
    if not lacks and not missing:
        return
    message = f"{reader.name} ends before its header says: {'; '.join(filter(None, (lacks, missing)))}"
    if on_short == "raise":
        raise ShortAudioError(
            message, hint="copy the file again, or accept what is there in Python, with on_short='warn'"
        )
    warnings.warn(message, ShortAudioWarning, stacklevel=3)


def check_on_short(on_short: str) -> None:
    """Refuse anything but the two ways to treat short files."""
    check_choice("on_short", on_short, ("raise", "warn"))
