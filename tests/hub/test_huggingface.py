import hashlib
import logging
import os
import subprocess
import time

import pytest

from sonovox._internal.errors import ArgumentError, IntegrityError, NetworkError, NotInSourceError, OfflineError
from sonovox.hub import fetch
from sonovox.hub.cache import Cache
from sonovox.hub.huggingface import HubOrder, git_blob_sha1, hub_address, select
from sonovox.hub.progress import SilentProgress
from sonovox.hub.sources import HubSource

WEIGHTS = os.urandom(300_000)


@pytest.fixture
def tiny(hub_server):
    hub_server.put("config.json", b'{"n": 1}')
    hub_server.put("model.safetensors", WEIGHTS, large=True)
    hub_server.put("pytorch_model.bin", b"the same again", large=True)
    hub_server.put("onnx/model.onnx", b"and again", large=True)
    hub_server.put("tokenizer/vocab.txt", b"a\nb\n")
    return hub_server


def resolved(server):
    return [path for path, _ in server.web.requests if "/resolve/" in path]


def test_a_repository_comes_as_a_folder_without_the_other_frameworks(tiny, cache_folder):
    folder = fetch("hf:acme/tiny", progress=False)
    assert folder == cache_folder / "hf" / "acme" / "tiny" / tiny.commit[:12]
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert names == ["config.json", "model.safetensors", "tokenizer/vocab.txt"]
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert not any(path.is_symlink() for path in cache_folder.rglob("*"))


def test_one_file_comes_alone(tiny):
    path = fetch("hf:acme/tiny/tokenizer/vocab.txt", progress=False)
    assert path.read_bytes() == b"a\nb\n"
    assert len(resolved(tiny)) == 1


def test_what_was_fetched_is_used_without_the_network(tiny, monkeypatch):
    folder = fetch("acme/tiny", progress=False)
    asked = len(tiny.web.requests)
    assert fetch("acme/tiny", progress=False) == fetch("acme/tiny", offline=True) == folder
    assert fetch(f"acme/tiny@{tiny.commit}", offline=True) == folder
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetch("hf:acme/tiny/config.json") == folder / "config.json"
    assert len(tiny.web.requests) == asked


def test_a_branch_keeps_its_commit_when_more_files_are_fetched_later(tiny):
    first = fetch("hf:acme/tiny/config.json", progress=False)
    tiny.publish("main", commit="f" * 40)
    second = fetch("hf:acme/tiny", files=["*.txt"], progress=False)
    assert second == first.parent
    assert (second / "tokenizer" / "vocab.txt").exists()


def test_another_revision_is_another_folder(tiny):
    tiny.publish("v2%2Fbeta", commit="f" * 40)
    tiny.web.put("/acme/tiny/resolve/" + "f" * 40 + "/config.json", b'{"n": 1}')
    other = fetch("hf:acme/tiny@v2%2Fbeta/config.json", progress=False)
    assert other.parent.name == "f" * 12
    assert fetch("hf:acme/tiny/config.json", progress=False) != other


def test_the_token_is_sent_to_the_hub(tiny, monkeypatch):
    fetch("hf:acme/tiny/config.json", token="hf_given", progress=False)  # noqa: S106
    monkeypatch.setenv("HF_TOKEN", "hf_from_environment")
    fetch("hf:acme/tiny/model.safetensors", progress=False)
    assert tiny.web.header("Authorization") == ["Bearer hf_given"] * 2 + ["Bearer hf_from_environment"]


@pytest.mark.parametrize("large", [True, False])
def test_bytes_that_the_hub_does_not_vouch_for_are_refused(hub_server, cache_folder, large):
    hub_server.put("model.safetensors", WEIGHTS, large=large)
    page = hub_server.web.pages[f"/acme/tiny/resolve/{hub_server.commit}/model.safetensors"]
    page.body = WEIGHTS[:-1] + bytes([WEIGHTS[-1] ^ 1])
    with pytest.raises(
        IntegrityError, match=r"model\.safetensors of hf:acme/tiny came with (sha256|git hash) \w+, expected"
    ):
        fetch("acme/tiny", progress=False)
    assert not list(cache_folder.rglob("model.safetensors*"))


def test_a_hash_of_our_own_goes_with_one_file(tiny):
    good = hashlib.sha256(WEIGHTS).hexdigest()
    assert fetch("hf:acme/tiny/model.safetensors", sha256=good, progress=False).name == "model.safetensors"
    with pytest.raises(IntegrityError, match=f"{good}, expected {'0' * 64}"):
        fetch("hf:acme/tiny/model.safetensors", sha256="0" * 64, progress=False)
    with pytest.raises(ArgumentError, match=r"sha256 is that of one file, and hf:acme/tiny is a folder"):
        fetch("hf:acme/tiny", sha256=good)


def test_an_interrupted_file_is_resumed(tiny):
    page = tiny.web.pages[f"/acme/tiny/resolve/{tiny.commit}/model.safetensors"]
    page.troubles = [("drop", 100_000)]
    assert fetch("hf:acme/tiny/model.safetensors", progress=False).read_bytes() == WEIGHTS
    assert tiny.web.header("Range")[-1] == "bytes=100000-"


def test_a_name_from_the_hub_cannot_leave_the_folder(hub_server, cache_folder):
    hub_server.put("config.json", b"{}")
    hub_server.put("../../evil.py", b"import os")
    fetch("acme/tiny", progress=False)
    assert not list(cache_folder.parent.rglob("evil.py"))


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("hf:acme/nothing", "RepoNotFound", "has no repository acme/nothing, or hides it from this token; .*HF_TOKEN"),
        ("hf:acme/tiny@v9", "RevisionNotFound", "hf:acme/tiny has no revision 'v9'"),
    ],
)
def test_what_the_hub_does_not_have_is_named(tiny, source, code, says):
    repository, _, revision = source.removeprefix("hf:").partition("@")
    page = f"/api/models/{repository}/revision/{revision or 'main'}"
    tiny.web.put(page, b"{}", status=404, headers={"X-Error-Code": code})
    with pytest.raises(NotInSourceError, match=says):
        fetch(source, progress=False)


def test_a_missing_file_names_the_nearest(tiny):
    with pytest.raises(NotInSourceError, match=r"no file 'config\.jsn' at revision main; did you mean config\.json"):
        fetch("hf:acme/tiny/config.jsn", progress=False)


def test_a_hub_in_trouble_is_a_network_error_without_noise(tiny, caplog, capfd):
    tiny.web.pages["/api/models/acme/tiny/revision/main"].troubles = [("status", 503)] * 9
    with (
        caplog.at_level(logging.INFO),
        pytest.raises(NetworkError, match=r"cannot fetch hf:acme/tiny: 127\.0\.0\.1:\d+ answers 503"),
    ):
        fetch("acme/tiny")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert capfd.readouterr() == ("", "")


def test_a_hub_that_cannot_be_reached_fails_fast_with_the_remedy(monkeypatch, capfd):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        fetch("openai/whisper-tiny.en")
    assert time.monotonic() - began < 5
    assert "cannot fetch hf:openai/whisper-tiny.en: 127.0.0.1 cannot be reached: connection refused" in str(
        caught.value
    )
    assert "sonovox models pull hf:openai/whisper-tiny.en" in caught.value.hint
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_something_else_than_a_hub_is_noticed(web, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", web.address)
    web.put(
        "/api/models/a/b/revision/main", b'{"id": "a/b", "siblings": []}', headers={"Content-Type": "application/json"}
    )
    with pytest.raises(NetworkError, match="answers without a commit; is HF_ENDPOINT the address of a hub"):
        fetch("a/b", progress=False)


def test_offline_says_what_is_missing_and_which_folder_to_fill(tiny, monkeypatch, cache_folder):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        OfflineError, match=r"hf:acme/tiny is not in the cache .*sonovox models pull hf:acme/tiny"
    ) as told:
        fetch("acme/tiny")
    assert told.value.hint.endswith(
        f"copy hf/acme/tiny of its cache (`sonovox models where`) to {cache_folder}/hf/acme/tiny"
    )


OFFERS = ["README.md", "a/x.bin", "config.json", "flax_model.msgpack", "model.fp32-1.safetensors", "model.safetensors",
          "pytorch_model-1.bin", "pytorch_model.bin.index.json", "tf_model.h5"]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (None, ["README.md", "a/x.bin", "config.json", "model.safetensors"]),
        (["config.json"], ["config.json"]),
        (["*.bin"], ["a/x.bin", "pytorch_model-1.bin"]),
        (["c*", "tf_model.h5", "nothing*"], ["config.json", "tf_model.h5"]),
    ],
)
def test_selection(files, chosen):
    assert select(OFFERS, HubSource("a/b"), files) == chosen


@pytest.mark.parametrize(
    ("optional", "chosen"),
    [
        (["vocab.json", "pytorch_model.bin"], ["a/x.bin", "config.json", "pytorch_model.bin"]),
        (["pytorch_model.bin", "model.safetensors", "a/*"], ["a/x.bin", "config.json", "model.safetensors"]),
    ],
)
def test_what_may_be_missing_is_taken_where_it_is_there(optional, chosen):
    offers = ["a/x.bin", "config.json", "model.safetensors", "other.json", "pytorch_model.bin"]
    assert select(offers, HubSource("a/b"), ["config.json", "a/x.bin"], optional) == chosen
    with pytest.raises(NotInSourceError, match=r"no file 'config\.json'"):
        select(offers[:1], HubSource("a/b"), ["config.json"], optional)


def test_pickles_are_taken_where_there_is_nothing_better():
    assert select(["config.json", "pytorch_model.bin"], HubSource("a/b"), None) == ["config.json", "pytorch_model.bin"]


@pytest.mark.parametrize(
    ("files", "says"), [(["model.pt"], "no file 'model.pt'"), (["*.pt"], r"no file that matches \*\.pt")]
)
def test_nothing_selected_is_an_error_that_lists_what_there_is(files, says):
    with pytest.raises(NotInSourceError, match=says):
        select(OFFERS, HubSource("a/b"), files)


def test_git_hashes_are_those_of_git(tmp_path):
    (tmp_path / "x").write_bytes(b"hello\n")
    assert git_blob_sha1(tmp_path / "x") == "ce013625030ba8dba906f756967f9e9ca394464a"
    git = subprocess.run(["git", "hash-object", "x"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert git_blob_sha1(tmp_path / "x") == git.stdout.strip()


def test_the_hub_is_where_hf_endpoint_says(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:8123/")
    order = HubOrder(HubSource("acme/tiny"), None, None, None, Cache(tmp_path), SilentProgress())
    assert hub_address() == "http://127.0.0.1:8123"
    assert order.host == "127.0.0.1:8123"
