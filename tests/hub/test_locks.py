import subprocess
import sys
import threading

import pytest

from sonovox._internal.errors import NetworkError, WriteError
from sonovox.hub import locks
from sonovox.hub.locks import folder_lock

HOLD = """
import sys, time
from pathlib import Path
from sonovox.hub.locks import folder_lock
with folder_lock(Path(sys.argv[1]), "x", folder=Path(sys.argv[2]), note=print):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def hold(tmp_path):
    """Another process that holds the lock until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "locks" / "x.lock", tmp_path / "entry"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def take(tmp_path, notes):
    return folder_lock(tmp_path / "locks" / "x.lock", "acme/tiny", folder=tmp_path / "entry", note=notes.append)


def test_a_free_lock_is_taken_without_a_word_and_given_back(tmp_path):
    notes = []
    for _ in range(2):
        with take(tmp_path, notes):
            pass
    assert notes == []


def test_it_is_given_back_after_an_error(tmp_path):
    with pytest.raises(KeyError), take(tmp_path, []):
        raise KeyError("x")
    with take(tmp_path, notes := []):
        assert notes == []


def test_a_killed_holder_blocks_nobody_and_waiting_is_announced(tmp_path, hold, wait_until):
    notes, done = [], threading.Event()

    def wait():
        with take(tmp_path, notes):
            done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    wait_until(lambda: notes)
    assert notes == ["another process is fetching acme/tiny; waiting for it"]
    assert not done.is_set()
    hold.kill()
    thread.join(10)
    assert done.is_set()


def test_a_holder_that_does_nothing_is_given_up(tmp_path, hold, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE_S", 0.1)
    monkeypatch.setattr(locks, "_LOOK_S", 0.06)
    with pytest.raises(NetworkError, match=r"x\.lock and has fetched nothing of acme/tiny .*end that process"):
        take(tmp_path, []).__enter__()


def test_a_holder_that_works_is_waited_for(tmp_path, hold, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE_S", 0.8)
    monkeypatch.setattr(locks, "_LOOK_S", 0.02)
    (tmp_path / "entry.partial").mkdir()
    part, ended = tmp_path / "entry.partial" / "model.pt", threading.Event()

    def grow():
        with part.open("ab", buffering=0) as file:
            for _ in range(50):
                file.write(b"x")
                ended.wait(0.02)
        hold.kill()

    worker = threading.Thread(target=grow)
    worker.start()
    with take(tmp_path, []):
        assert part.stat().st_size == 50
    worker.join()


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "locks").touch()  # a file where the folder should be
    with pytest.raises(WriteError, match=r"cannot write into the cache .*set SONOVOX_CACHE"):
        take(tmp_path, []).__enter__()
