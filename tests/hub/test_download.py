import contextlib
import resource
import shutil
from collections import namedtuple

import pytest

from sonovox._internal.errors import IntegrityError, NetworkError, NotInSourceError, WriteError
from sonovox.hub.download import ATTEMPTS, discard, download

BODY = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def partial(tmp_path):
    return tmp_path / "parts" / "model.pt"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def begin(partial, content, tag='"v1"'):
    partial.parent.mkdir()
    partial.write_bytes(content)
    if tag:
        partial.with_name("model.pt.etag").write_text(tag)


@pytest.fixture
def get(partial, recorder):
    def run(url, **options):
        download(url, partial, progress=recorder, **options)
        return partial.read_bytes()

    return run


def test_a_whole_file_comes_with_its_progress(web, get, recorder, partial):
    assert get(web.put("/m", BODY)) == BODY
    assert recorder.started == ["model.pt"]
    assert recorder.updates[0] == (0, len(BODY))
    assert recorder.updates[-1] == (len(BODY), len(BODY))
    assert recorder.finished == 1
    assert names(partial.parent) == ["model.pt"]


def test_an_interrupted_file_is_resumed_where_it_ended(web, get, partial, recorder):
    begin(partial, BODY[:300_000])
    assert get(web.put("/m", BODY)) == BODY
    assert web.header("Range") == ["bytes=300000-"]
    assert web.header("If-Range") == ['"v1"']
    assert recorder.updates[0] == (300_000, len(BODY))


def test_a_file_that_changed_meanwhile_is_taken_from_its_start(web, get, partial):
    begin(partial, b"old" * 1000)
    assert get(web.put("/m", BODY, headers={"ETag": '"v2"'})) == BODY


def test_a_date_resumes_where_there_is_no_strong_tag(web, get):
    date = "Wed, 01 Jan 2025 00:00:00 GMT"
    page = {"headers": {"ETag": 'W/"weak"', "Last-Modified": date}, "troubles": [("drop", 500_000)]}
    assert get(web.put("/m", BODY, **page)) == BODY
    assert web.header("If-Range") == [None, date]


def test_without_any_tag_only_a_known_hash_allows_to_resume(web, get, partial):
    begin(partial, BODY[:1000], tag="")
    assert get(web.put("/m", BODY, headers={})) == BODY
    partial.write_bytes(BODY[:1000])
    assert get(web.address + "/m", verified=True) == BODY
    assert web.header("Range") == [None, "bytes=1000-"]


def test_a_server_without_ranges_sends_all_again(web, get, partial):
    begin(partial, BODY[:300_000])
    assert get(web.put("/m", BODY, ranges=False)) == BODY


def test_what_is_whole_already_is_not_asked_for(web, get, partial):
    begin(partial, BODY)
    assert get(web.put("/m", BODY), size=len(BODY)) == BODY
    assert web.requests == []


@pytest.mark.parametrize("extra", [0, 10])
def test_more_bytes_than_the_file_has_are_thrown_away(web, get, partial, extra):
    begin(partial, BODY + b"x" * extra)
    assert get(web.put("/m", BODY)) == BODY  # the server answers 416 first


@pytest.mark.parametrize("trouble", [("drop", 400_000), ("stall", 400_000), ("status", 500), ("status", 503)])
def test_passing_trouble_is_tried_again(web, get, recorder, trouble):
    assert get(web.put("/m", BODY, troubles=[trouble])) == BODY
    assert len(web.requests) == 2
    assert "trying again" in recorder.notes[0]


def test_connections_may_drop_for_ever_while_bytes_come(web, get):
    troubles = [("drop", 100_000)] * (ATTEMPTS + 3)
    assert get(web.put("/m", BODY, troubles=troubles)) == BODY


def test_a_server_that_only_drops_is_given_up_and_the_bytes_are_kept(web, get, partial):
    url = web.put("/m", BODY, troubles=[("drop", 5000)] + [("drop", 0)] * ATTEMPTS)
    with pytest.raises(NetworkError, match=rf"127\.0\.0\.1: the connection dropped .* after {ATTEMPTS} attempts"):
        get(url)
    assert partial.read_bytes() == BODY[:5000]


def test_a_silent_server_is_given_up_with_the_seconds_named(web, get, monkeypatch):
    monkeypatch.setenv("SONOVOX_STALL_TIMEOUT", "0.1")
    url = web.put("/m", BODY, troubles=[("stall", 0)] * ATTEMPTS)
    with pytest.raises(NetworkError, match=r"nothing came for 0\.1 s"):
        get(url)


def test_another_size_than_the_known_one_is_refused_before_the_bytes_come(web, get, partial):
    with pytest.raises(IntegrityError, match=rf"must have 7 bytes, 127\.0\.0\.1 offers {len(BODY)}"):
        get(web.put("/m", BODY), size=7)
    assert not partial.exists()


def test_bytes_after_the_promised_end_are_not_taken(web, get):
    assert get(web.put("/m", BODY, troubles=[("surplus", 100)])) == BODY


def test_a_length_must_be_known_from_somewhere(web, get):
    url = web.put("/m", BODY, length=False)
    with pytest.raises(NotInSourceError, match=r"does not say how long model\.pt is; give its sha256"):
        get(url)
    assert get(url, verified=True) == BODY
    assert get(url, size=len(BODY)) == BODY


def test_a_missing_file_is_not_tried_again(web, get):
    with pytest.raises(NotInSourceError, match=r"127\.0\.0\.1 does not have model\.pt \(404 Not Found\)"):
        get(web.address + "/nowhere")
    assert len(web.requests) == 1


def test_a_refused_file_mentions_tokens(web, get):
    with pytest.raises(NotInSourceError, match=r"refuses model\.pt \(403\); it may need a token"):
        get(web.put("/m", BODY, troubles=[("status", 403)]))


def test_a_web_page_is_not_a_model(web, get):
    with pytest.raises(NotInSourceError, match=r"web page instead of model\.pt"):
        get(web.put("/m", b"<html>log in</html>", headers={"Content-Type": "text/html; charset=utf-8"}))


def test_an_encoded_answer_is_refused(web, get):
    with pytest.raises(NotInSourceError, match="only in the encoding gzip"):
        get(web.put("/m", b"\x1f\x8b", headers={"Content-Encoding": "gzip"}))


def test_redirects_are_followed(web, get):
    web.put("/end", BODY)
    assert get(web.put("/m", b"", troubles=[("redirect", "/end")])) == BODY


def test_no_byte_is_asked_for_when_the_disk_has_no_room(web, get, partial, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: namedtuple("Usage", "total used free")(0, 0, 1000))
    with pytest.raises(WriteError, match=r"1\.0 MB are needed, 1\.0 kB are free"):
        get(web.put("/m", BODY))
    assert not partial.exists()


@contextlib.contextmanager
def files_end_at(size):
    """The system refuses to let any file grow beyond `size` bytes, as a full disk does."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_a_disk_that_fills_leaves_nothing_half_written(web, get, partial):
    url = web.put("/m", BODY)
    with (
        files_end_at(500_000),
        pytest.raises(WriteError, match=r"model\.pt: File too large; free space, or set SONOVOX_CACHE"),
    ):
        get(url)
    assert names(partial.parent) == []


def test_discard_removes_the_bytes_and_their_tag(partial):
    begin(partial, b"x")
    discard(partial)
    assert names(partial.parent) == []
