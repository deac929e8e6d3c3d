"""Room on the disk of the cache, asked for before a download and missed with a remedy during it."""

import os
import shutil
from pathlib import Path

from sonovox._internal.errors import WriteError
from sonovox.hub.progress import format_size

__all__ = ["bytes_below", "check_room", "write_error"]


def check_room(path: Path, needed: int) -> None:
    """Refuse to begin a file for which there is no room.

    Args:
        path: the file that is going to grow; it and its folder need not exist.
        needed: bytes still to come.

    Raises:
        WriteError: with both sizes.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise write_error(path, f"{format_size(needed)} are needed, {format_size(free)} are free")


def write_error(path: Path, reason: OSError | str) -> WriteError:
    """The error for a file of the cache that cannot be written.

    >>> print(write_error(Path("a.part"), OSError(28, "No space left on device")).message)
    cannot write a.part: No space left on device
    """
    words = reason if isinstance(reason, str) else reason.strerror or str(reason)
    return WriteError(f"cannot write {path}: {words}", hint="free space, or set SONOVOX_CACHE to a folder elsewhere")


def bytes_below(folder: Path) -> int:
    """The bytes of all files below a folder, which other processes may be changing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).stat().st_size
            except FileNotFoundError:  # gone since the folder was listed
                continue
    return total
