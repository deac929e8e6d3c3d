"""Progress over audio: a bar in minutes on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sonovox._internal.errors import AudioError
from sonovox.cli.console import human_time, note
from sonovox.cli.inputs import Input

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["AudioProgress", "progress_of"]

# Without a terminal a line of progress comes at most this often.
PLAIN_INTERVAL_S = 15.0


class AudioProgress:
    """How far a run over some recordings is. This one is silent but for the results.

    Args:
        durations: of the inputs, in seconds, as far as they are known.
    """

    def __init__(self, durations: dict[Input, float]) -> None:
        self.durations = durations
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
        left = (self.total - self.done) / max(self.speed, 1e-9)
        note(
            f"{human_time(self.done)} of {human_time(self.total)} done, {self.speed:.1f}x real time, "
            f"about {human_time(left)} left"
        )

    def note(self, text: str) -> None:
        note(text)


class BarProgress(AudioProgress):
    """A live bar; lines of the result scroll above it."""

    def __init__(self, durations: dict[Input, float], bar: "Progress") -> None:
        super().__init__(durations)
        self.bar = bar
        self.task = bar.add_task("", total=None, speed="", minutes="")

    def show(self, item: Input | None) -> None:
        if item is not None:
            self.bar.update(self.task, description=item.path.name)
        self.bar.update(
            self.task,
            total=self.total,
            completed=self.done,
            minutes=f"{self.done / 60:.1f}/{self.total / 60:.1f} min",
            speed=f"{self.speed:.1f}x",
        )

    def line(self, text: str) -> None:
        if sys.stdout.isatty():
            self.bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            super().line(text)

    def note(self, text: str) -> None:
        self.bar.console.print(text, markup=False, highlight=False, soft_wrap=True, style="dim")


@contextmanager
def progress_of(inputs: Sequence[Input], *, quiet: bool) -> Iterator[AudioProgress]:
    """Progress in the form that fits where the command runs."""
    if quiet:
        yield AudioProgress({})
    elif not sys.stderr.isatty():
        yield PlainProgress(_durations(inputs))
    else:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = [
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[minutes]}"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(compact=True),
        ]
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield BarProgress(_durations(inputs), bar)


def _durations(inputs: Sequence[Input]) -> dict[Input, float]:
    from sonovox.io import info

    durations = {}
    for item in inputs:
        try:
            durations[item] = info(item.path).duration
        except AudioError:
            continue  # the run itself reports it
    return durations
