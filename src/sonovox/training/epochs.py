"""Counters of epochs that a checkpoint brings back, and that know when to stop."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import write_text

__all__ = ["EpochCounter", "EpochCounterWithStopper"]


class EpochCounter:
    """The numbers of the epochs, from 1 to `limit`; as a recoverable it goes on where training stopped.

    Args:
        limit: the number of the last epoch.

    >>> counter = EpochCounter(3)
    >>> [epoch for epoch in counter], counter.current
    ([1, 2, 3], 3)
    """

    def __init__(self, limit: int) -> None:
        if limit < 0:
            raise ArgumentError(f"limit must be a number of epochs, got {limit}")
        self.limit = int(limit)
        self.current = 0

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if self.current >= self.limit:
            raise StopIteration
        self.current += 1
        return self.current

    def save(self, path: str | Path) -> None:
        """Write the number of the current epoch, in SpeechBrain's form of one number as text."""
        write_text(path, str(self.current))

    def load(self, path: str | Path, end_of_epoch: bool = True, device: Any = None) -> None:
        """Go on behind the epoch that was written, or with it when it had not ended."""
        saved = int(Path(path).read_text(encoding="utf-8"))
        self.current = saved if end_of_epoch else saved - 1


class EpochCounterWithStopper(EpochCounter):
    """An `EpochCounter` that stops when a metric has not become better for some epochs.

    Call `update_metric` after each validation.

    Args:
        limit: the number of the last epoch.
        limit_to_stop: epochs without a better value after which training stops.
        limit_warmup: epochs at the start in which it never stops.
        direction: `"max"` or `"min"`: what is better.

    >>> counter = EpochCounterWithStopper(100, limit_to_stop=2, limit_warmup=1, direction="min")
    >>> for epoch in counter:
    ...     counter.update_metric([9.0, 5.0, 6.0, 5.5, 1.0][epoch - 1])
    >>> counter.current, counter.best_limit, counter.best_score
    (4, 2, 5.0)
    """

    def __init__(self, limit: int, limit_to_stop: int, limit_warmup: int, direction: str) -> None:
        super().__init__(limit)
        check_choice("direction", direction, ("max", "min"))
        if limit_to_stop < 0 or limit_warmup < 0:
            raise ArgumentError(
                f"limit_to_stop and limit_warmup must not be negative, got {limit_to_stop} and {limit_warmup}"
            )
        self.limit_to_stop = limit_to_stop
        self.limit_warmup = limit_warmup
        self.direction = direction
        self.best_limit = 0  # the epoch of the best value
        self.best_score: float | None = None
        self.should_stop = False

    def __next__(self) -> int:
        if self.should_stop:
            raise StopIteration
        return super().__next__()

    def update_metric(self, current_metric: float) -> None:
        """The metric of the epoch that has ended; NaN is never better."""
        sign = 1 if self.direction == "max" else -1
        better = current_metric == current_metric and (
            self.best_score is None or sign * current_metric > sign * self.best_score
        )
        if better:
            self.best_limit, self.best_score = self.current, float(current_metric)
        self.should_stop = self.current > self.limit_warmup and self.current - self.best_limit >= self.limit_to_stop

    def save(self, path: str | Path) -> None:
        """Write the epoch, and the best one with its value."""
        write_text(path, f"{self.current}\n{self.best_limit}\n{self.best_score!r}\n{self.should_stop}\n")

    def load(self, path: str | Path, end_of_epoch: bool = True, device: Any = None) -> None:
        """Go on behind the epoch that was written, or with it when it had not ended; older files hold one number."""
        current, *best = Path(path).read_text(encoding="utf-8").split()
        self.current = int(current) if end_of_epoch else int(current) - 1
        if len(best) == 3:
            self.best_limit = int(best[0])
            self.best_score = None if best[1] == "None" else float(best[1])
            self.should_stop = best[2] == "True"
