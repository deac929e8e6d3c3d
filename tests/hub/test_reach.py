import socket
import ssl
import time
import urllib.error

import pytest

from sonovox._internal.errors import NetworkError
from sonovox.hub import reach
from sonovox.hub.reach import check_reachable, recently_unreachable, remember_unreachable, short_reason


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_server_that_listens_is_reachable(web):
    check_reachable(web.address + "/whatever")


def test_a_closed_port_is_named_with_its_reason_and_remembered():
    port = free_port()
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1 cannot be reached: connection refused"):
        check_reachable(f"http://127.0.0.1:{port}/x")
    assert recently_unreachable(f"127.0.0.1:{port}") == "connection refused"
    assert recently_unreachable("127.0.0.1") == ""  # another port is another server


def test_success_clears_the_memory(web):
    host = web.address.removeprefix("http://")
    remember_unreachable(host, "connection refused")
    check_reachable(web.address)
    assert recently_unreachable(host) == ""


def test_the_memory_ends_after_five_minutes(monkeypatch):
    remember_unreachable("far.invalid", "silence")
    now = time.monotonic()
    monkeypatch.setattr(reach.time, "monotonic", lambda: now + 301)
    assert recently_unreachable("far.invalid") == ""


def test_a_resolver_that_hangs_does_not_hold_us(monkeypatch):
    monkeypatch.setattr(reach, "_connect", lambda host, port: time.sleep(3))
    began = time.monotonic()
    with pytest.raises(NetworkError, match=r"no answer within 0\.2 s"):
        check_reachable("https://slow.invalid/x", within_s=0.2)
    assert time.monotonic() - began < 2.5


def test_an_unknown_name_is_said_so(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(reach.socket, "create_connection", unknown)
    with pytest.raises(NetworkError, match=r"nowhere\.invalid cannot be reached: its name does not resolve"):
        check_reachable("https://nowhere.invalid/x")


def test_a_proxy_is_what_must_be_reachable(monkeypatch):
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NetworkError, match=r"far\.invalid .* its proxy 127\.0\.0\.1: connection refused"):
        check_reachable("https://far.invalid/x")


def chained():
    try:
        raise ConnectionResetError(104, "Connection reset by peer")
    except OSError as error:
        outer = RuntimeError("a library's own words")
        outer.__cause__ = error
        return outer


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (urllib.error.URLError(socket.gaierror(-2, "x")), "its name does not resolve"),
        (urllib.error.URLError(TimeoutError("timed out")), "no answer in time"),
        (chained(), "connection reset by peer"),
        (ValueError("first line\nsecond"), "first line"),
        (ValueError(), "ValueError"),
    ],
)
def test_reasons_are_short(error, words):
    assert short_reason(error) == words


def test_a_bad_certificate_is_named():
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    assert short_reason(error) == "its certificate was not accepted (self-signed certificate)"
