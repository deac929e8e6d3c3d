"""The transformer of wav2vec 2.0, HuBERT and WavLM over the frames of the feature extractor.

Positions come from a convolution. Layers normalise after their parts (base models)
or before (large ones). Frames of padding are zero before the convolution, and
nobody looks at them, so that each item has the numbers that it has alone.
"""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from sonovox.dsp.lengths import length_to_mask
from sonovox.models.wav2vec2.adapters import AttentionAdapter
from sonovox.models.wav2vec2.attention import SelfAttention
from sonovox.models.wav2vec2.config import Wav2Vec2Config
from sonovox.models.wav2vec2.feature_extractor import activation_module
from sonovox.models.wav2vec2.packing import pack, pays, unpack
from sonovox.models.wavlm.attention import GatedRelativeAttention

__all__ = [
    "ConvolutionalPositionalEmbedding",
    "Encoder",
    "EncoderLayer",
    "FeatureProjection",
    "FeedForward",
    "Transformer",
]


class FeatureProjection(nn.Module):
    """Features of the convolutions, normalised and brought to the transformer's width."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        channels = config.extractor_conv_layer_config[-1][0]
        self.layer_norm = nn.LayerNorm(channels, eps=config.layer_norm_eps) if config.projection_layer_norm else None
        self.projection = nn.Linear(channels, config.encoder_embed_dim)
        self.dropout = nn.Dropout(config.encoder_projection_dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.project(self.normalise(x))

    def normalise(self, x: Tensor) -> Tensor:
        """The features as a quantiser takes them."""
        return x if self.layer_norm is None else self.layer_norm(x)

    def project(self, x: Tensor) -> Tensor:
        """What `normalise` gave, in the transformer's width."""
        return self.dropout(self.projection(x))


class ConvolutionalPositionalEmbedding(nn.Module):
    """What a wide grouped convolution sees around each frame."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        width, kernel = config.encoder_embed_dim, config.encoder_pos_conv_kernel
        conv = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=config.encoder_pos_conv_groups)
        self.batch_norm = nn.BatchNorm1d(width) if config.encoder_pos_conv_batch_norm else None
        # Takes its older names, weight_g and weight_v, too.
        self.conv = conv if config.encoder_pos_conv_batch_norm else weight_norm(conv, dim=2)
        self.activation = activation_module(config.extractor_activation)

    def forward(self, x: Tensor, spans: Sequence[int] | None = None, heard: Tensor | None = None) -> Tensor:
        """`[batch, frames, width]` in and out.

        Args:
            x: frames.
            spans: the frames of each of several items in one row.
            heard: `[batch, frames]`, false for padding that the convolution must see as zero.
        """
        if self.batch_norm is not None:
            x = self.batch_norm(x.transpose(1, 2)).transpose(1, 2)
            x = x if heard is None else x.masked_fill(~heard.unsqueeze(-1), 0)
        parts = [x] if spans is None else x.split(list(spans), dim=1)
        weight, bias = self.conv.weight, self.conv.bias  # the norm of the weight is computed once
        padding, groups = self.conv.padding[0], self.conv.groups
        seen = [
            # An even kernel gives one frame too many.
            F.conv1d(part.transpose(1, 2), weight, bias, padding=padding, groups=groups)[..., : part.shape[1]]
            for part in parts
        ]
        return self.activation(torch.cat(seen, dim=-1) if len(seen) > 1 else seen[0]).transpose(1, 2)


class FeedForward(nn.Module):
    """Two products with an activation between."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.intermediate_dense = nn.Linear(config.encoder_embed_dim, config.encoder_ff_interm_features)
        self.activation = activation_module(config.encoder_activation)
        self.intermediate_dropout = nn.Dropout(config.encoder_ff_interm_dropout)
        self.output_dense = nn.Linear(config.encoder_ff_interm_features, config.encoder_embed_dim)
        self.output_dropout = nn.Dropout(config.encoder_dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.intermediate_dropout(self.activation(self.intermediate_dense(x)))
        return self.output_dropout(self.output_dense(x))


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward net, each added to its input."""

    def __init__(self, config: Wav2Vec2Config, *, is_first: bool) -> None:
        super().__init__()
        self.attention = _attention(config, is_first=is_first)
        self.dropout = nn.Dropout(config.encoder_dropout)
        self.layer_norm = nn.LayerNorm(config.encoder_embed_dim, eps=config.layer_norm_eps)
        self.layer_norm_first = config.encoder_layer_norm_first
        self.feed_forward = FeedForward(config)
        self.final_layer_norm = nn.LayerNorm(config.encoder_embed_dim, eps=config.layer_norm_eps)
        self.adapter_layer: AttentionAdapter | None = None
        if config.adapter_bottleneck is not None and self.layer_norm_first and config.family != "wavlm":
            self.adapter_layer = AttentionAdapter(config.encoder_embed_dim, config.adapter_bottleneck)

    def forward(
        self, x: Tensor, mask: Tensor | Sequence[int] | None = None, position_bias: Tensor | None = None
    ) -> Tensor:
        """`x` `[batch, frames, width]`; the others as of `SelfAttention`."""
        if self.layer_norm_first:
            x = x + self.dropout(self.attention(self.layer_norm(x), mask, position_bias))
            x = x + self.feed_forward(self.final_layer_norm(x))
            return x if self.adapter_layer is None else x + self.adapter_layer(x)
        x = self.layer_norm(x + self.dropout(self.attention(x, mask, position_bias)))
        return self.final_layer_norm(x + self.feed_forward(x))


class Transformer(nn.Module):
    """Positions, layers, and one layer norm: behind large models, before the layers of base ones.

    Attributes:
        skip_padding: compute nothing for padding, where that saves time; what comes out there is zero then.
    """

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.pos_conv_embed = ConvolutionalPositionalEmbedding(config)
        self.layer_norm = nn.LayerNorm(config.encoder_embed_dim, eps=config.layer_norm_eps)
        self.layer_norm_first = config.encoder_layer_norm_first
        self.layer_drop = config.encoder_layer_drop
        self.skip_padding = False
        self.dropout = nn.Dropout(config.encoder_dropout)
        self.layers = nn.ModuleList(EncoderLayer(config, is_first=i == 0) for i in range(config.encoder_num_layers))

    def forward(self, x: Tensor, counts: Tensor | None = None) -> Tensor:
        """The last hidden state; arguments as of `hidden_states`."""
        frames, spans = x.shape[1], self._spans(x, counts)
        *_, x = self._states(x, counts, None, spans)
        x = self.layer_norm(x) if self.layer_norm_first else x
        return x if spans is None else unpack(x, spans, frames)

    def hidden_states(self, x: Tensor, counts: Tensor | None = None, num_layers: int | None = None) -> list[Tensor]:
        """The input of the first layer and the output of each, as they come, without the norm of large models.

        Args:
            x: `[batch, frames, width]`.
            counts: `[batch]`, frames of each item; the others are padding.
            num_layers: how many layers to go through; all by default.
        """
        frames, spans = x.shape[1], self._spans(x, counts)
        states = self._states(x, counts, num_layers, spans)
        return list(states) if spans is None else [unpack(state, spans, frames) for state in states]

    def _spans(self, x: Tensor, counts: Tensor | None) -> list[int] | None:
        """Frames of each item where padding is to be left out."""
        if not self.skip_padding or counts is None or not pays(x, counts):
            return None
        return counts.clamp(min=1).tolist()

    def _states(
        self, x: Tensor, counts: Tensor | None, num_layers: int | None, spans: list[int] | None = None
    ) -> Iterator[Tensor]:
        mask: Tensor | list[int] | None = spans
        heard = None
        longest = x.shape[1] if spans is None else max(spans)
        if spans is not None:
            x = pack(x, spans)
        elif counts is not None:
            # An item without a frame would look at nothing, which is NaN.
            heard = length_to_mask(counts.clamp(min=1), x.shape[1], torch.bool)
            x = x.masked_fill(~heard.unsqueeze(-1), 0)
            mask = heard[:, None, None, :]
        silent = heard if self.skip_padding else None
        x = x + (self.pos_conv_embed(x) if spans is None and silent is None else self.pos_conv_embed(x, spans, silent))
        x = self.dropout(x if self.layer_norm_first else self.layer_norm(x))
        yield x
        layers = list(self.layers)[:num_layers]
        first = self.layers[0].attention if layers else None
        bias = first.relative_bias(longest) if isinstance(first, GatedRelativeAttention) else None
        for layer in layers:
            x = self._maybe_dropped(layer, x, mask, bias)
            yield x

    def _maybe_dropped(
        self, layer: nn.Module, x: Tensor, mask: Tensor | list[int] | None, bias: Tensor | None
    ) -> Tensor:
        """`layer(x)`, or in training with the probability of `layer_drop` just `x` (Fan et al., 2020, LayerDrop)."""
        if not self.training or self.layer_drop == 0:
            return layer(x, mask, bias)
        kept = torch.rand(()) >= self.layer_drop
        if torch.compiler.is_compiling():  # a graph has no branch that depends on chance
            return torch.where(kept.to(x.device), layer(x, mask, bias), x)
        return layer(x, mask, bias) if kept else x


class Encoder(nn.Module):
    """`FeatureProjection` and `Transformer`."""

    def __init__(self, feature_projection: FeatureProjection, transformer: Transformer) -> None:
        super().__init__()
        self.feature_projection = feature_projection
        self.transformer = transformer

    def forward(self, features: Tensor, counts: Tensor | None = None) -> Tensor:
        """The last hidden state `[batch, frames, width]` of `features` `[batch, frames, channels]`."""
        return self.transformer(self.feature_projection(features), counts)


def _attention(config: Wav2Vec2Config, *, is_first: bool) -> SelfAttention:
    sizes = config.encoder_embed_dim, config.encoder_num_heads, config.encoder_attention_dropout
    if not config.num_buckets:
        return SelfAttention(*sizes)
    return GatedRelativeAttention(*sizes, config.num_buckets, config.max_distance, has_table=is_first)
