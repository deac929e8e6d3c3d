"""Epochs of a chosen number of batches, over a loader that begins again when it is at its end."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import DataError

__all__ = ["LoopedLoader"]


class LoopedLoader:
    """A loader whose epochs have `epoch_length` batches, however many its dataset has.

    An epoch goes on where the one before ended. When the loader underneath is at its end it
    begins again, in the order of its own next epoch.

    Args:
        loader: a `SaveableDataLoader`, or anything to iterate over.
        epoch_length: batches of an epoch.

    >>> from sonovox.data import SaveableDataLoader
    >>> loader = LoopedLoader(SaveableDataLoader(["a", "b", "c"], batch_size=None), 2)
    >>> list(loader), list(loader)
    (['a', 'b'], ['c', 'a'])
    """

    def __init__(self, loader: Iterable[Any], epoch_length: int) -> None:
        check_positive("epoch_length", epoch_length)
        self.loader = loader
        self.epoch_length = epoch_length
        self.epoch = 0
        self._position = 0
        self._resume_at = 0
        self._running: Iterator[Any] | None = None

    @property
    def position(self) -> int:
        """How many batches of this epoch were handed over; 0 again when it is over."""
        return self._position

    def set_epoch(self, epoch: int) -> None:
        """Count the epochs; another one begins at position 0. What it holds follows from where the last one ended."""
        if epoch != self.epoch:
            self.epoch = epoch
            self._position = self._resume_at = 0

    def state_dict(self) -> dict[str, Any]:
        """The position in the epoch, and the state of the loader underneath."""
        inner = self.loader.state_dict() if hasattr(self.loader, "state_dict") else None
        return {"epoch": self.epoch, "position": self._position, "loader": inner}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next `iter()` go on after the last batch that was handed over."""
        self._running = None
        self.epoch = state["epoch"]
        self._position = self._resume_at = state["position"]
        if state["loader"] is not None:
            self.loader.load_state_dict(state["loader"])  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return self.epoch_length

    def __iter__(self) -> Iterator[Any]:
        self._position, self._resume_at = self._resume_at, 0
        return self._batches()

    def _batches(self) -> Iterator[Any]:
        while self._position < self.epoch_length:
            batch = self._next()
            self._position += 1
            yield batch
        self._position = 0

    def _next(self) -> Any:
        for _ in range(2):  # the rest of the pass may be empty; a whole one may not
            if self._running is None:
                self._running = iter(self.loader)
            for batch in self._running:
                return batch
            self._running = None
            if hasattr(self.loader, "set_epoch"):
                self.loader.set_epoch(self.loader.epoch + 1)  # type: ignore[attr-defined]
        raise DataError("a loader that gives batches was expected, this one gives none", hint="is the dataset empty?")
