"""One thing to fetch: where it stands in the cache, and how it comes there.

Each kind of source is a subclass that knows whom to ask; what is the same for
all, the cache, the lock, the resumed download and the comparison of hashes, is here.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from sonovox._internal.errors import IntegrityError, NetworkError
from sonovox.hub.cache import Cache, Entry, check_hash, file_sha256
from sonovox.hub.download import discard
from sonovox.hub.progress import Progress
from sonovox.hub.reach import recently_unreachable
from sonovox.hub.sources import HubSource, PackageSource, WebSource

__all__ = ["FileOrder", "Order"]

SourceT = TypeVar("SourceT", HubSource, WebSource, PackageSource)
FileSourceT = TypeVar("FileSourceT", WebSource, PackageSource)


@dataclass
class Order(ABC, Generic[SourceT]):
    """What `fetch` was asked for; the arguments are those of `fetch`."""

    source: SourceT
    cache: Cache
    progress: Progress
    sha256: str | None = None
    files: Sequence[str] | None = None
    token: str | None = None
    optional: Sequence[str] = ()

    @property
    @abstractmethod
    def host(self) -> str:
        """Who is asked."""

    @abstractmethod
    def recorded(self) -> Entry | None:
        """The entry of the cache as it is known without the network, or None."""

    @abstractmethod
    def asked(self) -> Entry:
        """The entry as the network tells."""

    @abstractmethod
    def names(self, entry: Entry) -> list[str]:
        """Which files of the entry are wanted."""

    @abstractmethod
    def bring(self, entry: Entry, name: str, partial: Path) -> None:
        """Get the bytes of one file into `partial`, going on with those that are there."""

    @abstractmethod
    def check(self, entry: Entry, name: str, partial: Path, sha256: str) -> None:
        """Raise IntegrityError where a file that has come is not what it should be."""

    def result(self, entry: Entry) -> Path:
        """What `fetch` returns."""
        return entry.folder / self.names(entry)[0]

    def from_disk(self) -> Path | None:
        """The path when all that was ordered is in the cache and unharmed, else None.

        Raises:
            IntegrityError: a file is there with other bytes than it should have.
        """
        entry = self.recorded()
        if entry is None:
            return None
        paths = [entry.verified(name, self.sha256) for name in self.names(entry)]
        return None if None in paths else self.result(entry)

    def from_network(self, *, skip_silent: bool = False) -> Path:
        """The path after fetching what is missing, under a lock; what came meanwhile is not fetched again.

        Args:
            skip_silent: do not ask a host that has not answered in the last minutes.

        Raises:
            NetworkError: the host does not answer; and the other errors of `fetch`.
        """
        if skip_silent and (reason := recently_unreachable(self.host)):
            raise NetworkError(f"{self.host} did not answer a moment ago ({reason})")
        with self.cache.lock(self.source.folder, str(self.source), self.progress):
            found = self.from_disk()
            return found if found is not None else self._complete(self.recorded() or self.asked())

    def _complete(self, entry: Entry) -> Path:
        names = self.names(entry)
        entry.write()  # from here on the list of the cache shows it, also when it is interrupted
        try:
            for name in names:
                if entry.verified(name) is None:
                    self._obtain(entry, name)
        finally:
            entry.tidy()
        return self.result(entry)

    def _obtain(self, entry: Entry, name: str) -> None:
        partial = entry.partial / name
        resumed = partial.exists()
        self.bring(entry, name, partial)
        sha256 = file_sha256(partial)
        try:
            self.check(entry, name, partial, sha256)
        except IntegrityError:
            discard(partial)
            if not resumed:
                raise
            # What stood there from an earlier attempt may have been the fault.
            return self._obtain(entry, name)
        return entry.adopt(name, partial, sha256)


class FileOrder(Order[FileSourceT]):
    """An order of one file from a place that does not state hashes itself."""

    def recorded(self) -> Entry:
        """The entry, which has no files before the first fetch."""
        return Entry.read(self.cache.folder / self.source.folder, self.source.origin)

    def asked(self) -> Entry:
        """The entry: nothing needs to be asked."""
        return self.recorded()

    def names(self, entry: Entry) -> list[str]:
        """The one file."""
        return [self.source.member]

    def check(self, entry: Entry, name: str, partial: Path, sha256: str) -> None:
        """Compare with the hash that the caller gave."""
        if self.sha256 is not None:
            check_hash(f"{self.source} came with", sha256, self.sha256, hint="it is not the file that was expected")
