"""Published folders, with a small one in place of the large ones."""

import hashlib

import pytest

from sonovox._internal.errors import IntegrityError, OfflineError
from sonovox.hub import Cache, Entry, parse_source
from sonovox.inference import published_folders
from sonovox.inference.published_folders import PublishedFolder, published_origin

SHARED, OWN = b"weights", b"labels"
MIRROR = "pypi:acme==1.0/acme/model"


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SONOVOX_CACHE", str(tmp_path / "cache"))
    digests = [hashlib.sha256(content).hexdigest() for content in (SHARED, OWN)]
    folder = PublishedFolder("acme/tiny", "speakers", 1, MIRROR, {"a.ckpt": digests[0]}, {"b.ckpt": digests[1]})
    monkeypatch.setattr(published_folders, "PUBLISHED_FOLDERS", {"acme/tiny": folder})
    return folder


def put(tmp_path, origin, place, files, **fields):
    entry = Entry(Cache().folder / place, origin, **fields)
    for name, content in files.items():
        finished = tmp_path / "finished"
        finished.write_bytes(content)
        entry.adopt(name, finished, hashlib.sha256(content).hexdigest())


def test_other_folders_are_left_alone(tmp_path):
    for source in ("acme/other", "hf:acme/tiny@v1", MIRROR + "s", tmp_path):
        assert published_origin(source, offline=True) == parse_source(source)


def test_the_copy_is_taken_where_it_is_in_the_cache(tmp_path):
    put(tmp_path, "pypi:acme==1.0", "pypi/acme/1.0", {"acme/model/a.ckpt": SHARED, "acme/model/b.ckpt": OWN})
    for source in ("acme/tiny", "hf:acme/tiny", MIRROR):
        assert published_origin(source, offline=True) == parse_source(MIRROR)


def test_the_repository_is_taken_where_it_is_in_the_cache(tmp_path):
    commit = "0" * 40
    put(
        tmp_path,
        "hf:acme/tiny",
        f"hf/acme/tiny/{commit}",
        {"a.ckpt": SHARED},
        commit=commit,
        revisions=["main"],
        offers={"a.ckpt": {}},
    )
    assert published_origin("acme/tiny", offline=True) == parse_source("hf:acme/tiny")


def test_other_bytes_are_refused(tmp_path):
    put(tmp_path, "pypi:acme==1.0", "pypi/acme/1.0", {"acme/model/a.ckpt": b"poison", "acme/model/b.ckpt": OWN})
    with pytest.raises(IntegrityError, match="expected"):
        published_origin("acme/tiny", offline=True)


def test_without_network_every_place_is_named():
    with pytest.raises(OfflineError, match=r"cannot fetch acme/tiny: .*hf:acme/tiny.*; .*pypi:acme==1.0/acme/model"):
        published_origin("acme/tiny", offline=True)
    with pytest.raises(OfflineError, match=r"pypi:acme==1.0/acme/model/a.ckpt"):
        published_origin(MIRROR, offline=True)
