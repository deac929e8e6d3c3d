"""Crash-safe writing: the one place through which files that matter are written.

A file is written under a temporary name beside its target, flushed to the disk,
and renamed over the target in one step. Whoever reads the target sees the old
file or the whole new one, at any instant, through any crash. When something
fails the temporary file is removed and the old file stands.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sonovox._internal.errors import SonovoxError, WriteError

__all__ = ["atomic_path", "atomic_write", "move_into_place", "sync_folder", "write_bytes", "write_text"]


@contextlib.contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path beside `target`, for writers that open files themselves.

    When the block ends, what was written there is flushed and renamed to
    `target`. The temporary name keeps the suffix of the target, since many
    writers choose a format by it. Missing parent folders are made. A target that
    is a device or a pipe is written directly; a symbolic link is followed.

    Raises:
        WriteError: the disk is full, the folder is not writable, and the like.
    """
    final = Path(target)
    if final.is_dir():
        raise WriteError(f"cannot write {final}: it is a folder", hint="give a file name inside it")
    if final.exists() and not final.is_file():
        yield final  # /dev/stdout and friends can neither be renamed over nor synced
        return
    final = final.resolve() if final.is_symlink() else final
    temporary = final.with_name(f".{final.stem[:100]}.{secrets.token_hex(6)}{final.suffix}")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync_file(temporary)
        _replace(temporary, final)
        sync_folder(final.parent)
    except SonovoxError:
        raise
    except OSError as error:
        if error.filename not in (None, str(temporary)):
            raise  # the block failed on another file
        reason = error.strerror or str(error)
        raise WriteError(
            f"cannot write {final}: {reason}", hint="nothing was changed there; free space or choose another place"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_write(
    target: str | os.PathLike[str], mode: str = "wb", *, encoding: str | None = None
) -> Iterator[IO[Any]]:
    """An open file that becomes `target` when the block ends without an error.

    Args:
        target: where the file shall stand.
        mode: `"wb"` or `"w"`; text is UTF-8 with `\\n` line ends unless `encoding` says otherwise.
        encoding: of text.

    Raises:
        WriteError: see `atomic_path`.
    """
    if mode not in ("wb", "w"):
        raise ValueError(f"mode must be 'wb' or 'w', got {mode!r}")
    text = mode == "w"
    with (
        atomic_path(target) as temporary,
        temporary.open(mode, encoding=(encoding or "utf-8") if text else None, newline="\n" if text else None) as file,
    ):
        yield file


def write_bytes(target: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` as the whole content of `target`, crash-safe."""
    with atomic_write(target) as file:
        file.write(data)


def write_text(target: str | os.PathLike[str], text: str) -> None:
    """Write `text` in UTF-8 as the whole content of `target`, crash-safe."""
    with atomic_write(target, "w") as file:
        file.write(text)


def move_into_place(finished: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Flush a finished file and rename it to `target`, on the same disk.

    For files that grow under a name of their own, such as a download that can be
    resumed; others are written through `atomic_path`.

    Raises:
        WriteError: the rename is not possible; `finished` still stands.
    """
    source, final = Path(finished), Path(target)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        _sync_file(source)
        _replace(source, final)
    except OSError as error:
        raise WriteError(f"cannot write {final}: {error.strerror or error}", hint=f"{source} is kept") from error
    sync_folder(final.parent)


def sync_folder(folder: Path) -> None:
    """Flush the names in `folder`, so that a rename survives a power cut.

    File systems that cannot flush folders (and Windows) are left alone.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(source: Path, target: Path) -> None:
    source.replace(target)
