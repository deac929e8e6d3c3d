"""One file from the web: resumed where it was interrupted, never waited for in vain, never taken short.

Byte ranges and `If-Range`: RFC 9110, sections 13.1.5 and 14.
"""

import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from io import RawIOBase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sonovox import __version__
from sonovox._internal.errors import IntegrityError, NetworkError, NotInSourceError, SonovoxError
from sonovox._internal.files import write_text
from sonovox.hub.disk import check_room, write_error
from sonovox.hub.opener import check_channel, make_opener, stall_seconds
from sonovox.hub.progress import Progress, format_size
from sonovox.hub.reach import CONNECT_S, check_reachable, short_reason

__all__ = ["discard", "download"]

ATTEMPTS = 4  # in a row without a new byte
BACKOFF_S = 0.5  # doubles with each of them
_CHUNK = 1 << 18
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # states of a server that pass


class _PassingError(Exception):
    """This attempt failed in a way that the next one may not."""

    def __init__(self, reason: str, *, after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.after_s = after_s


def download(
    url: str,
    partial: Path,
    *,
    progress: Progress,
    size: int | None = None,
    verified: bool = False,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Bring all bytes of `url` into the file `partial`, going on with what is there already.

    A connection on which nothing comes for 30 s (`SONOVOX_STALL_TIMEOUT`, in
    seconds) counts as dropped; dropped ones are tried again.

    Args:
        url: https, or http on this machine.
        partial: where the bytes grow; it stays when they stop coming, and the next call resumes it.
        progress: told the bytes as they come.
        size: of the whole file in bytes, where it is known.
        verified: the caller compares a known hash afterwards. It permits plain http,
            and to resume from a server that cannot say whether its file has changed.
        headers: such as an authorisation; that one is not sent on to another host.

    Raises:
        NetworkError: the host does not answer, or stopped to.
        NotInSourceError: it answers that there is no such file, or not for us.
        IntegrityError: it offers another number of bytes than `size`.
        WriteError: there is no room for it, or the disk is full; then the unfinished file is removed.
        SourceError: plain http without a hash.
    """
    check_channel(url, verified=verified)
    check_reachable(url)
    progress.start(partial.name)
    try:
        _Transfer(url, partial, progress, size, verified, dict(headers or {})).run()
    finally:
        progress.finish()
    _tag_file(partial).unlink(missing_ok=True)


def discard(partial: Path) -> None:
    """Remove an unfinished download with what is known about it."""
    partial.unlink(missing_ok=True)
    _tag_file(partial).unlink(missing_ok=True)


class _Transfer:
    """What the attempts to bring one file share; its state is the file on disk."""

    def __init__(
        self, url: str, partial: Path, progress: Progress, size: int | None, verified: bool, headers: dict[str, str]
    ) -> None:
        self.url, self.partial, self.progress = url, partial, progress
        self.size, self.verified, self.headers = size, verified, headers
        self.host = urlsplit(url).hostname
        self.opener = make_opener(verified=verified)

    @property
    def done(self) -> int:
        return self.partial.stat().st_size if self.partial.exists() else 0

    def run(self) -> None:
        fruitless = 0
        while True:
            before = self.done
            try:
                return self.attempt()
            except _PassingError as error:
                fruitless = 1 if self.done > before else fruitless + 1
                if fruitless >= ATTEMPTS:
                    raise NetworkError(f"{self.host}: {error}, after {ATTEMPTS} attempts") from error
                pause = max(BACKOFF_S * 2 ** (fruitless - 1), error.after_s)
                self.progress.note(f"{self.partial.name}: {error}; trying again in {pause:g} s")
                time.sleep(pause)

    def attempt(self) -> None:
        if self.size is not None and self.done > self.size:
            discard(self.partial)
        if self.size is not None and self.done == self.size:
            return
        request = urllib.request.Request(self.url, headers=self.request_headers())  # noqa: S310 - checked above
        try:
            with self.opener.open(request, timeout=CONNECT_S) as response:
                self.receive(response)
        except urllib.error.HTTPError as error:
            raise self.refusal(error) from error
        except SonovoxError:
            raise
        except TimeoutError as error:
            raise _PassingError(f"nothing came for {stall_seconds():g} s") from error
        except http.client.IncompleteRead as error:
            raise _PassingError(f"the connection dropped after {format_size(self.done)}") from error
        except (OSError, http.client.HTTPException) as error:
            raise _PassingError(short_reason(error)) from error

    def request_headers(self) -> dict[str, str]:
        headers = {"User-Agent": f"sonovox/{__version__}", "Accept-Encoding": "identity", **self.headers}
        tag_file = _tag_file(self.partial)
        tag = tag_file.read_text(encoding="utf-8") if tag_file.exists() else ""
        if self.done and (tag or self.verified):
            headers["Range"] = f"bytes={self.done}-"
            if tag:
                headers["If-Range"] = tag
        return headers

    def receive(self, response: Any) -> None:
        start, total = self.extent(response)
        if total is not None and self.size is not None and total != self.size:
            raise IntegrityError(
                f"{self.partial.name} must have {self.size} bytes, {self.host} offers {total}",
                hint="the address holds another file than expected",
            )
        total = self.size if total is None else total
        if total is not None:
            check_room(self.partial, total - start)
        write_text(_tag_file(self.partial), _resume_tag(response.headers))
        with self.partial.open("ab" if start else "wb", buffering=0) as file:
            self.copy(response, file, start, total)

    def extent(self, response: Any) -> tuple[int, int | None]:
        """Where the bytes of this answer begin, and how many the whole file has."""
        name, headers = self.partial.name, response.headers
        if headers.get_content_type() == "text/html" and not name.lower().endswith((".html", ".htm")):
            raise NotInSourceError(
                f"{self.host} answers with a web page instead of {name}",
                hint="open the address in a browser: it may need a login, or lead to a page about the file",
            )
        if headers.get("Content-Encoding", "identity") != "identity":
            raise NotInSourceError(f"{self.host} offers {name} only in the encoding {headers['Content-Encoding']}")
        if response.status == 206:
            match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", ""))
            if match is None or int(match[1]) != self.done:
                discard(self.partial)
                raise _PassingError("the server sent another range than it was asked for")
            return int(match[1]), None if match[2] == "*" else int(match[2])
        length = headers.get("Content-Length")
        if length is None and "Transfer-Encoding" not in headers and not self.verified and self.size is None:
            raise NotInSourceError(f"{self.host} does not say how long {name} is", hint="give its sha256")
        return 0, None if length is None else int(length)

    def copy(self, response: Any, file: RawIOBase, done: int, total: int | None) -> None:
        self.progress.update(done, total)
        # Stop at the promised length: some servers keep the connection open after it.
        while (total is None or done < total) and (chunk := response.read1(_CHUNK)):
            try:
                _write_all(file, chunk)
            except OSError as error:
                discard(self.partial)
                raise write_error(self.partial, error) from error
            done += len(chunk)
            self.progress.update(done, total)
        if total is not None and done < total:
            raise _PassingError(f"the connection dropped after {format_size(done)} of {format_size(total)}")
        if total is not None and done > total:
            discard(self.partial)
            raise _PassingError("the server sent more bytes than it promised")

    def refusal(self, error: urllib.error.HTTPError) -> Exception:
        """What an answer without the file means."""
        error.close()
        if error.code == 416:  # what is here is longer than the file is now
            discard(self.partial)
            return _PassingError("the file has changed on the server")
        if error.code in _PASSING:
            after = error.headers.get("Retry-After", "")
            return _PassingError(
                f"the server answers {error.code}", after_s=min(float(after), 30) if after.isdigit() else 0
            )
        if error.code in (401, 403):
            return NotInSourceError(
                f"{self.host} refuses {self.partial.name} ({error.code})",
                hint="it may need a token, or a licence to be accepted on its page",
            )
        return NotInSourceError(f"{self.host} does not have {self.partial.name} ({error.code} {error.reason})")


def _write_all(file: RawIOBase, data: bytes) -> None:
    # Unbuffered, so that a full disk is noticed here and not once more when the file is closed.
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def _resume_tag(headers: Message) -> str:
    """What `If-Range` may carry: a strong entity tag, else a date, else nothing."""
    tag = headers.get("ETag", "")
    return tag if tag.startswith('"') else headers.get("Last-Modified", "")


def _tag_file(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.etag")
