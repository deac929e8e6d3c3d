"""How web addresses are opened: redirects that carry no secrets, short connects, reads that end."""

import http.client
import os
import urllib.request
from typing import IO
from urllib.parse import urlsplit

from sonovox._internal.errors import ArgumentError, SourceError
from sonovox.hub.sources import is_private_channel

__all__ = ["check_channel", "make_opener", "stall_seconds"]


def make_opener(*, verified: bool) -> urllib.request.OpenerDirector:
    """An opener with the proxies and certificates of the user's environment.

    The timeout that is given to `open` is for connecting; reading has the longer
    one of `stall_seconds`.

    Args:
        verified: the bytes will be compared with a known hash, so that plain http is acceptable.
    """
    return urllib.request.build_opener(_Redirects(verified), _Http, _Https)


def check_channel(url: str, *, verified: bool) -> None:
    """Refuse an address on whose way anybody could change the bytes unnoticed.

    Raises:
        SourceError: it is not https, not this machine, and no hash is known.
    """
    if not (verified or is_private_channel(url)):
        raise SourceError(
            f"{url} is not https: anybody on the way could change the bytes", hint="use https, or give the sha256"
        )


def stall_seconds() -> float:
    """How long a connection may be silent: `SONOVOX_STALL_TIMEOUT`, 30 s by default.

    Raises:
        ArgumentError: the variable is not a positive number.
    """
    text = os.environ.get("SONOVOX_STALL_TIMEOUT", "30")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise ArgumentError(f"SONOVOX_STALL_TIMEOUT must be positive, got {text!r}", hint="give it in seconds")
    return seconds


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects; an authorisation stays with the host that it was meant for."""

    def __init__(self, verified: bool) -> None:
        self.verified = verified

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        check_channel(newurl, verified=self.verified)
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            request.remove_header("Authorization")
        return request


class _HttpConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(stall_seconds())


class _HttpsConnection(http.client.HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(stall_seconds())


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpConnection, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpsConnection, req)
