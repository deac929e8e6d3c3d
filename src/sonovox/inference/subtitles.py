"""Subtitles: timed texts laid out in short cues of balanced lines, in the syntax of SubRip and WebVTT.

Lines of 42 characters, two lines, 5/6 to 7 seconds and 20 characters a second are
the common limits of broadcasters and streaming services (Netflix, "Timed text
style guide: general requirements"). WebVTT is https://www.w3.org/TR/webvtt1/.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from sonovox._internal.errors import ArgumentError
from sonovox.inference.line_breaking import balanced_blocks, text_width

__all__ = ["Cue", "TimedText", "format_srt", "format_vtt", "make_cues"]


class TimedText(Protocol):
    """What cues are made of: a text with its start and end in seconds."""

    @property
    def start(self) -> float:
        """In seconds."""

    @property
    def end(self) -> float:
        """In seconds."""

    @property
    def text(self) -> str:
        """In any language."""


@dataclass(frozen=True)
class Cue:
    """What is on the screen at one time: `lines`, from `start_ms` to `end_ms`, in milliseconds."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def make_cues(
    segments: Iterable[TimedText],
    *,
    max_characters: int = 42,
    max_lines: int = 2,
    min_duration: float = 5 / 6,
    max_duration: float = 7.0,
    characters_per_second: float = 20.0,
) -> list[Cue]:
    """Cues that show the texts of `segments`, in order of time and without overlap.

    A segment that does not fit is shared out over several cues, at the times of its
    `words` where it has some (with `start` and `text` each), else with its time in
    proportion to their characters; lines and cues are about equally long and
    break after punctuation or before a conjunction where they can. A cue stays
    until it can be read, if nothing follows, and is gone after `max_duration`.
    One that would be shorter than `min_duration` delays what follows.

    Args:
        segments: texts with start and end in seconds; empty texts are left out.
        max_characters: of a line; East Asian wide characters count twice.
        max_lines: of a cue.
        min_duration: of a cue, in seconds.
        max_duration: of a cue, in seconds.
        characters_per_second: reading speed that a cue stays long enough for.

    Raises:
        ArgumentError: limits that no cue can keep.

    >>> from types import SimpleNamespace
    >>> jfk = SimpleNamespace(start=0.0, end=4.5, text="And so, my fellow Americans, ask not what your country can do")
    >>> make_cues([jfk])
    [Cue(start_ms=0, end_ms=4500, lines=('And so, my fellow Americans,', 'ask not what your country can do'))]
    """
    if max_characters < 2 or max_lines < 1:
        raise ArgumentError(
            f"max_characters must be at least 2 and max_lines at least 1, got {max_characters} and {max_lines}",
            hint="42 characters and 2 lines are usual",
        )
    if not (0.001 <= min_duration <= max_duration) or characters_per_second <= 0:
        raise ArgumentError(
            "min_duration, max_duration and characters_per_second must be positive, and min_duration the smaller one, "
            f"got {min_duration} s, {max_duration} s and {characters_per_second}",
            hint="5/6 s, 7 s and 20 are usual",
        )
    cues: list[Cue] = []
    for segment in segments:
        duration = segment.end - segment.start
        blocks = balanced_blocks(
            segment.text,
            max_characters=max_characters,
            max_lines=max_lines,
            at_least=math.ceil(duration / max_duration),
        )
        times = [round(1000 * seconds) for seconds in _times_of_blocks(segment, blocks)]
        cues += map(Cue, times, times[1:], blocks)
    cues.sort(key=lambda cue: cue.start_ms)
    return _without_overlap(cues, round(min_duration * 1000), round(max_duration * 1000), characters_per_second)


def format_srt(cues: Iterable[Cue]) -> str:
    """`cues` as a SubRip file. An arrow `-->` inside a text becomes `→`, for it would end the cue.

    >>> print(format_srt([Cue(0, 1500, ("And so,", "my fellow Americans"))]), end="")
    1
    00:00:00,000 --> 00:00:01,500
    And so,
    my fellow Americans
    """
    return "\n".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n"
        + "".join(f"{line.replace('-->', '→')}\n" for line in cue.lines)
        for number, cue in enumerate(cues, start=1)
    )


def format_vtt(cues: Iterable[Cue]) -> str:
    """`cues` as a WebVTT file, with &, < and > escaped.

    >>> print(format_vtt([Cue(0, 1500, ("Q&A",))]), end="")
    WEBVTT
    <BLANKLINE>
    00:00:00.000 --> 00:00:01.500
    Q&amp;A
    """
    return "WEBVTT\n" + "".join(
        f"\n{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n"
        + "".join(f"{_escape(line)}\n" for line in cue.lines)
        for cue in cues
    )


def _times_of_blocks(segment: TimedText, blocks: Sequence[Sequence[str]]) -> list[float]:
    """When each block begins, and when the last one ends."""
    said = [sum(len("".join(line.split())) for line in lines) for lines in blocks]  # characters
    words = getattr(segment, "words", ())
    reached = [0, *accumulate(len("".join(word.text.split())) for word in words)]
    if words and reached[-1] == sum(said):
        begins = accumulate([0, *said[:-1]])
        return [*(words[bisect_right(reached, begin) - 1].start for begin in begins), segment.end]
    shares = [0, *accumulate(sum(map(text_width, lines)) for lines in blocks)]
    duration = segment.end - segment.start
    return [segment.start + duration * share / max(shares[-1], 1) for share in shares]


def _without_overlap(cues: Sequence[Cue], min_ms: int, max_ms: int, characters_per_second: float) -> list[Cue]:
    placed = []
    free_from = 0
    for i, cue in enumerate(cues):
        start = max(cue.start_ms, free_from)
        readable = start + math.ceil(1000 * sum(map(len, cue.lines)) / characters_per_second)
        end = max(cue.end_ms, readable)
        if i + 1 < len(cues):
            end = min(end, cues[i + 1].start_ms)
        free_from = min(max(end, start + min_ms), start + max_ms)
        placed.append(Cue(start, free_from, cue.lines))
    return placed


def _clock(milliseconds: int, decimal_mark: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal_mark}{milliseconds:03}"


def _escape(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
