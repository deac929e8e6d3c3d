"""Folders of Hugging Face, whole or not at all."""

import json

import pytest
import torch
from safetensors.torch import load_file

from sonovox.errors import ArgumentError
from sonovox.hub.huggingface_folder import write_huggingface_folder

WEIGHTS = {"a": torch.arange(3.0)}


def test_everything_that_was_given_stands_in_it(tmp_path):
    files = {"README.md": b"# A", "preprocessor_config.json": {"sampling_rate": 8000}}
    folder = write_huggingface_folder(tmp_path / "model", {"model_type": "a"}, WEIGHTS, files)
    assert sorted(file.name for file in folder.iterdir()) == [
        "README.md", "config.json", "model.safetensors", "preprocessor_config.json"
    ]  # fmt: skip
    assert json.loads((folder / "config.json").read_text()) == {"model_type": "a"}
    assert json.loads((folder / "preprocessor_config.json").read_text()) == {"sampling_rate": 8000}
    assert (folder / "README.md").read_text() == "# A"
    assert torch.equal(load_file(folder / "model.safetensors")["a"], WEIGHTS["a"])


def test_a_model_is_replaced_and_nothing_else(tmp_path):
    write_huggingface_folder(tmp_path / "model", {"version": 1}, WEIGHTS, {"README.md": b"old"})
    folder = write_huggingface_folder(tmp_path / "model", {"version": 2}, WEIGHTS, {})
    assert json.loads((folder / "config.json").read_text()) == {"version": 2}
    assert not (folder / "README.md").exists()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").touch()
    with pytest.raises(ArgumentError, match="something else than a model; give a new folder"):
        write_huggingface_folder(tmp_path / "thesis", {}, WEIGHTS, {})
    assert [file.name for file in (tmp_path / "thesis").iterdir()] == ["chapter1.tex"]
