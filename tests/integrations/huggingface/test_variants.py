import pytest
import torch

from small_encoder import write_folder
from sonovox.hparams import load_hparams
from sonovox.integrations.huggingface import Wav2Vec2, variants
from sonovox.integrations.huggingface.source import PretrainedBlock

THEIRS = (
    "speechbrain.lobes.models.huggingface_transformers.wav2vec2.Wav2Vec2",
    "speechbrain.integrations.huggingface.wav2vec2.Wav2Vec2",
    "speechbrain.lobes.models.huggingface_wav2vec.HuggingFaceWav2Vec2",
)


def yaml(name, source="nowhere/at-all"):
    return f"block: !new:{name}\n    source: {source}\n    save_path: out\n    freeze: True\n"


@pytest.mark.parametrize("name", THEIRS)
def test_names_of_speechbrain_give_its_numbers(name, tmp_path):
    strict = load_hparams(yaml(name))["block"]
    assert strict.as_speechbrain
    assert not strict.is_open
    own = load_hparams(yaml(name, write_folder(tmp_path / "model")), code=[torch])["block"]
    assert own.as_speechbrain
    assert own.is_open
    assert own.freeze


def test_our_name_gives_ours(tmp_path):
    name = "sonovox.integrations.huggingface.Wav2Vec2"
    assert not load_hparams(yaml(name))["block"].is_open, "reading a stranger's file opens no other"
    block = load_hparams(yaml(name, write_folder(tmp_path / "model")), code=[torch])["block"]
    assert type(block) is Wav2Vec2
    assert not block.as_speechbrain


def test_the_old_argument_of_whisper_is_understood():
    name = "speechbrain.lobes.models.huggingface_transformers.whisper.Whisper"
    text = f"block: !new:{name}\n    pretrained_path: tiny\n    encoder_only: True\n    save_path: out\n"
    block = load_hparams(text)["block"]
    assert block.source == "tiny"
    assert block.encoder_only


def test_each_variant_is_a_block_of_its_name():
    for name in variants.__all__:
        block = getattr(variants, name)
        assert issubclass(block, PretrainedBlock)
        assert name.endswith(block.__name__)
        assert block.as_speechbrain == ("SpeechBrain" in name)
        assert block.opens_itself == ("Unopened" not in name)
