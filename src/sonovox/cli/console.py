"""How the command speaks: results on stdout, everything else on stderr, errors as one line and a hint."""

import sys
from collections.abc import Iterable

from sonovox._internal.errors import SonovoxError

__all__ = ["human_time", "note", "print_error", "table"]


def note(text: str) -> None:
    """A line for the person at the terminal, out of the way of results."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def print_error(error: SonovoxError) -> None:
    """The message on one line, and what to do on the next."""
    note(f"error: {error.message}")
    if error.hint:
        note(f"hint:  {error.hint}")


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
