"""How the command speaks: results on stdout, everything else on stderr, errors as one line and a hint."""

import sys
import traceback
from collections.abc import Iterable

from sonovox._internal.errors import SonovoxError

__all__ = ["as_sonovox_error", "human_time", "note", "print_error", "table"]


def note(text: str) -> None:
    """A line for the person at the terminal, out of the way of results."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def print_error(error: SonovoxError, *, debug: bool = False) -> None:
    """The message on one line, and what to do on the next; before them, with `debug`, the traceback."""
    if debug:
        note("".join(traceback.format_exception(error)).rstrip())
    note(f"error: {' '.join(error.message.split())}")
    if error.hint:
        note(f"hint:  {error.hint}")


def as_sonovox_error(error: Exception, *, place: str = "") -> SonovoxError:
    """`error` itself, or one that reports it where nobody foresaw it; `place` says what was being worked on.

    >>> as_sonovox_error(RuntimeError("out of memory")).message
    'unexpected RuntimeError: out of memory'
    """
    if isinstance(error, SonovoxError):
        return error
    told = SonovoxError(
        f"{place}{': ' if place else ''}unexpected {type(error).__name__}: {error}",
        hint="--debug shows where; a report of it is welcome",
    )
    told.__cause__ = error
    return told


def human_time(seconds: float) -> str:
    """Hours, minutes and seconds, as short as they are.

    >>> human_time(44.374), human_time(3723.5)
    ('0:44.4', '1:02:03.5')
    """
    tenths = round(seconds * 10)
    hours, rest = divmod(tenths, 36000)
    minutes, rest = divmod(rest, 600)
    clock = f"{minutes:02}:{rest / 10:04.1f}" if hours else f"{minutes}:{rest / 10:04.1f}"
    return f"{hours}:{clock}" if hours else clock


def table(rows: Iterable[Iterable[str]]) -> str:
    """Columns aligned by spaces.

    >>> print(table([["tiny", "76 MB"], ["large-v3", "3.1 GB"]]))
    tiny      76 MB
    large-v3  3.1 GB
    """
    rows = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
