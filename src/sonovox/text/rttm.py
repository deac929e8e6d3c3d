"""RTTM files: who spoke when, a line for each turn.

NIST, "The 2009 (RT-09) rich transcription meeting recognition evaluation plan", appendix A:

    SPEAKER recording 1 begin seconds <NA> <NA> speaker <NA> <NA>
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import write_text

__all__ = ["Turn", "parse_rttm", "read_rttm", "rttm_lines", "write_rttm"]

NOTHING = "<NA>"
KIND = "SPEAKER"
# Kind, recording, channel, begin, length, two that are left out, speaker.
FEWEST_WORDS = 8


class Turn(NamedTuple):
    """A stretch in which a speaker speaks; a reference or a hypothesis of `diarization_error_rate`.

    Args:
        start: in seconds.
        end: in seconds.
        speaker: a name.
    """

    start: float
    end: float
    speaker: str


def rttm_lines(turns: Iterable[tuple[float, float, str]], recording: str) -> str:
    """The turns of a recording as text, in milliseconds, which the format separates by spaces.

    Args:
        turns: begin and end in seconds, and the speaker.
        recording: its name.

    Raises:
        ArgumentError: a name that is empty or has spaces, or a turn that ends before it begins.

    >>> print(rttm_lines([Turn(0.5, 2.0, "ann")], "meeting"), end="")
    SPEAKER meeting 1 0.500 1.500 <NA> <NA> ann <NA> <NA>
    """
    lines = []
    for start, end, speaker in turns:
        for name in (recording, speaker):
            if len(name.split()) != 1 or name != name.strip():
                raise ArgumentError(f"RTTM has no names with spaces, got {name!r}", hint="write _ for them")
        if not 0 <= start <= end:
            raise ArgumentError(f"a turn must begin at 0 or later and end after that, got {(start, end, speaker)}")
        seconds = round(end, 3) - round(start, 3)
        lines.append(
            f"{KIND} {recording} 1 {start:.3f} {seconds:.3f} {NOTHING} {NOTHING} {speaker} {NOTHING} {NOTHING}"
        )
    return "".join(f"{line}\n" for line in lines)


def write_rttm(path: str | os.PathLike[str], recordings: Mapping[str, Iterable[tuple[float, float, str]]]) -> None:
    """Write the turns of some recordings into a file, crash-safe.

    Args:
        path: of the file.
        recordings: name -> turns.

    Raises:
        ArgumentError: as `rttm_lines`.
        WriteError: the file cannot be written.
    """
    write_text(path, "".join(rttm_lines(turns, name) for name, turns in recordings.items()))


def parse_rttm(text: str, *, name: str = "the text") -> dict[str, list[Turn]]:
    """Recording -> its turns, in their order; other lines than those of turns are left out.

    Args:
        text: lines of RTTM.
        name: what an error calls it.

    Raises:
        ArgumentError: a line of a turn that is not one, with its number.

    >>> parse_rttm("SPEAKER meeting 1 0.5 1.5 <NA> <NA> ann <NA> <NA>")
    {'meeting': [Turn(start=0.5, end=2.0, speaker='ann')]}
    """
    found: dict[str, list[Turn]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or words[0] != KIND:
            continue
        try:
            _, recording, _, start, seconds, _, _, speaker = words[:FEWEST_WORDS]
            begin, length = float(start), float(seconds)
        except ValueError as error:
            raise ArgumentError(
                f"{name}, line {number}: a turn is SPEAKER recording 1 begin seconds <NA> <NA> speaker, got {line!r}"
            ) from error
        if not (begin >= 0 and length >= 0):
            raise ArgumentError(f"{name}, line {number}: begin and length must not be negative, got {line!r}")
        found.setdefault(recording, []).append(Turn(begin, begin + length, speaker))
    return found


def read_rttm(path: str | os.PathLike[str]) -> dict[str, list[Turn]]:
    """The turns in a file; as `parse_rttm`.

    Raises:
        ArgumentError: a line that is wrong, or a file that cannot be read.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"cannot read {os.fspath(path)}: {error}", hint="give a text file of RTTM lines") from error
    return parse_rttm(text, name=os.fspath(path))
