"""Films and phone recordings: the sound of m4a, mp4, mov, webm, mkv, wma, aac through PyAV (extra `[media]`)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sonovox._internal.errors import CorruptAudioError, UnsupportedAudioError
from sonovox._internal.optional import require
from sonovox.io.metadata import AudioMetaData
from sonovox.io.source import Source

__all__ = ["MediaReader", "is_media"]

# Where a mark stands in the first bytes, and the mark.
_SIGNATURES = (
    (4, b"ftyp"),  # mp4, m4a, mov, 3gp
    (4, b"moov"),  # old QuickTime
    (4, b"mdat"),
    (0, b"\x1a\x45\xdf\xa3"),  # EBML: webm, mkv
    (0, bytes.fromhex("3026b2758e66cf11")),  # ASF: wma, wmv
    (0, b"\xff\xf1"),  # AAC in ADTS frames, MPEG-4
    (0, b"\xff\xf9"),  # and MPEG-2
    (0, b"FLV\x01"),
    (0, b"#!AMR"),
    (8, b"AVI "),
)
_SUFFIXES = {".aac", ".ac3", ".amr", ".m4b", ".mka", ".mpg", ".ts", ".wv"}
_PREROLL_SECONDS = 0.5  # decoded before the first wanted sample, so that overlapping transforms are complete
# FFmpeg's name of a family of containers -> ours. Their headers tell a duration, in whole packets or
# milliseconds; of all others (aac, amr, ...) FFmpeg guesses it from the bit rate.
_FAMILIES = {"mov,mp4,m4a,3gp,3g2,mj2": "mp4", "matroska,webm": "matroska", "asf": "asf"}
_SLACK_SECONDS = 0.25


def is_media(source: Source) -> bool:
    """Whether the first bytes (or, where these tell nothing, the suffix) belong to PyAV rather than libsndfile."""
    head = source.read_at(0, 16)
    if any(head[at : at + len(mark)] == mark for at, mark in _SIGNATURES):
        return True
    return source.path is not None and Path(source.path).suffix.lower() in _SUFFIXES


class MediaReader:
    """The first sound track through FFmpeg's libraries; see `sonovox.io.reader.Reader`.

    Reading from an offset seeks where timestamps count samples (mp4, m4a, mov).
    Elsewhere (webm, mkv, wma, aac) they are too coarse, and what comes before is decoded and dropped.

    Raises:
        MissingDependencyError: PyAV is not installed.
        UnsupportedAudioError: the file has no sound track.
        CorruptAudioError: the file cannot be opened.
    """

    dtype = np.dtype(np.float32)
    promise: int | None = None  # durations in these headers are not exact to the sample

    def __init__(self, source: Source) -> None:
        self.name, self.size, self._source = source.name, source.size, source
        self._av = av = require("av", purpose=f"reading {source.name}")
        source.stream.seek(0)
        try:
            # Some formats are lists of other files; no protocol means that none of these is opened.
            self._container = av.open(source.stream, metadata_errors="ignore", options={"protocol_whitelist": "none"})
        except (av.error.FFmpegError, ValueError, OSError) as error:
            raise CorruptAudioError(
                f"{source.name} cannot be opened as {Path(source.name).suffix or 'a film'}: {_reason(error)}",
                hint="it may be cut or incomplete; copy it again",
            ) from error
        if not self._container.streams.audio:
            self._container.close()
            raise UnsupportedAudioError(f"{source.name} has no sound track", hint="expected at least one")
        self._track = self._container.streams.audio[0]
        self.metadata = self._metadata()
        if self.metadata.sample_rate <= 0 or self.metadata.num_channels <= 0:
            self._container.close()
            raise CorruptAudioError(f"{source.name} does not tell the sample rate or channels of its sound track")
        self._failure, self._reached = "", 0

    def __enter__(self) -> "MediaReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()
        self._source.close()

    def blocks(self, start: int, stop: int | None, *, native: bool = False) -> Iterator[np.ndarray]:
        """Samples `start` to `stop` in float32; see `Reader.blocks`."""
        for position, samples in self._decoded(start):
            if stop is not None and position >= stop:
                return
            wanted = samples[max(0, start - position) : None if stop is None else stop - position]
            self._reached = position + len(samples)
            if len(wanted):
                yield wanted

    def missing(self) -> str:
        """What the decoder reported, or how much less than the header's duration came."""
        if self._failure:
            return f"the decoder stopped ({self._failure})"
        seconds = self._reached / self.metadata.sample_rate
        if self.metadata.format in _FAMILIES.values() and seconds < self.metadata.duration - _SLACK_SECONDS:
            return f"{seconds:.2f} of {self.metadata.duration:.2f} s are there"
        return ""

    def _metadata(self) -> AudioMetaData:
        track, container = self._track, self._container
        rate = track.codec_context.sample_rate or 0
        if track.duration is not None and track.time_base is not None:
            seconds = track.duration * track.time_base
        else:
            seconds = (container.duration or 0) / self._av.time_base
        family = _FAMILIES.get(container.format.name, container.format.name.partition(",")[0])
        encoding = track.codec_context.name.upper().removesuffix("FLOAT")
        channels = track.codec_context.channels or 0
        return AudioMetaData(rate, max(0, round(seconds * rate)), channels, 0, encoding, family)

    def _seek(self, start: int) -> bool:
        """Go somewhat before `start`, where that is possible."""
        rate = self.metadata.sample_rate
        begin = start - round(_PREROLL_SECONDS * rate)
        if begin <= 0 or self._track.time_base is None or self._track.time_base * rate != 1:
            return False
        self._container.seek(begin + (self._track.start_time or 0), stream=self._track)
        return True

    def _decoded(self, start: int) -> Iterator[tuple[int, np.ndarray]]:
        """Positions in the track, and the samples `(frames, channels)` there, from `start` or earlier on."""
        resampler = self._av.AudioResampler("fltp", self._track.layout, self.metadata.sample_rate)
        try:
            position = None if self._seek(start) else 0
            for frame in self._container.decode(self._track):
                if position is None:  # the first after a seek; its timestamp counts samples
                    position = frame.pts - (self._track.start_time or 0)
                for part in resampler.resample(frame):
                    yield position, part.to_ndarray().T
                    position += part.samples
        except (self._av.error.FFmpegError, ValueError, TypeError, OSError) as error:
            self._failure = _reason(error)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
