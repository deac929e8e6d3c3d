"""What the user sees while files come: a bar on a terminal, now and then a line elsewhere."""

import sys
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

__all__ = ["LineProgress", "Progress", "RichProgress", "SilentProgress", "choose_progress", "format_size"]


class Progress(Protocol):
    """What `fetch` tells about its work; any object with these four methods will do."""

    def start(self, name: str) -> None:
        """A file begins."""

    def update(self, done: int, total: int | None) -> None:
        """`done` bytes are here, of `total` where that is known; the first call after a resume starts above zero."""

    def finish(self) -> None:
        """The file ends, whole or not."""

    def note(self, text: str) -> None:
        """Something worth a line: waiting for another process, a dropped connection."""


class SilentProgress:
    """Says nothing."""

    def start(self, name: str) -> None:
        """Say nothing."""

    def update(self, done: int, total: int | None) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


class LineProgress:
    """Plain lines on stderr, for logs: one every `every_s` seconds, none for a file that is quick.

    >>> LineProgress.describe(36_000_000, 75_571_315, 2.4e6)
    '36.0 MB of 75.6 MB (47 %), 2.4 MB/s'
    """

    def __init__(self, *, every_s: float = 5.0) -> None:
        self.every_s = every_s
        self._name = ""

    def start(self, name: str) -> None:
        """A file begins; the clock of its speed with it."""
        self._name = name
        self._began = self._spoke = time.monotonic()
        self._first: int | None = None

    def update(self, done: int, total: int | None) -> None:
        """Print a line when the last one is long enough ago."""
        now = time.monotonic()
        self._first = done if self._first is None else self._first
        if now - self._spoke >= self.every_s:
            self._spoke = now
            speed = (done - self._first) / max(now - self._began, 1e-6)
            self.note(f"{self._name}: {self.describe(done, total, speed)}")

    def finish(self) -> None:
        """Say nothing: whoever asked for the file says what follows."""

    def note(self, text: str) -> None:
        """Print `text` on stderr."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    @staticmethod
    def describe(done: int, total: int | None, bytes_per_second: float) -> str:
        """One line about a transfer."""
        part = f" of {format_size(total)} ({100 * done // max(total, 1)} %)" if total is not None else ""
        return f"{format_size(done)}{part}, {format_size(round(bytes_per_second))}/s"


class RichProgress:
    """A bar with size, speed and the time left, on the terminal behind stderr."""

    def __init__(self) -> None:
        self._bars: Bars | None = None

    def start(self, name: str) -> None:
        """Show a bar of unknown length."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.progress import Progress as Bars

        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bars.add_task(name, total=None)
        self._resumed = False
        self._bars.start()

    def update(self, done: int, total: int | None) -> None:
        """Move the bar; what a resume found on disk does not count as speed."""
        if self._bars is None:
            return
        if not self._resumed:
            self._resumed = True
            self._bars.reset(self._task, completed=done, total=total)
        self._bars.update(self._task, completed=done, total=total)

    def finish(self) -> None:
        """Take the bar away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def note(self, text: str) -> None:
        """Print `text` above the bar."""
        if self._bars is None:
            LineProgress().note(text)
        else:
            self._bars.console.print(text, markup=False, highlight=False)


def choose_progress(progress: "Progress | bool | None") -> Progress:
    """The reporter that an argument `progress` asks for.

    Args:
        progress: False is silent; None or True is a bar when stderr is a terminal
            and plain lines when it is not; an object of your own is used as it is.
    """
    if progress is False:
        return SilentProgress()
    if progress is None or progress is True:
        return RichProgress() if sys.stderr.isatty() else LineProgress()
    return progress


def format_size(size: int) -> str:
    """A number of bytes for people, in powers of 1000.

    >>> [format_size(size) for size in (0, 999, 75_571_315, 3_090_000_000)]
    ['0 B', '999 B', '75.6 MB', '3.1 GB']
    """
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"
