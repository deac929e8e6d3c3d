"""Models that other packages have built, as `Wav2Vec2Model`s with the same weights."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from torch import Tensor, nn

from sonovox._internal.errors import WeightsError
from sonovox.hub import transfer
from sonovox.models.wav2vec2.config import Wav2Vec2Config
from sonovox.models.wav2vec2.convert import from_fairseq, from_huggingface
from sonovox.models.wav2vec2.model import Wav2Vec2Model, build_wav2vec2

__all__ = ["import_fairseq_model", "import_huggingface_model"]


class _HasConfig(Protocol):
    config: Any

    def state_dict(self) -> Mapping[str, Tensor]: ...


def import_huggingface_model(original: _HasConfig) -> Wav2Vec2Model:
    """The encoder of a model of transformers, in evaluation mode, with its CTC head if it has one.

    Args:
        original: wav2vec 2.0, HuBERT or WavLM, bare or `…ForCTC`; its weights are copied.

    Raises:
        WeightsError: another kind of model.
    """
    weights = {name: tensor.clone() for name, tensor in from_huggingface(original.state_dict()).items()}
    config = original.config.to_dict()
    config["architectures"] = [type(original).__name__]
    model = build_wav2vec2(Wav2Vec2Config.from_huggingface(config))
    if model.masking is None:
        weights.pop("masking.embedding", None)
    transfer(model, weights)
    return model.eval()


def import_fairseq_model(original: nn.Module) -> Wav2Vec2Model:
    """The encoder of a fairseq model, in evaluation mode, with its CTC head if it has one.

    Args:
        original: wav2vec 2.0 or HuBERT, pretrained (`Wav2Vec2Model`, `HubertModel`) or fine-tuned
            (`Wav2VecEncoder`, `HubertCtc` and the like); its weights are copied.

    Raises:
        WeightsError: another kind of model.
    """
    state = {name: tensor.clone() for name, tensor in original.state_dict().items()}
    weights = from_fairseq(state)
    weights.pop("masking.embedding", None)
    inner = next((part for part in original.modules() if hasattr(part, "post_extract_proj")), None)
    if inner is None:
        raise WeightsError(f"{type(original).__name__} has no encoder of fairseq inside", hint="give the model itself")
    model = build_wav2vec2(_config_of_fairseq(inner, weights))
    transfer(model, weights)
    return model.eval()


def _config_of_fairseq(inner: Any, weights: Mapping[str, Tensor]) -> Wav2Vec2Config:
    convolutions: Sequence[Any] = [block[0] for block in inner.feature_extractor.conv_layers]
    layers = inner.encoder.layers
    positions = inner.encoder.pos_conv[0]
    return Wav2Vec2Config(
        extractor_mode=(
            "layer_norm" if "feature_extractor.conv_layers.1.layer_norm.weight" in weights else "group_norm"
        ),
        extractor_conv_layer_config=tuple((c.out_channels, c.kernel_size[0], c.stride[0]) for c in convolutions),
        extractor_conv_bias=convolutions[0].bias is not None,
        encoder_embed_dim=positions.out_channels,
        encoder_projection_dropout=inner.dropout_input.p,
        encoder_pos_conv_kernel=positions.kernel_size[0],
        encoder_pos_conv_groups=positions.groups,
        encoder_num_layers=len(layers),
        encoder_num_heads=layers[0].self_attn.num_heads,
        encoder_attention_dropout=layers[0].self_attn.dropout_module.p,
        encoder_ff_interm_features=layers[0].fc1.out_features,
        encoder_ff_interm_dropout=layers[0].dropout2.p,
        encoder_dropout=layers[0].dropout1.p,
        encoder_layer_norm_first=inner.encoder.layer_norm_first,
        encoder_layer_drop=inner.encoder.layerdrop,
        aux_num_out=weights["aux.weight"].shape[0] if "aux.weight" in weights else None,
    )
