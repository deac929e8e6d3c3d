"""Crash-safe writing: the one place through which files that matter are written.

A file is written under a temporary name beside its target, flushed to the disk,
and renamed over the target in one step. Whoever reads the target sees the old
file or the whole new one, at any instant, through any crash. When something
fails the temporary file is removed and the old file stands.
"""

import contextlib
import errno
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sonovox._internal.errors import ArgumentError, WriteError

__all__ = [
    "append_line",
    "atomic_path",
    "atomic_write",
    "move_into_place",
    "sync_folder",
    "told_of",
    "write_bytes",
    "write_text",
]

# What a failed write says without naming a file.
_DISK_ERRORS = {errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EROFS}

_append_lock = threading.Lock()


@contextlib.contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path beside `target`, for writers that open files themselves.

    When the block ends, what was written there is flushed and renamed to
    `target`. The temporary name keeps the suffix of the target, since many
    writers choose a format by it. Missing parent folders are made. A target that
    is a device or a pipe is written directly; a symbolic link is followed. A new
    file gets the permissions of the umask, a replaced one keeps its own.

    Raises:
        WriteError: the disk is full, the folder is not writable, and the like.
            Errors of the block that are about something else pass unchanged.
    """
    final = Path(target)
    with told_of(final):
        if final.is_dir():
            raise WriteError(f"cannot write {final}: it is a folder", hint="give a file name inside it")
        is_direct = final.exists() and not final.is_file()  # /dev/null can neither be renamed over nor synced
        final = Path(os.path.realpath(final)) if final.is_symlink() and not is_direct else final
        temporary = final if is_direct else _temporary_name(final)
        final.parent.mkdir(parents=True, exist_ok=True)
    try:
        try:
            yield temporary
        except OSError as error:
            if error.filename == str(temporary) or (error.filename is None and error.errno in _DISK_ERRORS):
                raise _write_error(final, error) from error
            raise
        if not is_direct:
            with told_of(final):
                _keep_permissions(final, temporary)
                _sync_file(temporary)
                _replace(temporary, final)
            sync_folder(final.parent)
    finally:
        if not is_direct:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_write(target: str | os.PathLike[str], mode: str = "wb", *, encoding: str | None = None) -> Iterator[IO[Any]]:
    """An open file that becomes `target` when the block ends without an error.

    Args:
        target: where the file shall stand.
        mode: `"wb"` or `"w"`; text is UTF-8 with `\\n` line ends unless `encoding` says otherwise.
        encoding: of text.

    Raises:
        ArgumentError: another mode.
        WriteError: see `atomic_path`.
    """
    if mode not in ("wb", "w"):
        raise ArgumentError(f"mode must be 'wb' or 'w', got {mode!r}", hint="a file cannot be appended to in one step")
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


def append_line(target: str | os.PathLike[str], line: str) -> None:
    """Add a line of text to a log, whole, so that lines of several threads or processes do not mix.

    For logs only: a crash may leave a torn last line, which ends where the next line
    begins.

    Raises:
        WriteError: the disk is full, and the like.
    """
    final = Path(target)
    with told_of(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(final, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            # Without a lock another's half written line would look like a torn one.
            with _append_lock, _locked(descriptor):
                size = os.fstat(descriptor).st_size
                is_torn = size > 0 and _last_byte(descriptor, size) != b"\n"
                data = (("\n" if is_torn else "") + line + "\n").encode()
                while data:
                    data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Keep other processes out of an open file, where the system and the file system can."""
    with contextlib.suppress(ModuleNotFoundError, OSError):  # Windows; some network folders
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield  # closing the file gives the lock back


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)  # Windows has no pread
    return os.read(descriptor, 1)


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


@contextlib.contextmanager
def told_of(final: Path) -> Iterator[None]:
    """Errors of the system in the block become a `WriteError` that names `final`, which is being written."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        raise _write_error(final, error) from error


def _write_error(final: Path, error: OSError) -> WriteError:
    return WriteError(
        f"cannot write {final}: {error.strerror or error}",
        hint="nothing was changed there; free space or choose another place",
    )


def _temporary_name(final: Path) -> Path:
    # File systems allow 255 bytes; a cut inside a character is left out.
    stem = os.fsencode(final.stem)[:100].decode(errors="ignore")
    return final.with_name(f".{stem}.{secrets.token_hex(6)}{final.suffix}")


def _keep_permissions(old: Path, new: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        new.chmod(stat.S_IMODE(old.stat().st_mode))


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(source: Path, target: Path) -> None:
    source.replace(target)
