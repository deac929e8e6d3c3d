"""One process changes an entry of the cache; the others wait, and then find the whole file.

The lock belongs to the operating system: it ends with the process that holds it,
however that ends. A holder that is alive but stuck is noticed by the silence in
the folder that it should be filling.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sonovox._internal.errors import NetworkError, WriteError

__all__ = ["folder_lock"]

PATIENCE_S = 600.0  # hashing tens of gigabytes is the longest silence of a holder that works
_POLL_S = 0.2


@contextmanager
def folder_lock(lock: Path, source: str, *, watched: Path, note: Callable[[str], None]) -> Iterator[None]:
    """Hold `lock` for the block.

    Args:
        lock: the file of the lock; it stays, empty.
        source: what is being fetched, for the messages.
        watched: the folder that a working holder fills.
        note: gets a line of text when another process holds the lock.

    Raises:
        NetworkError: the holder has changed nothing for ten minutes.
        WriteError: the lock cannot be made.
    """
    from filelock import FileLock, Timeout

    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        holder = FileLock(lock)
        try:
            holder.acquire(timeout=0)
        except Timeout:
            note(f"another process is fetching {source}; waiting for it")
            _wait(holder, source, watched)
    except OSError as error:
        raise WriteError(
            f"cannot write into the cache {lock.parent.parent}: {error.strerror or error}",
            hint="make it writable or set SONOVOX_CACHE to another folder",
        ) from error
    try:
        yield
    finally:
        holder.release()
