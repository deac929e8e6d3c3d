"""How far a stage is: a live bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import torch

from sonovox.training.stage import Stage

__all__ = ["StageProgress"]

LIVE_INTERVAL_S = 0.2
PLAIN_INTERVAL_S = 15.0


class StageProgress:
    """Progress over the batches of a stage: loss, learning rates, speed, memory and the time that is left.

    Args:
        stage: which it is.
        epoch: of training, or None.
        total: batches in it, or None where nobody knows.
        done: batches that were done before, by a run that this one continues.
        quiet: show nothing.
        device: whose memory to show.

    >>> with StageProgress(Stage.VALID, 1, total=2, quiet=True) as progress:
    ...     progress.advance(1.5, seconds=12.0)
    ...     progress.advance(1.4, seconds=12.0)
    >>> progress.batches, progress.audio_s
    (2, 24.0)
    """

    def __init__(
        self,
        stage: Stage,
        epoch: int | None,
        *,
        total: int | None = None,
        done: int = 0,
        quiet: bool = False,
        device: torch.device | None = None,
    ) -> None:
        self.title = stage.name.lower() if epoch is None else f"epoch {epoch} {stage.name.lower()}"
        self.total = total
        self.first = self.batches = done
        self.audio_s = 0.0
        self.device = device or torch.device("cpu")
        self.quiet = quiet
        self._bar: Any = None
        self._live = not quiet and sys.stderr.isatty()
        self._interval = LIVE_INTERVAL_S if self._live else PLAIN_INTERVAL_S

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        self._next = self._began + self._interval if not self.quiet else float("inf")
        if self._live:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.completed}/{task.total}  {task.fields[state]}", markup=False),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(self.title, total=self.total, completed=self.batches, state="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, loss: float, *, seconds: float = 0.0, rates: Callable[[], list[float]] | None = None) -> None:
        """A batch is done.

        Args:
            loss: the running average.
            seconds: of audio in the batch; 0 where unknown.
            rates: gives the learning rates, and is asked only when a line is due.
        """
        self.batches += 1
        self.audio_s += seconds
        if time.perf_counter() < self._next:
            return
        self._next = time.perf_counter() + self._interval
        state = self.state(loss, rates() if rates else [])
        if self._bar is not None:
            self._bar.update(self._task, completed=self.batches, state=state)
        else:
            total = f"/{self.total}" if self.total else ""
            print(f"{self.title} {self.batches}{total}  {state}", file=sys.stderr, flush=True)  # noqa: T201

    def state(self, loss: float, rates: list[float]) -> str:
        """What is shown behind the number of batches."""
        elapsed = time.perf_counter() - self._began
        parts = [f"loss {loss:.4g}"]
        parts += [f"lr {'/'.join(f'{rate:.3g}' for rate in dict.fromkeys(rates))}"] if rates else []
        new = self.batches - self.first
        if self.audio_s:
            parts.append(f"{self.audio_s / elapsed:.0f} s of audio a second")
        else:
            parts.append(f"{new / elapsed:.1f} batches a second")
        parts.append(f"{_memory(self.device) / 1e9:.1f} GB")
        if self.total and new:
            left = round((self.total - self.batches) * elapsed / new)
            minutes, seconds = divmod(left, 60)
            hours, minutes = divmod(minutes, 60)
            parts.append(f"{hours}:{minutes:02}:{seconds:02} left" if hours else f"{minutes}:{seconds:02} left")
        return "  ".join(parts)


def _memory(device: torch.device) -> int:
    """Bytes in use: the most on the GPU so far, or what the process holds now."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    import resource

    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:  # no /proc: macOS
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(pages) * resource.getpagesize()
