"""Crash-safe folders: whole folders that appear, are replaced and vanish in one step.

A folder is filled under a hidden name beside its target; each file is flushed to
the disk, then the names in the folder, and only then it is renamed. A folder is
removed the other way round: hidden by a rename, and emptied after that. So no
reader ever sees a part of one, and what a killed process leaves has a hidden name
that `clear_leftovers` knows. It uses calls of `os` only, so that tests can
inject a crash before each.
"""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import sync_folder, told_of

__all__ = ["FolderWriter", "atomic_folder", "clear_leftovers", "remove_folder"]

_NEW, _REPLACED, _REMOVED = "new", "replaced", "removed"
_HIDDEN = re.compile(r"\.(?P<name>.+)\.[0-9a-f]+\.(?P<ending>new|replaced|removed)")


class FolderWriter:
    """What fills a folder that is not there yet; see `atomic_folder`.

    Args:
        folder: where it is being filled.
        final: where it will stand, for the messages.
    """

    def __init__(self, folder: Path, final: Path) -> None:
        self._folder = folder
        self._final = final
        self._subfolders: set[Path] = set()

    def write(self, name: str, chunks: Iterable[bytes | memoryview]) -> str:
        """The sha256 (hexadecimal) of a new file, which is on the disk when this returns.

        Args:
            name: of the file, relative to the folder, with `/` between the parts.
            chunks: its content, one after the other.

        Raises:
            ArgumentError: the name leaves the folder.
            WriteError: the disk is full, and the like.
        """
        parts = name.split("/")
        if any(part in ("", ".", "..") or os.sep in part for part in parts):
            raise ArgumentError(f"a file of {self._final} cannot have the name {name!r}", hint="use a plain name")
        path = self._folder.joinpath(*parts)
        digest = hashlib.sha256()
        with told_of(self._final / name):
            self._make_parents(path)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
            try:
                for chunk in chunks:
                    digest.update(chunk)
                    _write_all(descriptor, chunk)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return digest.hexdigest()

    def _make_parents(self, path: Path) -> None:
        for parent in reversed(path.relative_to(self._folder).parents[:-1]):
            folder = self._folder / parent
            if folder not in self._subfolders:
                os.mkdir(folder)  # noqa: PTH102  # tests count the calls of os
                self._subfolders.add(folder)

    def sync(self) -> None:
        """Flush the names of all files to the disk."""
        for folder in [*sorted(self._subfolders, reverse=True), self._folder]:
            sync_folder(folder)


@contextlib.contextmanager
def atomic_folder(target: str | os.PathLike[str]) -> Iterator[FolderWriter]:
    """A writer of files that become the folder `target` when the block ends without an error.

    A folder that stands there is replaced. Between hiding the old one and showing
    the new one there is an instant with neither; after a crash just then
    `clear_leftovers` brings the old one back.

    Raises:
        WriteError: the disk is full, the place is not writable, and the like; what stood there stands.
    """
    final = Path(target)
    hidden = _hidden(final, _NEW)
    with told_of(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        os.mkdir(hidden)  # noqa: PTH102
    try:
        writer = FolderWriter(hidden, final)
        yield writer
        with told_of(final):
            writer.sync()
            _put_in_place(hidden, final)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise


def remove_folder(target: str | os.PathLike[str]) -> None:
    """Remove a folder with all that is in it; at any instant it is there whole or not at all.

    Raises:
        WriteError: it cannot be renamed; it stands as it was.
    """
    final = Path(target)
    hidden = _hidden(final, _REMOVED)
    with told_of(final):
        os.rename(final, hidden)  # noqa: PTH104
        sync_folder(final.parent)
    shutil.rmtree(hidden, ignore_errors=True)


def clear_leftovers(parent: str | os.PathLike[str], prefix: str) -> None:
    """Tidy up after processes that died while they wrote or removed folders.

    The caller makes sure that none is at it now. A folder that was hidden to be
    replaced, and was not, comes back.

    Args:
        parent: the folder in which they stood.
        prefix: with which their names began.

    Raises:
        WriteError: a folder cannot be brought back.
    """
    for hidden in sorted(Path(parent).glob(f".{prefix}*")):
        match = _HIDDEN.fullmatch(hidden.name)
        if match is None:
            continue
        final = hidden.with_name(match["name"])
        if match["ending"] == _REPLACED and not final.exists():
            with told_of(final):
                os.rename(hidden, final)  # noqa: PTH104
        else:
            shutil.rmtree(hidden, ignore_errors=True)


def _hidden(final: Path, ending: str) -> Path:
    return final.with_name(f".{final.name}.{secrets.token_hex(4)}.{ending}")


def _put_in_place(new: Path, final: Path) -> None:
    old = _hidden(final, _REPLACED) if final.exists() else None
    if old is not None:
        os.rename(final, old)  # noqa: PTH104
    try:
        os.rename(new, final)  # noqa: PTH104
    except OSError:
        if old is not None:
            os.rename(old, final)  # noqa: PTH104
        raise
    sync_folder(final.parent)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def _write_all(descriptor: int, data: bytes | memoryview) -> None:
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[os.write(descriptor, rest) :]
