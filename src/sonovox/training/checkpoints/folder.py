"""The folder of all checkpoints: one writer at a time, names that say the order, deletions that leave a good one."""

import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sonovox._internal.errors import ArgumentError, CheckpointError, WriteError
from sonovox._internal.files import told_of
from sonovox._internal.folders import clear_leftovers, remove_folder
from sonovox.training.checkpoints.files import SavedPart, write_checkpoint
from sonovox.training.checkpoints.search import PREFIX, Checkpoint, ckpt_recency, is_finite, scan, superfluous

__all__ = ["CheckpointFolder"]

_logger = logging.getLogger(__name__)
_PATIENCE_S = 600.0  # the largest models take minutes on a slow disk


class CheckpointFolder:
    """What is written to and removed from a folder of checkpoints.

    Args:
        path: the folder; it is made by the first save.
        verify: raises a CheckpointError for a checkpoint that is damaged.
    """

    def __init__(self, path: Path, verify: Callable[[Checkpoint], None]) -> None:
        self.path = path
        self._verify = verify
        self._durable: set[Path] = set()  # written by this process, so not damaged since
        self._last_time = 0.0

    @contextlib.contextmanager
    def locked(self, patience_s: float = _PATIENCE_S) -> Iterator[None]:
        """One process at a time changes the folder; the system ends the lock with the process, however that ends.

        Raises:
            WriteError: the folder cannot be written to, or another process has not let go for so long.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / ".lock")
        with told_of(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=patience_s)
            except Timeout as error:
                raise WriteError(
                    f"another process has been writing to {self.path} for {patience_s:.0f} s",
                    hint="end it, or choose another folder",
                ) from error
        try:
            yield
        finally:
            lock.release()

    def clear_leftovers(self) -> None:
        """Remove what dead processes left; while another one is writing here, nothing is touched."""
        if any(self.path.glob(f".{PREFIX}*")):
            with contextlib.suppress(WriteError), self.locked(patience_s=0):
                clear_leftovers(self.path, PREFIX)

    def stamp(self, name: str | None) -> tuple[float, str]:
        """The time and the folder of a new checkpoint, which is the newest even where the clock was set back.

        Raises:
            ArgumentError: `name` cannot be that of a folder.
        """
        if name is not None and (not name or not name.isprintable() or set(name) & set('/\\:*?"<>|')):
            raise ArgumentError(f"a checkpoint cannot be named {name!r}", hint="its name becomes that of a folder")
        if not self._last_time:
            self._last_time = max(map(ckpt_recency, scan(self.path)[0]), default=0.0)
        self._last_time = max(time.time(), self._last_time + 1e-3)
        if name is not None:
            return self._last_time, f"{PREFIX}{name}"
        second = time.strftime("%Y-%m-%d+%H-%M-%S", time.localtime(self._last_time))
        names = (f"{PREFIX}{second}+{number:02d}" for number in itertools.count())
        return self._last_time, next(name for name in names if not (self.path / name).exists())

    def write(self, checkpoint: Checkpoint, parts: Mapping[str, SavedPart]) -> None:
        """Write a checkpoint; the caller holds the lock.

        Raises:
            WriteError: the disk is full, and the like.
        """
        clear_leftovers(self.path, PREFIX)
        write_checkpoint(checkpoint.path, checkpoint.meta, parts)
        self._durable.add(checkpoint.path)

    def delete(self, verbosity: int, **rules: Any) -> None:
        """Remove what the rules of `superfluous` let go, but one that can be loaded; the caller holds the lock.

        Raises:
            WriteError: one cannot be removed.
        """
        checkpoints = scan(self.path)[0]
        doomed = superfluous(checkpoints, **rules)
        spared = self._last_good(checkpoints, doomed) if doomed else None
        for ckpt in doomed:
            if ckpt.path != spared:
                remove_folder(ckpt.path)
                self._durable.discard(ckpt.path)
                _logger.log(verbosity, "removed %s", ckpt.path)

    def _last_good(self, checkpoints: Sequence[Checkpoint], doomed: Sequence[Checkpoint]) -> Path | None:
        """A checkpoint that can be loaded, if possible one that is not going to be removed."""
        paths = {ckpt.path for ckpt in doomed}
        finite = [ckpt for ckpt in checkpoints if is_finite(ckpt)]
        for ckpt in sorted(finite, key=lambda ckpt: ckpt.path in paths):
            if ckpt.path in self._durable:
                return ckpt.path
            with contextlib.suppress(CheckpointError):
                self._verify(ckpt)
                return ckpt.path
        return None
