"""Progress over audio: a bar in minutes on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sonovox.cli.console import human_time, note
from sonovox.cli.inputs import Input

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

__all__ = ["AudioProgress", "BarProgress", "PlainProgress", "bar_columns", "progress_of"]

# Without a terminal a line of progress comes at most this often.
PLAIN_INTERVAL_S = 15.0


class AudioProgress:
    """How far a run over some recordings is. This one is silent but for the results.

    Args:
        durations: of the inputs, in seconds, as far as they are known.

    >>> from pathlib import Path
    >>> talk = Input(Path("talk.wav"), Path("talk"))
    >>> progress = AudioProgress({talk: 60.0})
    >>> progress.begin(talk, 61.0)
    >>> progress.reached(30.0)
    >>> progress.done, progress.total
    (30.0, 61.0)
    """

    def __init__(self, durations: Mapping[Input, float]) -> None:
        self.durations = dict(durations)
        self.finished = 0.0
        self.current = 0.0
        self.began = time.perf_counter()

    @property
    def total(self) -> float:
        """Seconds of audio in all inputs."""
        return sum(self.durations.values())

    @property
    def done(self) -> float:
        """Seconds of audio behind us."""
        return self.finished + self.current

    @property
    def speed(self) -> float:
        """Seconds of audio a second."""
        return self.done / max(time.perf_counter() - self.began, 1e-9)

    @property
    def left(self) -> str:
        """The time that the rest will take, as it went so far; empty before anything is done."""
        if not self.done:
            return ""
        seconds = round((self.total - self.done) / self.speed)
        return f"about {human_time(seconds).removesuffix('.0')} left"

    def begin(self, item: Input, duration: float) -> None:
        """The next input starts, and its length is now known."""
        self.finished, self.current = self.done, 0.0
        self.durations[item] = duration
        self.show(item)

    def skip(self, item: Input) -> None:
        """An input has failed."""
        self.durations[item] = self.current
        self.show(item)

    def reached(self, seconds: float) -> None:
        """The current input is done up to here."""
        self.current = seconds
        self.show(None)

    def show(self, item: Input | None) -> None:
        """Tell the person; `item` where it has changed."""

    def line(self, text: str) -> None:
        """A line of the result."""
        print(text, flush=True)  # noqa: T201

    def note(self, text: str) -> None:
        """A remark."""


class PlainProgress(AudioProgress):
    """Lines on stderr, now and then."""

    last = 0.0

    def show(self, item: Input | None) -> None:
        now = time.perf_counter()
        if now - max(self.last, self.began) < PLAIN_INTERVAL_S or self.total == 0:
            return
        self.last = now
        state = f"{human_time(self.done)} of {human_time(self.total)} done, {self.speed:.1f}x real time"
        note(f"{state}, {self.left}" if self.left else state)

    def note(self, text: str) -> None:
        note(text)


class BarProgress(AudioProgress):
    """A live bar; lines of the result scroll above it."""

    def __init__(self, durations: Mapping[Input, float], bar: "Progress") -> None:
        super().__init__(durations)
        self.bar = bar
        self.task = bar.add_task("", total=None, state="")

    def show(self, item: Input | None) -> None:
        if item is not None:
            self.bar.update(self.task, description=item.path.name)
        state = f"{self.done / 60:.1f}/{self.total / 60:.1f} min"
        if self.done:
            state += f"  {self.speed:.1f}x real time  {self.left}"
        self.bar.update(self.task, total=self.total, completed=self.done, state=state)

    def line(self, text: str) -> None:
        if sys.stdout.isatty():
            self.bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            super().line(text)

    def note(self, text: str) -> None:
        self.bar.console.print(text, markup=False, highlight=False, soft_wrap=True, style="dim")


@contextmanager
def progress_of(durations: Mapping[Input, float], *, quiet: bool) -> Iterator[AudioProgress]:
    """Progress over inputs of these `durations` in seconds, in the form that fits where the command runs."""
    if quiet:
        yield AudioProgress(durations)
    elif not sys.stderr.isatty():
        yield PlainProgress(durations)
    else:
        from rich.console import Console
        from rich.progress import Progress

        # Where stdout is a file or a pipe, rich would take its lines to the terminal.
        with Progress(*bar_columns(), console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
            yield BarProgress(durations, bar)


def bar_columns() -> "list[ProgressColumn]":
    """What stands in the bar: the file, the bar, and its state; no name is taken as markup."""
    from rich.progress import BarColumn, TextColumn
    from rich.table import Column

    return [
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=30)),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[state]}", markup=False, table_column=Column(no_wrap=True)),
    ]
