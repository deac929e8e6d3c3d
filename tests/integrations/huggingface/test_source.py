from pathlib import Path

import pytest
import torch

from small_encoder import speech, write_folder
from sonovox._internal.errors import ArgumentError, SourceError
from sonovox.hub.sources import LocalSource, parse_source
from sonovox.integrations.huggingface.source import PretrainedBlock, confined_source, open_blocks, open_like
from sonovox.integrations.huggingface.variants import UnopenedWav2Vec2, UnopenedWeightedSSLModel, UnopenedWhisper


def test_a_block_is_opened_wherever_it_stands(tmp_path):
    write_folder(tmp_path / "encoder")
    block, other = UnopenedWav2Vec2("encoder", freeze=True), UnopenedWav2Vec2("encoder")
    assert not block.is_open
    assert not list(block.parameters())
    assert isinstance(block, PretrainedBlock)
    inside = torch.nn.Sequential(torch.nn.ModuleDict({"block": block}))
    open_blocks([inside, 5, {"deep": {"deeper": other}}], LocalSource(tmp_path))
    assert block(speech()[0]).shape[-1] == 16
    assert not block.model.training
    model = other.model
    open_blocks([other], LocalSource(tmp_path))
    assert other.model is model, "what is open stays as it is"


def test_a_folder_may_name_what_is_inside_of_it_and_repositories(tmp_path):
    (tmp_path / "encoder").mkdir()
    here = LocalSource(tmp_path)
    assert confined_source("encoder", here) == str(tmp_path / "encoder")
    assert confined_source("/home/somebody/models/encoder", here) == str(tmp_path / "encoder")
    assert confined_source("results/models/encoder", here) == str(tmp_path / "encoder")
    assert confined_source("facebook/wav2vec2-base", here) == "hf:facebook/wav2vec2-base"
    assert confined_source("hf:facebook/wav2vec2-base", parse_source("hf:a/b")) == "hf:facebook/wav2vec2-base"


@pytest.mark.parametrize(
    "name", ["..", "../encoder", "../../etc", "encoder/..", "https://x.y/z", "gone", "a/..", "~/b"]
)
def test_and_nothing_else(tmp_path, name):
    (tmp_path / "encoder").mkdir()
    (tmp_path / "model").mkdir()
    with pytest.raises(SourceError, match="neither in"):
        confined_source(name, LocalSource(tmp_path / "model"))
    with pytest.raises(SourceError, match="neither in"):
        confined_source(str(Path(tmp_path / "encoder")), LocalSource(tmp_path / "model"))


def test_a_published_name_is_known_by_heart(tmp_path, monkeypatch):
    monkeypatch.setenv("SONOVOX_CACHE", str(tmp_path))
    opened = []
    block = UnopenedWhisper("tiny.en")
    monkeypatch.setattr(type(block), "open", lambda self, source, **_: opened.append(source))
    open_blocks([block], LocalSource(tmp_path))
    assert opened == ["tiny.en"]


def test_blocks_are_opened_like_those_of_a_training(tmp_path):
    trained = torch.nn.ModuleDict({"a": UnopenedWeightedSSLModel("x/y"), "b": torch.nn.Linear(1, 1)})
    trained["a"].open(write_folder(tmp_path / "encoder"))
    trained["a"].weights.data += 1
    built = torch.nn.ModuleDict({"a": UnopenedWeightedSSLModel("x/y"), "b": torch.nn.Linear(1, 1)})
    open_like(built, trained)
    built.load_state_dict(trained.state_dict())
    torch.testing.assert_close(built.state_dict(), trained.state_dict())
    assert built["a"].model is not trained["a"].model


def test_a_source_is_a_path():
    with pytest.raises(ArgumentError, match="a folder or a repository, got 5"):
        UnopenedWav2Vec2(5)
