"""Fetching while things go wrong, at a hundred places of a file: never a bad file under its final name."""

import hashlib
import os
import signal
import subprocess
import sys

import pytest

from sonovox._internal.errors import IntegrityError, NetworkError
from sonovox.hub import Cache, fetch

BODY = os.urandom(1_010_000)
SHA = hashlib.sha256(BODY).hexdigest()
OFFSETS = range(0, len(BODY), len(BODY) // 100)
FETCH = "import sys; from sonovox.hub import fetch; print(fetch(sys.argv[1], sha256=sys.argv[2], progress=False))"


def start(url):
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, url, SHA], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def final_files(cache_folder):
    found = [path for path in cache_folder.rglob("tiny.pt") if path.is_file()]
    return [path for path in found if not any(part.endswith(".partial") for part in path.parts)]


@pytest.mark.slow
def test_it_is_resumed_wherever_a_connection_ends(web, cache_folder):
    for offset in OFFSETS:
        url = web.put(f"/{offset}/tiny.pt", BODY, troubles=[("drop", offset)])
        assert fetch(url, sha256=SHA, progress=False).read_bytes() == BODY
        ranges = web.header("Range")[-2:]
        assert ranges == [None, f"bytes={offset}-" if offset else None]
    assert len(final_files(cache_folder)) == len(OFFSETS)


@pytest.mark.slow
def test_a_flipped_bit_is_refused_wherever_it_is_and_the_next_attempt_is_good(web, cache_folder):
    for offset in OFFSETS:
        flipped = bytearray(BODY)
        flipped[offset] ^= 1 << offset % 8
        url = web.put("/tiny.pt", BODY, troubles=[("wrong", bytes(flipped))])
        with pytest.raises(IntegrityError, match=f"expected {SHA}"):
            fetch(url, sha256=SHA, progress=False)
        assert not final_files(cache_folder)
    assert fetch(url, sha256=SHA, progress=False).read_bytes() == BODY


def test_a_flipped_bit_in_the_cache_is_refused_wherever_it_is(web, cache_folder):
    url = web.put("/tiny.pt", BODY)
    path = fetch(url, sha256=SHA, progress=False)
    for offset in OFFSETS:
        poisoned = bytearray(BODY)
        poisoned[offset] ^= 1
        path.write_bytes(poisoned)
        for known in (SHA, None):
            with pytest.raises(IntegrityError):
                fetch(url, sha256=known, progress=False, offline=True)
    path.write_bytes(BODY)
    assert fetch(url, progress=False, offline=True) == path


@pytest.mark.parametrize("trouble", [("status", 500), ("status", 503), ("status", 429), ("stall", 1000)])
def test_a_server_that_stays_in_trouble_leaves_nothing_but_a_beginning(trouble, web, cache_folder, monkeypatch):
    monkeypatch.setenv("SONOVOX_STALL_TIMEOUT", "0.05")
    url = web.put("/tiny.pt", BODY, troubles=[trouble] * 500 if trouble[0] == "status" else [("stall", 0)] * 500)
    with pytest.raises(NetworkError):
        fetch(url, sha256=SHA, progress=False)
    assert not final_files(cache_folder)
    web.pages["/tiny.pt"].troubles.clear()
    assert fetch(url, sha256=SHA, progress=False).read_bytes() == BODY


@pytest.mark.slow
def test_killed_at_a_hundred_places_it_goes_on_from_each(web, cache_folder, monkeypatch, wait_until):
    monkeypatch.setenv("SONOVOX_STALL_TIMEOUT", "30")
    step = len(BODY) // 101
    url = web.put("/tiny.pt", BODY, troubles=[("stall", step)] * 100)
    for kill in range(1, 101):
        process = start(url)
        sizes = [kill * step]
        wait_until(lambda: [path.stat().st_size for path in cache_folder.rglob("tiny.pt")] == sizes, within_s=60)  # noqa: B023
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not final_files(cache_folder)
        assert len(Cache().entries()) == 1
    assert fetch(url, sha256=SHA, progress=False).read_bytes() == BODY
    assert web.header("Range") == [None, *(f"bytes={kill * step}-" for kill in range(1, 101))]


@pytest.mark.slow
def test_sixteen_processes_at_once_download_it_once_and_survive_the_death_of_some(web, cache_folder, wait_until):
    url = web.put("/tiny.pt", BODY, troubles=[("drop", 300_000)])
    processes = [start(url) for _ in range(16)]
    wait_until(lambda: len(web.requests) > 0, within_s=60)
    for process in processes[::4]:
        process.send_signal(signal.SIGKILL)
    outputs = [process.communicate(timeout=120) for process in processes]
    codes = [process.returncode for process in processes]
    assert set(codes[::4]) <= {0, -signal.SIGKILL}
    others = [code for place, code in enumerate(codes) if place % 4]
    assert others == [0] * 12, outputs
    (path,) = final_files(cache_folder)
    assert path.read_bytes() == BODY
    assert sum(header is None for header in web.header("Range")) <= 1 + len(codes[::4])
