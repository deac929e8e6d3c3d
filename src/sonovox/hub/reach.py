"""Whether a host can be reached, answered within seconds, and remembered.

Clients try every address of a host in turn, each with its own timeout, and name
look-ups cannot be interrupted: behind a firewall that drops packets that takes
minutes. One connection in a thread of its own puts a bound on the question.
"""

import queue
import socket
import ssl
import threading
import time
import urllib.request
from urllib.parse import urlsplit

from sonovox._internal.errors import NetworkError

__all__ = ["check_reachable", "recently_unreachable", "remember_unreachable", "short_reason"]

CONNECT_S = 3.0  # for each address of the host
REACH_S = 8.0  # for the name and all its addresses
_REMEMBER_S = 300.0  # long enough to fetch the other models of a list, short enough to notice a cable

_unreachable: dict[str, tuple[float, str]] = {}  # host[:port] -> when it was tried, and why it failed


def check_reachable(url: str, *, within_s: float = REACH_S) -> None:
    """Connect to the host of `url`, or to the proxy in front of it, and hang up.

    Raises:
        NetworkError: there was no connection within `within_s` seconds, with the reason.
    """
    host, port = _first_hop(url)
    answers: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: answers.put(_connect(host, port)), daemon=True).start()
    try:
        reason = answers.get(timeout=within_s)
    except queue.Empty:
        reason = f"no answer within {within_s:g} s"
    target = urlsplit(url)
    if reason:
        reason = reason if host == target.hostname else f"its proxy {host}: {reason}"
        remember_unreachable(target.netloc, reason)
        raise NetworkError(f"{target.hostname} cannot be reached: {reason}")
    _unreachable.pop(target.netloc, None)


def remember_unreachable(host: str, reason: str) -> None:
    """Note for the other fetches of this process that `host` did not answer."""
    _unreachable[host] = (time.monotonic(), reason)


def recently_unreachable(host: str) -> str:
    """Why `host` could not be reached in the last five minutes of this process, or an empty string."""
    when, reason = _unreachable.get(host, (float("-inf"), ""))
    return reason if time.monotonic() - when < _REMEMBER_S else ""


def short_reason(error: BaseException) -> str:
    """Why a connection failed, in a few words: the first cause that the system named.

    >>> short_reason(ConnectionRefusedError(111, "Connection refused"))
    'connection refused'
    """
    chain: list[BaseException] = []
    while error not in chain:
        chain.append(error)
        inner = getattr(error, "reason", None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__ or error
    for link in reversed(chain):
        if isinstance(link, ssl.SSLCertVerificationError):
            return f"its certificate was not accepted ({link.verify_message})"
        if isinstance(link, socket.gaierror):
            return "its name does not resolve"
        if isinstance(link, TimeoutError):
            return "no answer in time"
        if isinstance(link, ConnectionError | OSError) and link.strerror:
            return link.strerror.lower()
    return str(chain[0]).partition("\n")[0] or type(chain[0]).__name__


def _connect(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError as error:
        return short_reason(error)
    return ""


def _first_hop(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and not urllib.request.proxy_bypass(host):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return parts.hostname or host, parts.port or (443 if parts.scheme == "https" else 80)
