"""What a recogniser returns: segments of text with their times, and how they are written to files."""

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import write_text
from sonovox.inference.line_breaking import join_texts
from sonovox.inference.subtitles import format_srt, format_vtt, make_cues

__all__ = ["Segment", "Transcript", "Word"]


@dataclass(frozen=True)
class Word:
    """A word, and when it was said, in seconds from the beginning of the recording."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Segment:
    """A stretch of speech and what was said in it.

    Attributes:
        start: in seconds from the beginning of the recording.
        end: in seconds; not before `start`.
        text: as it was recognised.
        tokens: numbers of the model's tokens, with their timestamps if it has some.
        temperature: at which the tokens were chosen; 0 is the most probable ones.
        average_log_probability: natural logarithm, mean over the tokens; None when unknown.
        compression_ratio: length of the text by that of its zlib form; repetition makes it high.
        no_speech_probability: 0 to 1.
        language: code such as "en", where it differs from that of the transcript.
        words: with their times, where the model tells these.

    Raises:
        ArgumentError: times that are not finite, negative, or end before they start.
    """

    start: float
    end: float
    text: str
    tokens: tuple[int, ...] = ()
    temperature: float = 0.0
    average_log_probability: float | None = None
    compression_ratio: float | None = None
    no_speech_probability: float | None = None
    language: str | None = None
    words: tuple[Word, ...] = ()

    def __post_init__(self) -> None:
        if not (0 <= self.start <= self.end < math.inf):
            raise ArgumentError(
                f"a segment must have 0 <= start <= end in seconds, got start={self.start} and end={self.end}",
                hint=f"its text is {self.text!r}",
            )


@dataclass(frozen=True)
class Transcript:
    """What was said in a recording; `str()` of it is the text.

    Attributes:
        segments: in order of time.
        language: code such as "en"; None when unknown.
        duration: of the recording, in seconds; None when unknown.

    >>> transcript = Transcript((Segment(0.0, 2.5, " And so, my fellow Americans"),), language="en", duration=11.0)
    >>> print(transcript)
    And so, my fellow Americans
    >>> print(transcript.to_srt(), end="")
    1
    00:00:00,000 --> 00:00:02,500
    And so, my fellow Americans
    """

    segments: tuple[Segment, ...] = ()
    language: str | None = None
    duration: float | None = None

    @property
    def text(self) -> str:
        """The texts of all segments as one line."""
        return join_texts(segment.text for segment in self.segments)

    def __str__(self) -> str:
        return self.text

    def to_txt(self) -> str:
        """The text, a line for each segment."""
        return "".join(f"{line}\n" for segment in self.segments if (line := " ".join(segment.text.split())))

    def to_srt(self, *, max_characters: int = 42, max_lines: int = 2) -> str:
        """SubRip subtitles; the layout is that of `make_cues`."""
        return format_srt(make_cues(self.segments, max_characters=max_characters, max_lines=max_lines))

    def to_vtt(self, *, max_characters: int = 42, max_lines: int = 2) -> str:
        """WebVTT subtitles; the layout is that of `make_cues`."""
        return format_vtt(make_cues(self.segments, max_characters=max_characters, max_lines=max_lines))

    def to_tsv(self) -> str:
        """A table with start and end in milliseconds and the text, separated by tabs."""
        rows = [
            f"{round(1000 * segment.start)}\t{round(1000 * segment.end)}\t{' '.join(segment.text.split())}\n"
            for segment in self.segments
        ]
        return "".join(["start\tend\ttext\n", *rows])

    def to_json(self) -> str:
        """Everything that is known, as JSON; numbers that are not finite become null."""
        content = {
            "text": self.text,
            "language": self.language,
            "duration": self.duration,
            "segments": [
                _finite(vars(segment)) | {"words": [_finite(vars(word)) for word in segment.words]}
                for segment in self.segments
            ],
        }
        return json.dumps(_finite(content), ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Transcript":
        """The transcript that `to_json` wrote as `text`.

        Raises:
            ArgumentError: `text` is not JSON, or not that of a transcript.

        >>> transcript = Transcript((Segment(0.0, 1.0, "hello", tokens=(31373,)),), language="en")
        >>> Transcript.from_json(transcript.to_json()) == transcript
        True
        """
        try:
            content = json.loads(text)
            segments = tuple(map(_segment_of, content["segments"]))
            return cls(segments, language=content["language"], duration=content["duration"])
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ArgumentError(
                f"the text must be the JSON of a transcript, got {text[:40]!r} ({type(error).__name__}: {error})",
                hint="read a file that sonovox wrote with --format json",
            ) from error

    def save(self, path: str | os.PathLike[str], *, format: str | None = None) -> None:
        """Write the transcript to `path`, crash-safe.

        Args:
            path: where to.
            format: "txt", "srt", "vtt", "json" or "tsv"; by default the suffix of `path`.

        Raises:
            ChoiceError: another format.
            WriteError: the file cannot be written.
        """
        writers: dict[str, Callable[[], str]] = {
            "txt": self.to_txt,
            "srt": self.to_srt,
            "vtt": self.to_vtt,
            "json": self.to_json,
            "tsv": self.to_tsv,
        }
        chosen = (format or Path(path).suffix.removeprefix(".")).lower()
        check_choice("format" if format else f"the suffix of {os.fspath(path)}", chosen, writers)
        write_text(path, writers[chosen]())


def _segment_of(fields: dict[str, Any]) -> Segment:
    words = tuple(Word(**word) for word in fields.get("words", ()))
    return Segment(**{**fields, "tokens": tuple(fields.get("tokens", ())), "words": words})


def _finite(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in fields.items()
    }
