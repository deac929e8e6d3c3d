"""Orders of one file behind a web address."""

from pathlib import Path

from sonovox.hub.cache import Entry
from sonovox.hub.download import download
from sonovox.hub.order import FileOrder
from sonovox.hub.sources import WebSource

__all__ = ["WebOrder"]


class WebOrder(FileOrder[WebSource]):
    """An order of the file behind an address."""

    @property
    def host(self) -> str:
        """The host in the address."""
        return self.source.host

    def bring(self, entry: Entry, name: str, partial: Path) -> None:
        """Download it, or the rest of it."""
        download(self.source.url, partial, progress=self.progress, verified=self.sha256 is not None)
