from types import SimpleNamespace

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.hub import save_weights
from sonovox.inference import Pretrained, foreign_class
from sonovox.inference.speechbrain_arguments import fetch_arguments

FOLDER = """
linear: !new:torch.nn.Linear [2, 1]
modules:
    linear: !ref <linear>
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        linear: !ref <linear>
"""
# As a caller of SpeechBrain writes them.
CONFIG = SimpleNamespace(
    overwrite=False,
    allow_updates=False,
    allow_network=False,
    token="hf_a",  # noqa: S106
    revision="v2",
    huggingface_cache_dir=None,
)
OLD = {"use_auth_token": False, "huggingface_cache_dir": "x", "download_only": False, "pymodule_file": "custom.py"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "hyperparams.yaml").write_text(FOLDER)
    save_weights(tmp_path / "linear.safetensors", {"weight": torch.ones(1, 2), "bias": torch.zeros(1)})
    return tmp_path


@pytest.mark.parametrize("given", [OLD, {"local_strategy": 1, "fetch_config": CONFIG, "freeze_params": False}])
def test_a_folder_opens_with_what_callers_of_speechbrain_give(folder, given):
    model = Pretrained.from_hparams(source=folder, **given)
    assert model.mods["linear"](torch.tensor([1.0, 2.0])).item() == 3
    assert model.mods["linear"].weight.requires_grad == ("freeze_params" in given)


def test_a_foreign_class_takes_them_too(folder):
    with pytest.raises(ArgumentError, match="needs the modules"):  # so far it comes
        foreign_class(
            folder, classname="EncoderWav2vec2Classifier", fetch_config=CONFIG, local_strategy=None, use_auth_token=True
        )


def test_a_configuration_is_read():
    found = fetch_arguments("owner/name", None, None, {"fetch_config": CONFIG})
    assert (found.source, found.token, found.offline, found.others) == ("hf:owner/name@v2", "hf_a", True, {})


def test_our_own_arguments_go_first():
    found = fetch_arguments("owner/name", "hf_b", False, {"fetch_config": CONFIG, "revision": "v3"})
    assert (found.source, found.token, found.offline) == ("hf:owner/name@v3", "hf_b", False)


def test_a_stored_token_is_used_anyway():
    assert fetch_arguments("owner/name", None, None, {"use_auth_token": True}).token is None
    assert fetch_arguments("owner/name", None, None, {"use_auth_token": "hf_c"}).token == "hf_c"


def test_an_address_has_no_revision():
    with pytest.raises(ArgumentError, match="revision"):
        fetch_arguments("https://host/folder", None, None, {"revision": "v1"})
    assert fetch_arguments("/", None, None, {"revision": "v1"}).source == "/"


def test_other_arguments_stay_wrong(folder):
    with pytest.raises(TypeError, match="freeze_parms"):
        Pretrained.from_hparams(folder, freeze_parms=False)
