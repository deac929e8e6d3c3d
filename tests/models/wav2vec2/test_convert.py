import re

import pytest
import torch

from small_encoder import KINDS, encoder
from sonovox._internal.errors import WeightsError
from sonovox.models.wav2vec2 import from_fairseq, from_huggingface, from_torchaudio, to_huggingface

OLD = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
# fairseq's names by ours, as its modules are written; independent of the table in convert.py.
FAIRSEQ = (
    (r"^masking\.embedding$", "mask_emb"),
    (r"conv_layers\.(\d)\.conv\.", r"conv_layers.\1.0."),
    (r"^encoder\.feature_projection\.layer_norm", "layer_norm"),
    (r"^encoder\.feature_projection\.projection", "post_extract_proj"),
    (r"^encoder\.transformer\.pos_conv_embed\.conv", "encoder.pos_conv.0"),
    (r"^encoder\.transformer\.layer_norm", "encoder.layer_norm"),
    (r"^encoder\.transformer\.layers\.(\d+)\.layer_norm", r"encoder.layers.\1.self_attn_layer_norm"),
    (r"^encoder\.transformer\.layers", "encoder.layers"),
    (r"feed_forward\.intermediate_dense", "fc1"),
    (r"feed_forward\.output_dense", "fc2"),
    (r"attention\.rel_attn_embed", "self_attn.relative_attention_bias"),
    (r"attention\.gru_rel_pos_linear", "self_attn.grep_linear"),
    (r"attention\.gru_rel_pos_const", "self_attn.grep_a"),
    (r"layers\.(\d+)\.attention", r"layers.\1.self_attn"),
    (r"^aux\.", "proj."),
)


def state(kind="base", **changes):
    return encoder(kind, mask_time_prob=0.1, **changes).state_dict()


def same(found, expected):
    return found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in found)


def old_weight_norm(weights):
    for new, old in OLD.items():
        weights = {name.replace(new, old): tensor for name, tensor in weights.items()}
    return weights


def as_fairseq(name, large):
    name = re.sub(r"conv_layers\.(\d)\.layer_norm\.", r"conv_layers.\1.2.1." if large else r"conv_layers.\1.2.", name)
    for pattern, replacement in FAIRSEQ:
        name = re.sub(pattern, replacement, name)
    return name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", [None, 6])
def test_hugging_face_names_and_back(kind, head):
    weights = state(kind, aux_num_out=head)
    theirs = to_huggingface(weights, "wav2vec2")
    assert len(theirs) == len(weights)
    assert same(from_huggingface(theirs), weights)
    assert same(from_huggingface(old_weight_norm(theirs)), weights)


def test_names_are_those_of_transformers():
    assert {"masked_spec_embed", "feature_projection.projection.weight", "encoder.layers.1.attention.q_proj.bias"} <= (
        to_huggingface(state(), "hubert").keys()
    )
    assert {"lm_head.weight", "hubert.encoder.layer_norm.bias"} <= to_huggingface(state(aux_num_out=6), "hubert").keys()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrapper", ["", "w2v_encoder.w2v_model.", "hubert_encoder.hubert_model."])
def test_fairseq_names(kind, wrapper):
    weights = state(kind, aux_num_out=6 if wrapper else None)
    theirs = {}
    for name, tensor in weights.items():
        foreign = as_fairseq(name, "large" in kind)
        theirs[(wrapper.split(".")[0] + "." if name.startswith("aux.") else wrapper) + foreign] = tensor
    theirs = old_weight_norm(theirs) | {f"{wrapper}quantizer.vars": torch.zeros(1), "label_embs_concat": torch.zeros(1)}
    assert same(from_fairseq(theirs), weights)


def test_old_torchaudio_names():
    assert same(from_torchaudio(old_weight_norm(state())), state())


def test_heads_for_other_purposes_are_left_out():
    theirs = to_huggingface(state(), "wav2vec2")
    with_heads = theirs | {"quantizer.codevectors": torch.zeros(1), "classifier.weight": torch.zeros(1)}
    assert same(from_huggingface(with_heads), state())
    inside = {f"model.wav2vec2.{name}": tensor for name, tensor in theirs.items()}
    assert same(from_huggingface(inside), state()), "SpeechBrain's pretraining wrapper"


def test_unknown_names_are_told():
    with pytest.raises(WeightsError, match=r"1 of 2 weights have names .* bert\.pooler"):
        from_huggingface({"bert.pooler": torch.zeros(1), "masked_spec_embed": torch.zeros(1)})
    with pytest.raises(WeightsError, match="none of an encoder"):
        from_huggingface({"classifier.weight": torch.zeros(1)})
