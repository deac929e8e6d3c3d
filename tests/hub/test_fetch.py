import hashlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import sonovox.hub
from sonovox._internal.errors import (
    ArgumentError,
    IntegrityError,
    NetworkError,
    NotInSourceError,
    OfflineError,
    WriteError,
)
from sonovox.hub import Cache, Mirror, fetch, fetch_first

BODY = os.urandom(3_000_000)
SHA = hashlib.sha256(BODY).hexdigest()
NOWHERE = "http://127.0.0.1:9/tiny.pt"

FETCH = """
import sys
from sonovox.hub import fetch
print(fetch(sys.argv[1], sha256=sys.argv[2]))
"""


def start(url):
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, url, SHA], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_importing_the_hub_is_cheap():
    heavy = "'torch', 'huggingface_hub', 'rich', 'filelock', 'urllib.request', 'ssl', 'zipfile'"
    code = f"import sys, sonovox.hub; print([name for name in ({heavy}) if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_fetch_stays_a_function_when_its_module_is_imported():
    import sonovox.hub.fetch as module

    assert module is sonovox.hub.fetch
    assert callable(sonovox.hub.fetch)


def test_a_local_path_is_returned_as_it_is(tmp_path, cache_folder):
    (tmp_path / "m.pt").write_bytes(BODY)
    assert fetch(str(tmp_path / "m.pt")) == fetch(tmp_path / "m.pt", sha256=SHA) == tmp_path / "m.pt"
    assert fetch(tmp_path) == tmp_path
    assert not cache_folder.exists()


def test_a_local_file_is_compared_with_the_hash(tmp_path):
    (tmp_path / "m.pt").write_bytes(BODY)
    with pytest.raises(IntegrityError, match=f"m.pt has sha256 {SHA}, expected {'0' * 64}"):
        fetch(tmp_path / "m.pt", sha256="0" * 64)
    with pytest.raises(ArgumentError, match="is a folder; name the file"):
        fetch(tmp_path, sha256=SHA)


def test_an_address_is_fetched_once_and_found_offline(web):
    url = web.put("/tiny.pt", BODY)
    path = fetch(url, progress=False)
    assert path.read_bytes() == BODY
    assert fetch(url, sha256=SHA, offline=True) == path
    assert len(web.requests) == 1


def test_a_cache_that_cannot_be_written_serves_what_it_has(web, cache_folder):
    url = web.put("/tiny.pt", BODY)
    path = fetch(url, progress=False)
    (cache_folder / "locks").rename(cache_folder / "kept")
    (cache_folder / "locks").touch()  # whoever needs a lock fails now
    assert fetch(url) == path
    with pytest.raises(WriteError, match="cannot write into the cache"):
        fetch(web.put("/other.pt", BODY), progress=False)


def test_a_poisoned_byte_is_refused_with_both_hashes_and_the_remedy_works(web, cache_folder):
    url = web.put("/tiny.pt", BODY)
    path = fetch(url, progress=False)
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(1_234_567)
        file.write(bytes([BODY[1_234_567] ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(IntegrityError) as caught:
        fetch(url, progress=False)
    poisoned = hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"{path} has sha256 {poisoned}, expected {SHA}" in str(caught.value)
    (entry,) = Cache().find(url)
    Cache().remove(entry)
    assert fetch(url, progress=False).read_bytes() == BODY


def test_wrong_bytes_from_the_web_never_enter_the_cache(web, cache_folder):
    with pytest.raises(IntegrityError, match=f"expected {SHA}"):
        fetch(web.put("/tiny.pt", BODY[:-1] + b"x"), sha256=SHA, progress=False)
    assert not list(cache_folder.rglob("tiny.pt"))


def test_another_cache_folder_can_be_named(web, tmp_path):
    assert (
        tmp_path / "elsewhere" in fetch(web.put("/a", b"x"), progress=False, cache_dir=tmp_path / "elsewhere").parents
    )


@pytest.mark.parametrize("value", ["1", "true", "YES"])
def test_the_variable_switches_the_network_off(web, monkeypatch, value, cache_folder):
    monkeypatch.setenv("SONOVOX_OFFLINE", value)
    url = web.put("/tiny.pt", BODY)
    with pytest.raises(OfflineError) as caught:
        fetch(url)
    assert f"{url} is not in the cache {cache_folder}" in caught.value.message
    assert f"`sonovox models pull {url}`" in caught.value.hint
    assert str(cache_folder) in caught.value.hint
    assert web.requests == []
    assert fetch(url, offline=False, progress=False).read_bytes() == BODY


def test_a_copied_cache_serves_an_offline_machine(web, cache_folder, tmp_path):
    url = web.put("/tiny.pt", BODY)
    fetch(url, progress=False)
    cache_folder.rename(tmp_path / "carried")
    assert fetch(url, offline=True, cache_dir=tmp_path / "carried").read_bytes() == BODY


def test_files_must_be_a_list():
    with pytest.raises(ArgumentError, match=r"got 'a\.pt'; files=\['a\.pt'\]"):
        fetch("hf:a/b", files="a.pt")


def test_six_processes_that_want_one_file_download_it_once(web):
    url = web.put("/tiny.pt", BODY, troubles=[("drop", 1_000_000)])
    processes = [start(url) for _ in range(6)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, outputs
    assert len({out for out, _ in outputs}) == 1
    with open(outputs[0][0].strip(), "rb") as file:  # noqa: PTH123
        assert file.read() == BODY
    assert web.header("Range") == [None, "bytes=1000000-"]  # one process, one resume


def test_threads_of_one_process_share_a_download_too(web):
    url = web.put("/tiny.pt", BODY)
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(url, sha256=SHA, progress=False), range(4)))
    assert len(set(paths)) == 1
    assert len(web.requests) == 1


def test_a_killed_download_is_resumed_by_the_next(web, cache_folder, monkeypatch, wait_until):
    monkeypatch.setenv("SONOVOX_STALL_TIMEOUT", "30")
    url = web.put("/tiny.pt", BODY, troubles=[("stall", 2_000_000)])
    process = start(url)
    wait_until(lambda: sum(path.stat().st_size for path in cache_folder.rglob("tiny.pt")) == 2_000_000)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (entry,) = Cache().entries()
    assert entry.size > 2_000_000  # listed as what it is: begun
    assert fetch(url, sha256=SHA, progress=False).read_bytes() == BODY
    assert web.header("Range") == [None, "bytes=2000000-"]
    assert not list(cache_folder.rglob("*.partial"))


def test_the_first_mirror_that_answers_is_taken(web, recorder):
    mirrors = [Mirror(NOWHERE), Mirror(web.put("/tiny.pt", BODY), SHA), Mirror(web.address + "/never-asked")]
    assert fetch_first(mirrors, progress=recorder).read_bytes() == BODY
    assert [path for path, _ in web.requests] == ["/tiny.pt"]


def test_what_is_cached_from_any_mirror_is_taken_before_the_network_is_asked(web):
    path = fetch(web.put("/tiny.pt", BODY), progress=False)
    requests = len(web.requests)
    assert fetch_first([Mirror(web.address + "/preferred"), web.address + "/tiny.pt"], progress=False) == path
    assert len(web.requests) == requests


def test_a_poisoned_cache_is_not_covered_up_by_another_mirror(web):
    path = fetch(web.put("/tiny.pt", BODY), progress=False)
    path.write_bytes(b"poison")
    web.put("/other.pt", BODY)
    with pytest.raises(IntegrityError, match="remove it with"):
        fetch_first([web.address + "/tiny.pt", web.address + "/other.pt"], progress=False)


def test_a_mirror_with_wrong_bytes_or_without_the_file_is_passed_over(web):
    mirrors = [
        Mirror(web.address + "/absent"),
        Mirror(web.put("/wrong.pt", b"wrong"), SHA),
        Mirror(web.put("/tiny.pt", BODY), SHA),
    ]
    assert fetch_first(mirrors, progress=False).read_bytes() == BODY


def test_when_none_answers_all_are_named_with_their_reasons(web, cache_folder):
    with pytest.raises(NetworkError) as caught:
        fetch_first([NOWHERE, web.address + "/absent"], name="tiny.en", progress=False)
    message = str(caught.value)
    assert f"cannot fetch tiny.en; tried: {NOWHERE} (127.0.0.1 cannot be reached: connection refused)" in message
    assert "/absent (127.0.0.1 does not have absent (404 Not Found))" in message
    assert "sonovox models pull tiny.en" in message
    assert "\n" not in message


def test_a_host_that_did_not_answer_is_not_waited_for_again(monkeypatch):
    with pytest.raises(NetworkError, match="cannot be reached"):
        fetch_first([NOWHERE])
    with pytest.raises(NetworkError, match=r"did not answer a moment ago \(connection refused\)"):
        fetch_first(["http://127.0.0.1:9/another.pt"])


@pytest.mark.parametrize(
    ("mirrors", "kind"),
    [
        (lambda web: [web.address + "/a", web.address + "/b"], NotInSourceError),
        (lambda web: [web.address + "/a", Mirror(web.put("/w", b"wrong"), SHA)], IntegrityError),
    ],
)
def test_the_gravest_reason_decides_the_kind_of_error(web, mirrors, kind):
    with pytest.raises(kind, match="tried: "):
        fetch_first(mirrors(web), progress=False)


def test_offline_names_all_mirrors(web):
    with pytest.raises(OfflineError, match=r"tried: http.*/a \(not in the cache\), http.*/b \(not in the cache\)"):
        fetch_first([web.address + "/a", web.address + "/b"], offline=True)


def test_mirrors_are_in_the_network(tmp_path):
    with pytest.raises(ArgumentError, match="use fetch for a path"):
        fetch_first([str(tmp_path)])
    with pytest.raises(ArgumentError, match="at least one"):
        fetch_first([])
