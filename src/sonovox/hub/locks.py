"""One process changes an entry of the cache; the others wait, and then find the whole file.

The lock belongs to the operating system: it ends with the process that holds it,
however that ends. A holder that is alive but stuck is noticed by the silence in
the folders that it should be filling.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sonovox._internal.errors import NetworkError, WriteError

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["folder_lock"]

PATIENCE_S = 600.0  # hashing tens of gigabytes is the longest silence of a holder that works
_LOOK_S = 2.0


@contextlib.contextmanager
def folder_lock(lock: Path, source: str, *, folder: Path, note: Callable[[str], None]) -> Iterator[None]:
    """Hold `lock` for the block.

    Args:
        lock: the file of the lock; it stays there, empty.
        source: what is being fetched, for the messages.
        folder: what a working holder fills: it, or its neighbours that begin with its name.
        note: gets a line of text when another process holds the lock.

    Raises:
        NetworkError: the holder has changed nothing for ten minutes.
        WriteError: the lock cannot be made.
    """
    from filelock import FileLock, Timeout

    holder = FileLock(lock)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        holder.acquire(timeout=0)
    except Timeout:
        note(f"another process is fetching {source}; waiting for it")
        _wait(holder, source, folder)
    except OSError as error:
        raise WriteError(
            f"cannot write into the cache {lock.parent.parent}: {error.strerror or error}",
            hint="make it writable, or set SONOVOX_CACHE to another folder",
        ) from error
    try:
        yield
    finally:
        holder.release()


def _wait(holder: "BaseFileLock", source: str, folder: Path) -> None:
    from filelock import Timeout

    seen, since = _state(folder), time.monotonic()
    while True:
        with contextlib.suppress(Timeout):
            holder.acquire(timeout=_LOOK_S)
            return
        state = _state(folder)
        if state != seen:
            seen, since = state, time.monotonic()
        elif time.monotonic() - since > PATIENCE_S:
            raise NetworkError(
                f"another process holds {holder.lock_file} and has fetched nothing of {source} "
                f"for {PATIENCE_S / 60:.0f} minutes",
                hint="end that process (fuser names it), then fetch again",
            )


def _state(folder: Path) -> set[tuple[Path, int, int]]:
    state = set()
    for top in folder.parent.glob(f"{folder.name}*"):
        for parent, _, names in os.walk(top):
            for path in (Path(parent, name) for name in names):
                with contextlib.suppress(FileNotFoundError):  # gone since the folder was listed
                    stat = path.stat()
                    state.add((path, stat.st_size, stat.st_mtime_ns))
    return state
