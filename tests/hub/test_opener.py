import urllib.request

import pytest

from sonovox._internal.errors import ArgumentError, SourceError
from sonovox.hub.opener import check_channel, make_opener, stall_seconds


def read(opener, url, **headers):
    with opener.open(urllib.request.Request(url, headers=headers), timeout=3) as response:
        return response.read()


def test_plain_http_needs_a_hash_unless_it_is_this_machine():
    check_channel("https://example.org/x", verified=False)
    check_channel("http://127.0.0.1:80/x", verified=False)
    check_channel("http://example.org/x", verified=True)
    with pytest.raises(SourceError, match=r"http://example\.org/x is not https.*give the sha256"):
        check_channel("http://example.org/x", verified=False)


def test_a_redirect_may_not_leave_the_safe_channel(web):
    url = web.put("/a", b"", troubles=[("redirect", "http://example.org/a")])
    with pytest.raises(SourceError, match="is not https"):
        read(make_opener(verified=False), url)


def test_an_authorisation_goes_with_redirects_on_its_host_only(web):
    web.put("/end", b"bytes")
    url = web.put(
        "/a", b"", troubles=[("redirect", "/end"), ("redirect", web.address.replace("127.0.0.1", "localhost") + "/end")]
    )
    opener = make_opener(verified=False)
    for _ in range(2):
        assert read(opener, url, Authorization="Bearer secret", Range="bytes=0-") == b"bytes"
    assert web.header("Authorization") == ["Bearer secret", "Bearer secret", "Bearer secret", None]
    assert web.header("Range") == ["bytes=0-"] * 4


def test_silence_ends_a_read(web):
    url = web.put("/a", b"12345678", troubles=[("stall", 4)])
    with pytest.raises(TimeoutError):
        read(make_opener(verified=False), url)


@pytest.mark.parametrize("text", ["soon", "0", "-3", "nan"])
def test_a_stall_timeout_must_be_positive(monkeypatch, text):
    monkeypatch.setenv("SONOVOX_STALL_TIMEOUT", text)
    with pytest.raises(ArgumentError, match="SONOVOX_STALL_TIMEOUT must be positive"):
        stall_seconds()


def test_the_stall_timeout_is_thirty_seconds(monkeypatch):
    monkeypatch.delenv("SONOVOX_STALL_TIMEOUT")
    assert stall_seconds() == 30
