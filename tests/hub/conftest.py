"""A web server that misbehaves to order, a hub on top of it, a folder of wheels, and a recorder of progress."""

import contextlib
import hashlib
import json
import re
import threading
import time
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sonovox.hub import download, reach


@dataclass
class Page:
    """What a path answers; each GET takes one trouble from the front, and behaves when none is left.

    Troubles: ("status", code), ("drop", n) and ("stall", n) after n bytes, ("surplus", n) more bytes than
    promised, ("redirect", url), ("wrong", bytes).
    """

    body: bytes
    headers: dict = field(default_factory=lambda: {"ETag": '"v1"'})
    ranges: bool = True
    length: bool = True
    status: int = 200
    troubles: list = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, {name.title(): text for name, text in self.headers.items()}))
        page = server.pages.get(self.path.partition("?")[0])
        if page is None:
            self.send_error(404)
            return
        kind, value = page.troubles.pop(0) if page.troubles else (None, None)
        if kind == "status":
            self.send_error(value)
            return
        if kind == "redirect":
            self.send_response(302)
            self.send_header("Location", value)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = value if kind == "wrong" else page.body
        start = self._start(page, body)
        if start is None:
            self.send_error(416)
            return
        self.send_response(206 if start else page.status)
        if page.length:
            self.send_header("Content-Length", str(len(body) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        for name, text in page.headers.items():
            self.send_header(name, text)
        self.end_headers()
        part = body[start:] + (b"x" * value if kind == "surplus" else b"")
        if kind in ("drop", "stall"):
            self.wfile.write(part[:value])
            self.wfile.flush()
            if kind == "stall":
                server.release.wait(20)
            self.close_connection = True
            return
        with contextlib.suppress(ConnectionError):  # who asked may have seen enough
            self.wfile.write(part)

    def _start(self, page, body):
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        unchanged = condition in (None, page.headers.get("ETag"), page.headers.get("Last-Modified"))
        if match is None or not page.ranges or not unchanged:
            return 0
        return int(match[1]) if int(match[1]) < len(body) else None


class Web:
    """The server: `pages` by path, the `requests` it got."""

    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.pages, self.server.requests, self.server.release = {}, [], threading.Event()
        self.pages, self.requests = self.server.pages, self.server.requests
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def put(self, path, body, **settings):
        self.pages[path] = Page(body, **settings)
        return self.address + path

    def header(self, name):
        """That header in each request, None where it was absent."""
        return [headers.get(name) for _, headers in self.requests]

    def close(self):
        self.server.release.set()
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


class Recorder:
    """A `Progress` that remembers."""

    def __init__(self):
        self.started, self.updates, self.notes, self.finished = [], [], [], 0

    def start(self, name):
        self.started.append(name)

    def update(self, done, total):
        self.updates.append((done, total))

    def finish(self):
        self.finished += 1

    def note(self, text):
        self.notes.append(text)


class FakeHub:
    """The two routes of the hub that are needed, answered in its format."""

    repository, commit = "acme/tiny", "c0ffee" + "0" * 34

    def __init__(self, web):
        self.web = web
        self.files = {}

    def put(self, name, body, *, large=False, stated=None):
        self.files[name] = (body, large, stated or hashlib.sha256(body).hexdigest())
        self.web.put(f"/{self.repository}/resolve/{self.commit}/{name}", body)
        self.publish("main")

    def publish(self, revision, commit=None):
        siblings = []
        for name, (body, large, stated) in self.files.items():
            blob = hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
            lfs = {"lfs": {"sha256": stated, "size": len(body), "pointerSize": 130}} if large else {}
            siblings.append({"rfilename": name, "size": len(body), "blobId": blob, **lfs})
        answer = {
            "id": self.repository,
            "sha": commit or self.commit,
            "siblings": siblings,
            "private": False,
            "tags": [],
        }
        self.web.put(
            f"/api/models/{self.repository}/revision/{revision}",
            json.dumps(answer).encode(),
            headers={"Content-Type": "application/json"},
        )


@pytest.fixture(autouse=True)
def _own_machine(monkeypatch, tmp_path):
    """A cache of this test, nothing inherited from the user's settings, and no long pauses."""
    monkeypatch.setenv("SONOVOX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SONOVOX_STALL_TIMEOUT", "0.5")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    for name in ("SONOVOX_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, "BACKOFF_S", 0.01)
    monkeypatch.setattr(reach, "_unreachable", {})


@pytest.fixture
def cache_folder(tmp_path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def web():
    server = Web()
    yield server
    server.close()


@pytest.fixture
def hub_server(web, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", web.address)
    return FakeHub(web)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def wheelhouse(tmp_path, monkeypatch):
    """`wheelhouse(name, version, members)` puts a wheel where pip, cut off from every index, finds it."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    def build(name, version, members, *, metadata=""):
        wheel = folder / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, body in members.items():
                archive.writestr(member, body)
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        return wheel

    return build


def wait_until(condition, *, within_s=10.0):
    """Poll until `condition()` is true; used by tests that watch another process."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture(name="wait_until")
def _wait_until():
    return wait_until
