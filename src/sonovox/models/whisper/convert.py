"""Foreign names of Whisper's weights, and the way from them to ours.

One table for each naming: our prefix on the left, theirs on the right, the index
of a layer as `*`. Products that we fuse list their parts in order.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from sonovox._internal.errors import WeightsError

__all__ = ["from_huggingface", "from_openai", "to_huggingface"]

_Table = dict[str, str | tuple[str, ...]]

OPENAI: _Table = {
    "encoder.conv1": "encoder.conv1",
    "encoder.conv2": "encoder.conv2",
    "encoder.positions": "encoder.positional_embedding",
    "encoder.layers.*.attention_norm": "encoder.blocks.*.attn_ln",
    "encoder.layers.*.attention.qkv": tuple(f"encoder.blocks.*.attn.{part}" for part in ("query", "key", "value")),
    "encoder.layers.*.attention.out": "encoder.blocks.*.attn.out",
    "encoder.layers.*.feed_forward.0": "encoder.blocks.*.mlp_ln",
    "encoder.layers.*.feed_forward.1": "encoder.blocks.*.mlp.0",
    "encoder.layers.*.feed_forward.3": "encoder.blocks.*.mlp.2",
    "encoder.norm": "encoder.ln_post",
    "decoder.embedding": "decoder.token_embedding",
    "decoder.positions": "decoder.positional_embedding",
    "decoder.layers.*.attention_norm": "decoder.blocks.*.attn_ln",
    "decoder.layers.*.attention.qkv": tuple(f"decoder.blocks.*.attn.{part}" for part in ("query", "key", "value")),
    "decoder.layers.*.attention.out": "decoder.blocks.*.attn.out",
    "decoder.layers.*.cross_norm": "decoder.blocks.*.cross_attn_ln",
    "decoder.layers.*.cross_attention.query": "decoder.blocks.*.cross_attn.query",
    "decoder.layers.*.cross_attention.kv": tuple(f"decoder.blocks.*.cross_attn.{part}" for part in ("key", "value")),
    "decoder.layers.*.cross_attention.out": "decoder.blocks.*.cross_attn.out",
    "decoder.layers.*.feed_forward.0": "decoder.blocks.*.mlp_ln",
    "decoder.layers.*.feed_forward.1": "decoder.blocks.*.mlp.0",
    "decoder.layers.*.feed_forward.3": "decoder.blocks.*.mlp.2",
    "decoder.norm": "decoder.ln",
}

HUGGING_FACE: _Table = {
    "encoder.conv1": "model.encoder.conv1",
    "encoder.conv2": "model.encoder.conv2",
    "encoder.positions": "model.encoder.embed_positions.weight",
    "encoder.layers.*.attention_norm": "model.encoder.layers.*.self_attn_layer_norm",
    "encoder.layers.*.attention.qkv": tuple(f"model.encoder.layers.*.self_attn.{part}_proj" for part in "qkv"),
    "encoder.layers.*.attention.out": "model.encoder.layers.*.self_attn.out_proj",
    "encoder.layers.*.feed_forward.0": "model.encoder.layers.*.final_layer_norm",
    "encoder.layers.*.feed_forward.1": "model.encoder.layers.*.fc1",
    "encoder.layers.*.feed_forward.3": "model.encoder.layers.*.fc2",
    "encoder.norm": "model.encoder.layer_norm",
    "decoder.embedding": "model.decoder.embed_tokens",
    "decoder.positions": "model.decoder.embed_positions.weight",
    "decoder.layers.*.attention_norm": "model.decoder.layers.*.self_attn_layer_norm",
    "decoder.layers.*.attention.qkv": tuple(f"model.decoder.layers.*.self_attn.{part}_proj" for part in "qkv"),
    "decoder.layers.*.attention.out": "model.decoder.layers.*.self_attn.out_proj",
    "decoder.layers.*.cross_norm": "model.decoder.layers.*.encoder_attn_layer_norm",
    "decoder.layers.*.cross_attention.query": "model.decoder.layers.*.encoder_attn.q_proj",
    "decoder.layers.*.cross_attention.kv": tuple(f"model.decoder.layers.*.encoder_attn.{part}_proj" for part in "kv"),
    "decoder.layers.*.cross_attention.out": "model.decoder.layers.*.encoder_attn.out_proj",
    "decoder.layers.*.feed_forward.0": "model.decoder.layers.*.final_layer_norm",
    "decoder.layers.*.feed_forward.1": "model.decoder.layers.*.fc1",
    "decoder.layers.*.feed_forward.3": "model.decoder.layers.*.fc2",
    "decoder.norm": "model.decoder.layer_norm",
}


def from_openai(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our names for the `model_state_dict` of an OpenAI checkpoint.

    Raises:
        WeightsError: a name that is not in the table, or a part of a fused product missing.
    """
    return _rename(weights, OPENAI, "OpenAI")


def from_huggingface(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our names for the weights of a Hugging Face folder (`WhisperForConditionalGeneration` or `WhisperModel`).

    Raises:
        WeightsError: a name that is not in the table, or a part of a fused product missing.
    """
    whole = {name if name.startswith(("model.", "proj_out.")) else f"model.{name}": t for name, t in weights.items()}
    whole.pop("proj_out.weight", None)  # tied to the embedding
    return _rename(whole, HUGGING_FACE, "Hugging Face")


def to_huggingface(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The names that `WhisperForConditionalGeneration.load_state_dict` takes, from ours."""
    theirs: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        prefix, layer, suffix = _split(name, HUGGING_FACE)
        target = HUGGING_FACE[prefix]
        parts = (target,) if isinstance(target, str) else target
        for part, piece in zip(parts, tensor.chunk(len(parts)), strict=True):
            theirs[part.replace("*", layer) + suffix] = piece
    theirs = {name: tensor for name, tensor in theirs.items() if not name.endswith("k_proj.bias")}
    return theirs | {"proj_out.weight": theirs["model.decoder.embed_tokens.weight"]}


def _rename(weights: Mapping[str, Tensor], table: _Table, naming: str) -> dict[str, Tensor]:
    ours_of = {}  # their prefix -> (our prefix, which part of how many)
    for ours, theirs in table.items():
        parts = (theirs,) if isinstance(theirs, str) else theirs
        ours_of.update({part: (ours, i, len(parts)) for i, part in enumerate(parts)})

    renamed: dict[str, Tensor] = {}
    fused: dict[str, dict[int, Tensor]] = {}
    sizes: dict[str, int] = {}
    unknown = []
    for name, tensor in weights.items():
        try:
            prefix, layer, suffix = _split(name, ours_of)
        except KeyError:
            unknown.append(name)
            continue
        ours, part, n_parts = ours_of[prefix]
        key = ours.replace("*", layer) + suffix
        if n_parts == 1:
            renamed[key] = tensor
        else:
            fused.setdefault(key, {})[part] = tensor
            sizes[key] = n_parts
    if unknown:
        raise WeightsError(
            f"{len(unknown)} of {len(weights)} weights have names that {naming}'s Whisper does not have: "
            f"{', '.join(sorted(unknown)[:5])}",
            hint="check that this is a Whisper checkpoint",
        )
    return renamed | {key: _fuse(key, parts, sizes[key], naming) for key, parts in fused.items()}


def _fuse(key: str, parts: dict[int, Tensor], n_parts: int, naming: str) -> Tensor:
    some = next(iter(parts.values()))
    # Whisper's keys have no bias: the key is the last but one part of "query, key, value" and "key, value".
    if key.endswith(".bias") and set(range(n_parts)) - set(parts) == {n_parts - 2}:
        parts = {**parts, n_parts - 2: torch.zeros_like(some)}
    if len(parts) != n_parts:
        raise WeightsError(
            f"{key} needs {n_parts} tensors of {naming}'s naming, got {len(parts)}", hint="the checkpoint is not whole"
        )
    return torch.cat([parts[i] for i in range(n_parts)])


def _split(name: str, prefixes: Mapping[str, object]) -> tuple[str, str, str]:
    """`("encoder.layers.*.attention.qkv", "3", ".weight")` for `encoder.layers.3.attention.qkv.weight`.

    Raises:
        KeyError: no prefix of the table fits.
    """
    layer = re.search(r"\.(?:layers|blocks)\.(\d+)\.", name)
    starred = name if layer is None else name[: layer.start(1)] + "*" + name[layer.end(1) :]
    prefix = starred if starred in prefixes else starred.rpartition(".")[0]
    if prefix not in prefixes:
        raise KeyError(name)
    return prefix, "" if layer is None else layer[1], starred[len(prefix) :]
