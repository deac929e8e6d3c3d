"""Foreign names of the weights of wav2vec 2.0, HuBERT and WavLM, and the way from them to ours, torchaudio's.

One table for each naming: their prefix on the left, ours on the right; the first
that fits counts, and `*` is the index of a layer.
"""

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

from sonovox._internal.errors import WeightsError

__all__ = [
    "from_fairseq",
    "from_huggingface",
    "from_torchaudio",
    "pretraining_from_fairseq",
    "pretraining_from_huggingface",
    "pretraining_to_huggingface",
    "to_huggingface",
]

_LAYER = "encoder.transformer.layers.*."
HUGGING_FACE: dict[str, str] = {
    "masked_spec_embed": "masking.embedding",
    "feature_extractor.": "feature_extractor.",
    "feature_projection.": "encoder.feature_projection.",
    "encoder.": "encoder.transformer.",
    "adapter.": "adapter.",
    "lm_head.": "aux.",
}
FAIRSEQ: dict[str, str] = {
    "mask_emb": "masking.embedding",
    "feature_extractor.conv_layers.*.0.": "feature_extractor.conv_layers.*.conv.",
    # A layer norm stands between two transpositions there, a group norm alone.
    "feature_extractor.conv_layers.*.2.1.": "feature_extractor.conv_layers.*.layer_norm.",
    "feature_extractor.conv_layers.*.2.": "feature_extractor.conv_layers.*.layer_norm.",
    "layer_norm.": "encoder.feature_projection.layer_norm.",
    "post_extract_proj.": "encoder.feature_projection.projection.",
    "encoder.pos_conv.0.": "encoder.transformer.pos_conv_embed.conv.",
    "encoder.layer_norm.": "encoder.transformer.layer_norm.",
    "encoder.layers.*.self_attn_layer_norm.": _LAYER + "layer_norm.",
    "encoder.layers.*.final_layer_norm.": _LAYER + "final_layer_norm.",
    "encoder.layers.*.fc1.": _LAYER + "feed_forward.intermediate_dense.",
    "encoder.layers.*.fc2.": _LAYER + "feed_forward.output_dense.",
    "encoder.layers.*.self_attn.relative_attention_bias.": _LAYER + "attention.rel_attn_embed.",
    "encoder.layers.*.self_attn.grep_linear.": _LAYER + "attention.gru_rel_pos_linear.",
    "encoder.layers.*.self_attn.grep_a": _LAYER + "attention.gru_rel_pos_const",
    "encoder.layers.*.self_attn.": _LAYER + "attention.",
    "proj.": "aux.",
}
# What stands before all names of an encoder inside something larger.
_WRAPPERS = re.compile(
    r"^(?:model\.)?(?:(?:wav2vec2|hubert|wavlm)\.|(?:w2v_encoder|hubert_encoder)\.(?:(?:w2v_model|hubert_model)\.)?)?"
)
_FAMILY = re.compile(r"(?:model\.)?(?:wav2vec2|hubert|wavlm)\.")
# Parts for other purposes: quantisers and projections of pretraining, heads of classifiers.
_NOT_ENCODER = (
    "quantizer.", "project_q.", "project_hid.", "final_proj.", "label_embs_concat", "classifier.", "projector.",
    "layer_weights", "target_glu.", "tdnn.", "feature_extractor.objective.",
)  # fmt: skip
# What transformers' model for pretraining has beside its encoder, and ours.
PRETRAINING: dict[str, str] = {
    "quantizer.codevectors": "quantizer.vars",
    "quantizer.weight_proj.": "quantizer.weight_proj.",
    "project_q.": "project_q.",
    "project_hid.": "project_hid.",
}
# The same of fairseq's.
PRETRAINING_FAIRSEQ: dict[str, str] = {
    "quantizer.vars": "quantizer.vars",
    "quantizer.weight_proj.": "quantizer.weight_proj.",
    "project_q.": "project_q.",
    "final_proj.": "project_hid.",
}
_ENCODER = "wav2vec2."
_OLD_WEIGHT_NORM = {
    "pos_conv_embed.conv.weight_g": "pos_conv_embed.conv.parametrizations.weight.original0",
    "pos_conv_embed.conv.weight_v": "pos_conv_embed.conv.parametrizations.weight.original1",
}


def from_huggingface(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our names for the weights of a Hugging Face folder, or of SpeechBrain's wrapper around one.

    Heads of classifiers and of pretraining are left out; a CTC head becomes `aux`.

    Raises:
        WeightsError: a name that no encoder of these families has.
    """
    inside = [name for name in weights if _FAMILY.match(name)]
    if inside:  # whatever stands beside the encoder is a head
        heads = [name for name in weights if name.removeprefix("model.").startswith("lm_head.")]
        weights = {name: weights[name] for name in (*inside, *heads)}
    return _rename(weights, HUGGING_FACE, "Hugging Face")


def from_fairseq(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our names for the weights under `model` of a fairseq checkpoint, or of one of WavLM's authors.

    What serves pretraining only is left out; the head of a fine-tuned model becomes `aux`.

    Raises:
        WeightsError: a name that no encoder of these families has.
    """
    return _rename(weights, FAIRSEQ, "fairseq")


def from_torchaudio(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our names for torchaudio's: the same, but for the older ones of the positional convolution's weight norm."""
    return {_new_weight_norm(name): tensor for name, tensor in weights.items()}


def to_huggingface(weights: Mapping[str, Tensor], family: str) -> dict[str, Tensor]:
    """The names that transformers reads, of a model with its CTC head where there is one.

    Args:
        weights: by our names.
        family: `"wav2vec2"`, `"hubert"` or `"wavlm"`.
    """
    prefix = f"{family}." if any(name.startswith("aux.") for name in weights) else ""
    table = {ours: theirs for theirs, ours in HUGGING_FACE.items()}
    # The longer of our prefixes is tried first: all of the encoder begins alike.
    renamed = {
        name: _renamed(name, {key: table[key] for key in sorted(table, key=len, reverse=True)}) for name in weights
    }
    return {
        (theirs if theirs.startswith("lm_head.") else prefix + theirs): weights[name]
        for name, theirs in renamed.items()
        if theirs is not None
    }


def pretraining_from_huggingface(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of a `Wav2Vec2PretrainModel` for the weights of transformers' `Wav2Vec2ForPreTraining`.

    Raises:
        WeightsError: a name that its encoder does not have.
    """
    return _pretraining(weights, from_huggingface(weights), PRETRAINING)


def pretraining_from_fairseq(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of a `Wav2Vec2PretrainModel` for the weights of fairseq's `Wav2Vec2Model`.

    Raises:
        WeightsError: a name that its encoder does not have.
    """
    return _pretraining(weights, from_fairseq(weights), PRETRAINING_FAIRSEQ)


def pretraining_to_huggingface(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The names that transformers' `Wav2Vec2ForPreTraining` reads, of a `Wav2Vec2PretrainModel`."""
    encoder = {name.removeprefix(_ENCODER): tensor for name, tensor in weights.items() if name.startswith(_ENCODER)}
    theirs = {_ENCODER + name: tensor for name, tensor in to_huggingface(encoder, "wav2vec2").items()}
    back = {ours: name for name, ours in PRETRAINING.items()}
    for name, tensor in weights.items():
        renamed = _renamed(name, back)
        if renamed is not None:
            theirs[renamed] = tensor
    return theirs


def _pretraining(
    weights: Mapping[str, Tensor], encoder: Mapping[str, Tensor], table: Mapping[str, str]
) -> dict[str, Tensor]:
    """Our names for the encoder, renamed already, and for what pretraining has beside it."""
    ours = {_ENCODER + name: tensor for name, tensor in encoder.items()}
    for name, tensor in weights.items():
        renamed = _renamed(name.removeprefix("model."), table)
        if renamed is not None:
            ours[renamed] = tensor
    return ours


def _rename(weights: Mapping[str, Tensor], table: Mapping[str, str], naming: str) -> dict[str, Tensor]:
    renamed, unknown = {}, []
    for name, tensor in weights.items():
        bare = _WRAPPERS.sub("", name, count=1)
        if bare.startswith(_NOT_ENCODER):
            continue
        ours = _renamed(bare, table)
        if ours is None:
            unknown.append(name)
        else:
            renamed[_new_weight_norm(ours)] = tensor
    if unknown or not renamed:
        raise WeightsError(
            f"{len(unknown)} of {len(weights)} weights have names that {naming}'s encoders do not have: "
            f"{_some(unknown)}",
            hint="check that this is a checkpoint of wav2vec 2.0, HuBERT or WavLM",
        )
    return renamed


def _renamed(name: str, table: Mapping[str, str]) -> str | None:
    """`name` with the first prefix of the table that fits replaced; None where none does."""
    for theirs, ours in table.items():
        pattern = re.escape(theirs).replace(r"\*", r"(\d+)")
        found = re.match(pattern, name)
        if found:
            return ours.replace("*", found[1] if "*" in theirs else "") + name[found.end() :]
    return None


def _new_weight_norm(name: str) -> str:
    for old, new in _OLD_WEIGHT_NORM.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def _some(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:5]) or "there are none of an encoder"
