import hashlib
import json
import os
from pathlib import Path

import pytest

from sonovox._internal.errors import ArgumentError, IntegrityError, WriteError
from sonovox.hub.cache import Cache, Entry, default_cache_folder, file_sha256


def sha(body):
    return hashlib.sha256(body).hexdigest()


def fill(cache, folder, name, body, **fields):
    """An entry with one file, as a fetch leaves it."""
    entry = Entry(cache.folder / folder, fields.pop("source", f"pypi:{folder.split('/')[1]}==1.0"), **fields)
    part = entry.partial / name
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(body)
    entry.adopt(name, part, sha(body))
    entry.tidy()
    return entry


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "store")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"SONOVOX_CACHE": "/big/disk"}, "/big/disk"),
        ({"SONOVOX_CACHE": "~/models"}, "/home/ann/models"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/sonovox"),
        ({}, "/home/ann/.cache/sonovox"),
    ],
)
def test_the_folder_follows_the_variables(monkeypatch, variables, expected):
    for name in ("SONOVOX_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/ann")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_cache_folder() == Cache().folder == Path(expected)


def test_windows_keeps_it_with_the_local_data(monkeypatch):
    monkeypatch.delenv("SONOVOX_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/c/local")
    assert default_cache_folder() == Path("/c/local/sonovox")


def test_hashes_are_those_of_hashlib(tmp_path):
    body = os.urandom(3_000_001)
    (tmp_path / "x").write_bytes(body)
    assert file_sha256(tmp_path / "x") == sha(body)


def test_an_adopted_file_is_recorded_in_a_readable_manifest(cache):
    entry = fill(cache, "pypi/acme/1.0", "acme/tiny.pt", b"weights")
    record = json.loads((cache.folder / "pypi/acme/1.0.json").read_text())
    assert record["source"] == "pypi:acme==1.0"
    assert record["files"]["acme/tiny.pt"].items() >= {"size": 7, "sha256": sha(b"weights")}.items()
    assert record["files"]["acme/tiny.pt"]["fetched"].endswith("+00:00")
    assert Entry.read(entry.folder) == entry
    assert not entry.partial.exists()


def test_a_file_that_cannot_be_adopted_is_kept_as_it_came(cache):
    entry = Entry(cache.folder / "pypi/acme/1.0", "pypi:acme==1.0")
    entry.partial.mkdir(parents=True)
    (entry.partial / "tiny.pt").write_bytes(b"weights")
    entry.folder.touch()  # a file where the folder should be
    with pytest.raises(WriteError, match=r"cannot write .*tiny\.pt.*1\.0\.partial/tiny\.pt is kept"):
        entry.adopt("tiny.pt", entry.partial / "tiny.pt", sha(b"weights"))
    assert (entry.partial / "tiny.pt").read_bytes() == b"weights"


def test_a_whole_file_is_found_and_a_missing_one_is_not(cache):
    entry = fill(cache, "pypi/acme/1.0", "tiny.pt", b"weights")
    assert entry.verified("tiny.pt") == entry.verified("tiny.pt", sha(b"weights").upper()) == entry.folder / "tiny.pt"
    assert entry.verified("other.pt") is None
    (entry.folder / "tiny.pt").unlink()
    assert entry.verified("tiny.pt") is None


def test_a_changed_byte_is_refused_although_size_and_time_are_the_same(cache):
    entry = fill(cache, "pypi/acme/1.0", "tiny.pt", b"weights")
    path = entry.folder / "tiny.pt"
    before = path.stat()
    path.write_bytes(b"wEights")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(IntegrityError) as caught:
        entry.verified("tiny.pt")
    for words in (str(path), sha(b"wEights"), sha(b"weights"), "sonovox models remove pypi:acme==1.0", "fetch again"):
        assert words in str(caught.value)


def test_another_expected_hash_is_refused(cache):
    entry = fill(cache, "pypi/acme/1.0", "tiny.pt", b"weights")
    with pytest.raises(IntegrityError, match=f"{sha(b'weights')}, expected {'0' * 64}"):
        entry.verified("tiny.pt", "0" * 64)


@pytest.mark.parametrize("text", ["{", "[]", '{"source": "x"}', '{"source": "x", "files": {"a": {"size": 1}}}', "null"])
def test_a_damaged_manifest_is_named_with_the_remedy(cache, text):
    entry = fill(cache, "pypi/acme/1.0", "tiny.pt", b"weights")
    entry.manifest.write_text(text)
    with pytest.raises(IntegrityError, match=r"manifest .*1\.0\.json is damaged; delete it and"):
        Entry.read(entry.folder)


def test_entries_of_all_kinds_are_listed_by_source(cache):
    fill(cache, "web/example.org/aa", "x.json", b"12", source="https://example.org/x.json")
    fill(cache, "pypi/acme/1.0", "acme/x.json", b"345")
    fill(cache, "hf/a/b/c0ffee", "config.json", b"6789", source="hf:a/b", commit="c0ffee" * 6 + "0000")
    assert [entry.source for entry in cache.entries()] == ["hf:a/b", "https://example.org/x.json", "pypi:acme==1.0"]
    assert [entry.size for entry in cache.entries()] == [4, 2, 3]
    assert all(entry.fetched for entry in cache.entries())
    assert cache.size() > 9  # the manifests too


def test_an_interrupted_download_is_listed_with_its_bytes(cache):
    entry = Entry(cache.folder / "pypi/acme/1.0", "pypi:acme==1.0")
    entry.write()
    entry.partial.mkdir()
    (entry.partial / "tiny.pt").write_bytes(b"123")
    entry.tidy()
    (found,) = cache.entries()
    assert (found.size, found.fetched, found.files) == (3, "", {})


def test_an_entry_that_brought_nothing_leaves_nothing(cache):
    entry = Entry(cache.folder / "web/example.org/aa", "https://example.org/x")
    entry.write()
    entry.tidy()
    assert not (cache.folder / "web" / "example.org").exists()


@pytest.mark.parametrize("words", ["hf:a/b", "a/b", "hf:a/b@main/config.json", "hf:a/b/config.json"])
def test_entries_are_found_by_what_fetched_them(cache, words):
    fill(cache, "hf/a/b/c0ffee", "config.json", b"1", source="hf:a/b", commit="c0ffee")
    fill(cache, "hf/a/bc/c0ffee", "config.json", b"1", source="hf:a/bc", commit="c0ffee")
    assert [entry.source for entry in cache.find(words)] == ["hf:a/b"]
    assert cache.find(str(cache.folder / "hf/a/b/c0ffee")) == cache.find("a/b")


def test_removing_one_entry_leaves_the_others(cache):
    old = fill(cache, "hf/a/b/c0ffee", "config.json", b"12345", source="hf:a/b", commit="c0ffee")
    new = fill(cache, "hf/a/b/decade", "config.json", b"1", source="hf:a/b", commit="decade")
    assert cache.remove(old) == 5
    assert not old.folder.exists()
    assert cache.entries() == [new]
    cache.remove(new)
    assert sorted(path.name for path in cache.folder.iterdir()) == ["locks"]


@pytest.mark.parametrize("folder", ["/", "/home", "..", "."])
def test_nothing_outside_the_cache_is_removed(cache, tmp_path, folder):
    (tmp_path / "precious").touch()
    with pytest.raises(ArgumentError, match="no entry of the cache"):
        cache.remove(Entry((cache.folder / folder).resolve(), "x"))
    assert (tmp_path / "precious").exists()


def test_a_link_is_not_followed_when_removing(cache, tmp_path):
    (tmp_path / "precious").mkdir()
    (cache.folder / "web").mkdir(parents=True)
    (cache.folder / "web" / "link").symlink_to(tmp_path / "precious")
    with pytest.raises(ArgumentError, match="no entry of the cache"):
        cache.remove(Entry(cache.folder / "web" / "link", "x"))
    assert (tmp_path / "precious").exists()
