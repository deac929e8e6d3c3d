"""Checkpoints of pretraining by fairseq, and by WavLM's authors: sizes in `cfg` or `args`, weights in `model`.

https://github.com/facebookresearch/fairseq/tree/main/examples/wav2vec and …/hubert, and
https://github.com/microsoft/unilm/tree/master/wavlm; only plain values are read, and no
name of fairseq is imported.
"""

import argparse
import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from sonovox._internal.errors import WeightsError
from sonovox.hub import load_checkpoint, load_weights
from sonovox.models.wav2vec2.config import Wav2Vec2Config
from sonovox.models.wav2vec2.preprocessor import Preprocessor
from sonovox.models.wav2vec2.pretraining import Wav2Vec2PretrainingConfig

__all__ = ["FairseqCheckpoint", "convolutions_of"]

# Ours -> theirs, with what fairseq means where a checkpoint is silent.
_ENCODER: Final[dict[str, tuple[str, Any]]] = {
    "extractor_conv_bias": ("conv_bias", False),
    "encoder_embed_dim": ("encoder_embed_dim", 768),
    "encoder_projection_dropout": ("dropout_input", 0.0),
    "encoder_pos_conv_kernel": ("conv_pos", 128),
    "encoder_pos_conv_groups": ("conv_pos_groups", 16),
    "encoder_num_layers": ("encoder_layers", 12),
    "encoder_num_heads": ("encoder_attention_heads", 12),
    "encoder_attention_dropout": ("attention_dropout", 0.1),
    "encoder_ff_interm_features": ("encoder_ffn_embed_dim", 3072),
    "encoder_ff_interm_dropout": ("activation_dropout", 0.0),
    "encoder_dropout": ("dropout", 0.1),
    "encoder_layer_norm_first": ("layer_norm_first", False),
    "encoder_layer_drop": ("encoder_layerdrop", 0.0),
    "encoder_activation": ("activation_fn", "gelu"),
}
_PRETRAINING: Final[dict[str, tuple[str, Any]]] = {
    "mask_prob": ("mask_prob", 0.65),
    "mask_length": ("mask_length", 10),
    "num_codevector_groups": ("latent_groups", 2),
    "num_codevectors_per_group": ("latent_vars", 320),
    "num_negatives": ("num_negatives", 100),
    "logit_temp": ("logit_temp", 0.1),
    "quantiser_dropout": ("dropout_features", 0.0),
}
# Attributes and nothing else: making one runs no code of the file.
_SETTINGS: Final[list[Any]] = [argparse.Namespace]
_CONVOLUTIONS = "[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512, 2, 2)] * 2"
_MODES = {"default": "group_norm", "layer_norm": "layer_norm"}


class FairseqCheckpoint:
    """What a checkpoint says.

    Args:
        file: `.pt`.

    Raises:
        WeightsError: a file that is no such checkpoint, or cannot be read without running code.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        with torch.serialization.safe_globals(_SETTINGS):
            checkpoint = load_checkpoint(file)
        described = _mapping(checkpoint.get("cfg")) or _mapping(checkpoint.get("args"))
        self._model = _mapping(described.get("model")) or described
        self._task = _mapping(described.get("task")) or described
        if not isinstance(checkpoint.get("model"), Mapping) or not self._model:
            raise WeightsError(
                f"{file} is no checkpoint of fairseq: it needs model, and cfg or args, and has {', '.join(checkpoint)}",
                hint="a folder of Hugging Face will do too",
            )

    def weights(self) -> dict[str, Tensor]:
        """By fairseq's names, float32.

        Raises:
            WeightsError: NaN or infinity, or something else than tensors.
        """
        with torch.serialization.safe_globals(_SETTINGS):
            return load_weights(self.file, dtype=torch.float32)

    @property
    def config(self) -> Wav2Vec2Config:
        """Sizes of the encoder, and its family."""
        values = {ours: self._model.get(theirs, default) for ours, (theirs, default) in _ENCODER.items()}
        mode = self._model.get("extractor_mode", "default")
        if mode not in _MODES:
            raise WeightsError(f"{self.file} has extractor_mode {mode!r}, expected one of {', '.join(_MODES)}")
        layers = convolutions_of(str(self._model.get("conv_feature_layers", _CONVOLUTIONS)))
        if self._model.get("relative_position_embedding"):
            values |= {"family": "wavlm"} | {name: self._model.get(name, 0) for name in ("num_buckets", "max_distance")}
        elif "hubert" in str(self._model.get("_name") or self._model.get("arch")):
            values["family"] = "hubert"
        return Wav2Vec2Config(extractor_mode=_MODES[mode], extractor_conv_layer_config=layers, **values)

    @property
    def pretraining(self) -> dict[str, Any]:
        """What `Wav2Vec2PretrainingConfig` takes."""
        values = {ours: self._model.get(theirs, default) for ours, (theirs, default) in _PRETRAINING.items()}
        final = self._model.get("final_dim") or self.config.encoder_embed_dim
        temperature = self._model.get("latent_temp", Wav2Vec2PretrainingConfig.temperature_decay)
        if isinstance(temperature, str):
            temperature = ast.literal_eval(temperature)
        values["codevector_dim"] = self._model.get("latent_dim") or final
        return {**values, "proj_codevector_dim": final, "temperature_decay": tuple(temperature)}

    @property
    def preprocessor(self) -> Preprocessor:
        """What waveforms need before it."""
        return Preprocessor(int(self._task.get("sample_rate", 16000)), bool(self._task.get("normalize", False)))


def convolutions_of(text: str) -> tuple[tuple[int, int, int], ...]:
    """(channels, kernel, stride) of each convolution, from how fairseq writes them; nothing is run.

    Raises:
        WeightsError: something else than lists of three numbers, joined and repeated.

    >>> convolutions_of("[(512, 10, 5)] + [(512, 3, 2)] * 2")
    ((512, 10, 5), (512, 3, 2), (512, 3, 2))
    """
    try:
        layers = _value(ast.parse(text, mode="eval").body)
        found = tuple((int(channels), int(kernel), int(stride)) for channels, kernel, stride in layers)
        if not 0 < len(found) < 100:
            raise ValueError(f"{len(found)} layers")
    except (ValueError, TypeError, SyntaxError, RecursionError) as error:
        raise WeightsError(f"conv_feature_layers of a checkpoint cannot be read: {text[:80]!r}") from error
    return found


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_value(node.left), *_value(node.right)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        layers, times = _value(node.left), _value(node.right)
        if not isinstance(layers, list) or not isinstance(times, int) or not 0 <= times < 100:
            raise ValueError("lists are repeated, some times")
        return layers * times
    return ast.literal_eval(node)


def _mapping(value: Any) -> dict[str, Any]:
    """A mapping, or the attributes of an `argparse.Namespace`."""
    return dict(value) if isinstance(value, Mapping) else dict(getattr(value, "__dict__", {}))
