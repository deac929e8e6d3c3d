import argparse

import pytest
import torch

from models.wav2vec2.test_convert import as_fairseq, old_weight_norm
from models.wav2vec2.test_pretraining import model
from small_encoder import KINDS, config, encoder, speech
from sonovox._internal.errors import WeightsError
from sonovox.integrations.huggingface import Wav2Vec2
from sonovox.models.wav2vec2 import (
    Preprocessor,
    Wav2Vec2PretrainingConfig,
    load_wav2vec2,
    load_wav2vec2_pretraining,
    pretraining_from_fairseq,
)
from sonovox.models.wav2vec2.fairseq import FairseqCheckpoint, convolutions_of


def settings(config, sizes):
    """The sizes as fairseq writes them."""
    return {
        "_name": "wav2vec2",
        "extractor_mode": "layer_norm" if config.extractor_mode == "layer_norm" else "default",
        "conv_feature_layers": "[(8, 10, 5)] + [(8, 3, 2)] * 4 + [(8,2,2)] + [(8,2,2)]",
        "conv_bias": config.extractor_conv_bias,
        "encoder_embed_dim": config.encoder_embed_dim,
        "encoder_layers": config.encoder_num_layers,
        "encoder_attention_heads": config.encoder_num_heads,
        "encoder_ffn_embed_dim": config.encoder_ff_interm_features,
        "encoder_layerdrop": 0.05,
        "layer_norm_first": config.encoder_layer_norm_first,
        "conv_pos": config.encoder_pos_conv_kernel,
        "conv_pos_groups": config.encoder_pos_conv_groups,
        "final_dim": sizes.proj_codevector_dim,
        "latent_dim": sizes.codevector_dim,
        "latent_vars": sizes.num_codevectors_per_group,
        "latent_groups": sizes.num_codevector_groups,
        "latent_temp": "(2.0, 0.25, 0.999)",
        "num_negatives": 7,
    }


def checkpoint(path, built, *, large=False, as_args=False):
    names = {name: name.removeprefix("wav2vec2.") for name in built.state_dict() if name.startswith("wav2vec2.")}
    weights = {as_fairseq(bare, large): built.state_dict()[name] for name, bare in names.items()}
    beside = {"project_hid.": "final_proj.", "project_q.": "project_q.", "quantizer.": "quantizer."}
    for name, tensor in built.state_dict().items():
        for ours, theirs in beside.items():
            if name.startswith(ours):
                weights[theirs + name.removeprefix(ours)] = tensor
    cfg = settings(built.config, built.pretraining)
    described = {"args": argparse.Namespace(**cfg, normalize=True), "cfg": None}
    if not as_args:
        described = {"args": None, "cfg": {"model": cfg, "task": {"normalize": True, "sample_rate": 16000}}}
    torch.save({**described, "model": old_weight_norm(weights), "extra_state": {"epoch": 3}}, path)
    return path


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("as_args", [False, True])
def test_a_checkpoint_of_pretraining_gives_the_whole_model(tmp_path, large, as_args):
    built = model("large" if large else "base")
    file = checkpoint(tmp_path / "wav2vec_small.pt", built, large=large, as_args=as_args)
    loaded, preprocessor = load_wav2vec2_pretraining(file, mask_prob=0.4)
    assert preprocessor == Preprocessor(16000, do_normalize=True)
    assert loaded.pretraining.temperature_decay == (2.0, 0.25, 0.999)
    assert (loaded.pretraining.num_negatives, loaded.pretraining.mask_prob) == (7, 0.4)
    assert loaded.config.encoder_layer_drop == 0.05
    theirs = loaded.state_dict()
    assert pretraining_from_fairseq(FairseqCheckpoint(file).weights()).keys() == theirs.keys()
    assert theirs.keys() == built.state_dict().keys()
    for name, tensor in built.state_dict().items():
        assert torch.equal(theirs[name], tensor), name


@pytest.mark.parametrize("kind", KINDS)
def test_the_encoder_of_a_checkpoint_of_each_family(tmp_path, kind):
    built = encoder(kind)
    weights = {as_fairseq(name, "large" in kind): tensor for name, tensor in built.state_dict().items()}
    cfg = settings(config(kind), Wav2Vec2PretrainingConfig())
    if "wavlm" in kind:  # its authors write all settings side by side
        cfg |= {"relative_position_embedding": True, "num_buckets": 16, "max_distance": 40, "normalize": False}
    cfg = cfg if "wavlm" in kind else {"model": {**cfg, "_name": "hubert" if kind == "hubert" else "wav2vec2"}}
    torch.save(
        {"cfg": cfg, "model": old_weight_norm(weights) | {"final_proj.weight": torch.zeros(1)}}, tmp_path / "a.pt"
    )
    loaded = load_wav2vec2(tmp_path / "a.pt")
    assert loaded.config.family == config(kind).family
    torch.testing.assert_close(loaded.model(*speech())[0], built(*speech())[0])
    assert Wav2Vec2(tmp_path / "a.pt")(speech()[0]).shape[-1] == 16


def test_a_quantiser_that_is_not_there_is_told(tmp_path):
    file = checkpoint(tmp_path / "a.pt", model())
    content = torch.load(file, weights_only=False)
    del content["model"]["quantizer.vars"]
    torch.save(content, file)
    with pytest.raises(WeightsError, match=r"missing quantizer\.vars"):
        load_wav2vec2_pretraining(file)


def test_what_is_no_such_checkpoint_is_told(tmp_path):
    torch.save({"state_dict": {"a": torch.zeros(1)}}, tmp_path / "a.pt")
    with pytest.raises(WeightsError, match="needs model, and cfg or args, and has state_dict"):
        FairseqCheckpoint(tmp_path / "a.pt")
    torch.save({"model": {"a": torch.zeros(1)}, "cfg": {"model": {"extractor_mode": "x"}}}, tmp_path / "b.pt")
    with pytest.raises(WeightsError, match="extractor_mode 'x'"):
        _ = FairseqCheckpoint(tmp_path / "b.pt").config


@pytest.mark.parametrize("text", ["__import__('os').system('x')", "[(1, 2, 3)] * 10**9", "[(1, 2)]", "(", "[]", "3"])
def test_convolutions_are_read_and_not_run(text):
    with pytest.raises(WeightsError, match="cannot be read"):
        convolutions_of(text)
