"""Sizes and rates of a wav2vec 2.0, HuBERT or WavLM encoder."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError, SonovoxError, WeightsError

__all__ = ["FAMILIES", "Wav2Vec2Config"]

FAMILIES: Final = ("wav2vec2", "hubert", "wavlm")
_EXTRACTOR_MODES = {"group": "group_norm", "layer": "layer_norm"}
# Ours -> theirs, where the values are the same.
_HUGGING_FACE: Final = {
    "family": "model_type",
    "extractor_conv_bias": "conv_bias",
    "encoder_embed_dim": "hidden_size",
    "encoder_projection_dropout": "feat_proj_dropout",
    "encoder_pos_conv_kernel": "num_conv_pos_embeddings",
    "encoder_pos_conv_groups": "num_conv_pos_embedding_groups",
    "encoder_num_layers": "num_hidden_layers",
    "encoder_num_heads": "num_attention_heads",
    "encoder_attention_dropout": "attention_dropout",
    "encoder_ff_interm_features": "intermediate_size",
    "encoder_ff_interm_dropout": "activation_dropout",
    "encoder_dropout": "hidden_dropout",
    "encoder_layer_norm_first": "do_stable_layer_norm",
    "encoder_layer_drop": "layerdrop",
    "layer_norm_eps": "layer_norm_eps",
    "extractor_activation": "feat_extract_activation",
    "encoder_activation": "hidden_act",
    "aux_dropout": "final_dropout",
    "mask_time_prob": "mask_time_prob",
    "mask_time_length": "mask_time_length",
    "mask_time_min_masks": "mask_time_min_masks",
    "mask_feature_prob": "mask_feature_prob",
    "mask_feature_length": "mask_feature_length",
    "mask_feature_min_masks": "mask_feature_min_masks",
    "apply_spec_augment": "apply_spec_augment",
}
_OUTPUT_ADAPTER: Final = {
    "add_adapter": "add_adapter",
    "adapter_width": "output_hidden_size",
    "adapter_num_layers": "num_adapter_layers",
    "adapter_kernel": "adapter_kernel_size",
    "adapter_stride": "adapter_stride",
}
_ATTENTION_ADAPTER: Final = {"adapter_bottleneck": "adapter_attn_dim"}
_OF_FAMILY: Final = {
    "wav2vec2": _OUTPUT_ADAPTER | _ATTENTION_ADAPTER,
    "hubert": {
        "projection_layer_norm": "feat_proj_layer_norm",
        "encoder_pos_conv_batch_norm": "conv_pos_batch_norm",
        **_ATTENTION_ADAPTER,
    },
    "wavlm": {"num_buckets": "num_buckets", "max_distance": "max_bucket_distance", **_OUTPUT_ADAPTER},
}
# What transformers means where a file is silent, if it is not what we mean.
_THEIR_DEFAULTS: Final = {
    "feat_proj_dropout": 0.0,
    "final_dropout": 0.1,
    "mask_time_prob": 0.05,
    "num_buckets": 320,
    "max_bucket_distance": 800,
}


@dataclass(frozen=True)
class Wav2Vec2Config:
    """Everything that decides shapes and training of an encoder; the defaults are those of wav2vec 2.0 base.

    Args:
        family: `"wav2vec2"`, `"hubert"` or `"wavlm"`.
        extractor_mode: normalisation in the convolutions: `"group_norm"` after the first, or `"layer_norm"`.
        extractor_conv_layer_config: (channels, kernel, stride) of each convolution.
        extractor_conv_bias: whether they add a bias.
        encoder_embed_dim: width of the transformer.
        encoder_projection_dropout: after the projection of the convolutions' output to that width.
        encoder_pos_conv_kernel: of the convolution that gives positions.
        encoder_pos_conv_groups: of the same.
        encoder_num_layers: transformer layers.
        encoder_num_heads: attention heads.
        encoder_attention_dropout: of attention weights.
        encoder_ff_interm_features: width inside the feed-forward nets.
        encoder_ff_interm_dropout: there.
        encoder_dropout: after attention, after the feed-forward nets, and before the first layer.
        encoder_layer_norm_first: whether layers normalise before (large models) or after.
        encoder_layer_drop: probability with which a layer is left out in training.
        aux_num_out: outputs of the linear layer on top, such as CTC labels; None for none.
        num_buckets: of relative distances (WavLM); 0 for plain attention.
        max_distance: from which on all distances are alike (WavLM).
        projection_layer_norm: whether the convolutions' output is normalised before it is projected.
        layer_norm_eps: of the layer norms from there on.
        extractor_activation: of the convolutions, the positional one too.
        encoder_activation: of the feed-forward nets.
        aux_dropout: before the linear layer on top.
        mask_time_prob: share of frames that SpecAugment masks in training, overlaps counted twice.
        mask_time_length: frames of one such mask.
        mask_time_min_masks: masks that each item gets at least.
        mask_feature_prob: the same for channels.
        mask_feature_length: channels of one mask.
        mask_feature_min_masks: masks that each item gets at least.
        apply_spec_augment: whether frames and channels are masked in training at all.
        encoder_pos_conv_batch_norm: whether that convolution is behind a batch norm, in place of its weight norm.
        adapter_bottleneck: width inside the adapters of the layers, see `AttentionAdapter`; None for none. Only
            layers that normalise before have them, and not those of WavLM.
        add_adapter: whether the last hidden state goes through an `OutputAdapter`.
        adapter_width: what it gives; `encoder_embed_dim` if None.
        adapter_num_layers: its convolutions.
        adapter_kernel: of each.
        adapter_stride: of each.

    Raises:
        ArgumentError: sizes that do not divide.
        ChoiceError: an unknown family or mode.
    """

    family: str = "wav2vec2"
    extractor_mode: str = "group_norm"
    extractor_conv_layer_config: tuple[tuple[int, int, int], ...] = (
        (512, 10, 5),
        *(((512, 3, 2),) * 4),
        *(((512, 2, 2),) * 2),
    )
    extractor_conv_bias: bool = False
    encoder_embed_dim: int = 768
    encoder_projection_dropout: float = 0.1
    encoder_pos_conv_kernel: int = 128
    encoder_pos_conv_groups: int = 16
    encoder_num_layers: int = 12
    encoder_num_heads: int = 12
    encoder_attention_dropout: float = 0.1
    encoder_ff_interm_features: int = 3072
    encoder_ff_interm_dropout: float = 0.1
    encoder_dropout: float = 0.1
    encoder_layer_norm_first: bool = False
    encoder_layer_drop: float = 0.1
    aux_num_out: int | None = None
    num_buckets: int = 0
    max_distance: int = 0
    projection_layer_norm: bool = True
    layer_norm_eps: float = 1e-5
    extractor_activation: str = "gelu"
    encoder_activation: str = "gelu"
    aux_dropout: float = 0.0
    mask_time_prob: float = 0.0
    mask_time_length: int = 10
    mask_time_min_masks: int = 2
    mask_feature_prob: float = 0.0
    mask_feature_length: int = 10
    mask_feature_min_masks: int = 0
    apply_spec_augment: bool = True
    encoder_pos_conv_batch_norm: bool = False
    adapter_bottleneck: int | None = None
    add_adapter: bool = False
    adapter_width: int | None = None
    adapter_num_layers: int = 3
    adapter_kernel: int = 3
    adapter_stride: int = 2

    def __post_init__(self) -> None:
        check_choice("family", self.family, FAMILIES)
        check_choice("extractor_mode", self.extractor_mode, _EXTRACTOR_MODES.values())
        for name in ("encoder_num_heads", "encoder_pos_conv_groups"):
            if getattr(self, name) < 1 or self.encoder_embed_dim % getattr(self, name):
                raise ArgumentError(
                    f"encoder_embed_dim must be a multiple of {name} = {getattr(self, name)}, "
                    f"got {self.encoder_embed_dim}"
                )

    @property
    def output_width(self) -> int:
        """Width of the frames that the model gives."""
        return (self.adapter_width or self.encoder_embed_dim) if self.add_adapter else self.encoder_embed_dim

    @classmethod
    def from_huggingface(cls, config: Mapping[str, Any], *, aux: bool = True) -> "Wav2Vec2Config":
        """From the `config.json` of a Hugging Face folder; what it does not say is as in transformers.

        Args:
            config: its content.
            aux: whether a CTC head (`vocab_size` labels) is wanted where the architecture has one.

        Raises:
            WeightsError: another kind of model, or values that cannot be.
        """
        family = config.get("model_type")
        if family not in FAMILIES:
            raise WeightsError(
                f"config.json describes a {family or 'model of no type'}, expected one of {', '.join(FAMILIES)}",
                hint="other encoders of Hugging Face are used through transformers",
            )
        plain = {field.name: field.default for field in fields(cls)}
        values = {
            ours: config.get(theirs, _THEIR_DEFAULTS.get(theirs, plain[ours]))
            for ours, theirs in _names_for(family).items()
        }
        if values.get("adapter_width") == values["encoder_embed_dim"]:
            values["adapter_width"] = None
        channels, kernels, strides = zip(*cls.extractor_conv_layer_config, strict=True)
        shapes = (
            config.get("conv_dim", channels),
            config.get("conv_kernel", kernels),
            config.get("conv_stride", strides),
        )
        mode = config.get("feat_extract_norm", "group")
        check_choice("feat_extract_norm", mode, _EXTRACTOR_MODES)
        has_head = any(str(name).endswith("ForCTC") for name in config.get("architectures") or ())
        try:
            return cls(
                extractor_mode=_EXTRACTOR_MODES[mode],
                extractor_conv_layer_config=tuple(zip(*shapes, strict=True)),
                aux_num_out=config.get("vocab_size", 32) if has_head and aux else None,
                **values,
            )
        except SonovoxError:
            raise
        except (TypeError, ValueError, ZeroDivisionError) as error:
            raise WeightsError(f"config.json has values that cannot be: {error}", hint="fetch it again") from error

    def to_huggingface(self) -> dict[str, Any]:
        """The `config.json` that transformers reads this encoder from."""
        prefix = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM"}[self.family]
        channels, kernels, strides = zip(*self.extractor_conv_layer_config, strict=True)
        head = {} if self.aux_num_out is None else {"vocab_size": self.aux_num_out}
        return {
            "architectures": [prefix + ("Model" if self.aux_num_out is None else "ForCTC")],
            "conv_dim": list(channels),
            "conv_kernel": list(kernels),
            "conv_stride": list(strides),
            "num_feat_extract_layers": len(channels),
            "feat_extract_norm": self.extractor_mode.removesuffix("_norm"),
            **{theirs: getattr(self, ours) for ours, theirs in _names_for(self.family).items()},
            **head,
        }


def _names_for(family: str) -> dict[str, str]:
    return _HUGGING_FACE | _OF_FAMILY[family]
