"""Conformer encoder: a transformer with a convolution in each layer, whole or chunk by chunk.

Gulati et al., "Conformer: convolution-augmented transformer for speech recognition",
Interspeech 2020; layer normalisation stands where the paper has batch normalisation.
Chunks: see `DynChunkTrainConfig`; their convolutions, Li et al., "Dynamic chunk
convolution for unified streaming and non-streaming Conformer ASR", ICASSP 2023.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.activations import Swish
from sonovox.nn.attention_masks import DynChunkTrainConfig, get_chunk_mask, get_lookahead_mask
from sonovox.nn.conformer_convolution import ConvolutionModule
from sonovox.nn.normalization import LayerNorm
from sonovox.nn.transformer import Activation, PositionalwiseFeedForward, build_self_attention, layers_that_stay

__all__ = [
    "ConformerEncoder",
    "ConformerEncoderLayer",
    "ConformerEncoderLayerStreamingContext",
    "ConformerEncoderStreamingContext",
]


@dataclass
class ConformerEncoderLayerStreamingContext:
    """What a layer remembers of the frames before a chunk.

    Args:
        mha_left_context_size: frames that attention sees before a chunk; None for all.
        mha_left_context: those frames, `(batch, time, d_model)`; None at first.
        dcconv_left_context: the frames that the convolution sees, in the same shape.
    """

    mha_left_context_size: int | None
    mha_left_context: Tensor | None = None
    dcconv_left_context: Tensor | None = None


@dataclass
class ConformerEncoderStreamingContext:
    """What the encoder remembers of the frames before a chunk.

    Args:
        dynchunktrain_config: the chunks that it is given.
        layers: one for each layer.
    """

    dynchunktrain_config: DynChunkTrainConfig
    layers: list[ConformerEncoderLayerStreamingContext]

    @property
    def left_frames(self) -> int:
        """Frames before the next chunk that attention sees."""
        remembered = self.layers[0].mha_left_context if self.layers else None
        return 0 if remembered is None else remembered.shape[1]


class ConformerEncoderLayer(nn.Module):
    """Half a step of linear layers, self-attention, a convolution, and the other half of linear layers.

    Args:
        d_model: features.
        d_ffn: hidden features of the linear layers.
        nhead: heads.
        kernel_size: frames that the convolution sees, an odd number.
        kdim: see `MultiheadAttention`, as is `vdim`.
        vdim: see `kdim`.
        activation: builds the activations.
        bias: whether the convolution module has biases.
        dropout: share that is zeroed in training.
        causal: the convolution sees no later frames; for attention the mask says so.
        attention_type: see `TransformerEncoderLayer`.
        ignore_padding: the convolution sees nothing behind the end of an item; see `ConformerEncoder`.

    Raises:
        ChoiceError: an unknown `attention_type`.
        ArgumentError: heads that do not divide the features, an even kernel.
    """

    def __init__(
        self,
        d_model: int,
        d_ffn: int,
        nhead: int,
        kernel_size: int = 31,
        kdim: int | None = None,
        vdim: int | None = None,
        activation: Activation = Swish,
        bias: bool = True,
        dropout: float = 0.0,
        causal: bool = False,
        attention_type: str = "RelPosMHAXL",
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__()
        self.attention_type = attention_type
        self.mha_layer = build_self_attention(attention_type, nhead, d_model, d_ffn, dropout, kdim, vdim)
        self.convolution_module = ConvolutionModule(
            d_model, kernel_size, bias, activation, dropout, causal, ignore_padding=ignore_padding
        )
        self.ffn_module1, self.ffn_module2 = (
            nn.Sequential(
                nn.LayerNorm(d_model),
                PositionalwiseFeedForward(d_ffn, input_size=d_model, dropout=dropout, activation=activation),
                nn.Dropout(dropout),
            )
            for _ in range(2)
        )
        self.norm1 = LayerNorm(d_model)
        self.norm2 = LayerNorm(d_model)
        self.drop = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        pos_embs: Tensor | None = None,
        dynchunktrain_config: DynChunkTrainConfig | None = None,
    ) -> Tensor:
        """`(batch, time, d_model)` of `x`, of the same shape.

        Args:
            x: see above.
            src_mask: `(time, time)`, True where hidden; see `merge_masks`.
            src_key_padding_mask: `(batch, time)`, True where hidden.
            pos_embs: of `RelPosEncXL`, for `"RelPosMHAXL"`.
            dynchunktrain_config: chunks past whose end the convolution does not see; `src_mask` says it for attention.
        """
        x = x + 0.5 * self.ffn_module1(x)
        normalised = self.norm1(x)
        x = x + self._attend(normalised, normalised, src_mask, src_key_padding_mask, pos_embs)
        x = x + self.convolution_module(x, src_key_padding_mask, dynchunktrain_config)
        return self.norm2(x + 0.5 * self.ffn_module2(x))

    def forward_streaming(
        self, x: Tensor, context: ConformerEncoderLayerStreamingContext, pos_embs: Tensor | None = None
    ) -> Tensor:
        """`(batch, time, d_model)` of the next chunk, of the same shape; `context` remembers it.

        Args:
            x: see above.
            context: of `make_streaming_context`.
            pos_embs: of `RelPosEncXL` for the remembered frames and the chunk together.
        """
        x = x + 0.5 * self.ffn_module1(x)
        normalised = self.norm1(x)
        seen = _after(context.mha_left_context, normalised)
        context.mha_left_context = _last(seen, context.mha_left_context_size)
        x = x + self._attend(normalised, seen, pos_embs=pos_embs)
        seen = _after(context.dcconv_left_context, x)
        context.dcconv_left_context = _last(seen, self.convolution_module.padding)
        # All of it as one chunk: there is nothing after it yet.
        whole = DynChunkTrainConfig(seen.shape[1])
        x = x + self.convolution_module(seen, dynchunktrain_config=whole)[:, -x.shape[1] :]
        return self.norm2(x + 0.5 * self.ffn_module2(x))

    def make_streaming_context(self, mha_left_context_size: int | None) -> ConformerEncoderLayerStreamingContext:
        """A context before the first chunk, where attention sees so many frames before a chunk, or all if None."""
        if self.attention_type == "hypermixing":
            raise ArgumentError(
                "attention_type='hypermixing' cannot be streamed, since every frame is mixed with all others",
                hint="use 'RelPosMHAXL'",
            )
        return ConformerEncoderLayerStreamingContext(mha_left_context_size)

    def _attend(
        self,
        query: Tensor,
        seen: Tensor,
        mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        pos_embs: Tensor | None = None,
    ) -> Tensor:
        result, _ = self.mha_layer(
            query,
            seen,
            seen,
            attn_mask=mask,
            key_padding_mask=key_padding_mask,
            pos_embs=pos_embs,
            return_attn_weights=False,
        )
        return result


class ConformerEncoder(nn.Module):
    """Layers of `ConformerEncoderLayer`, and a normalisation at the end.

    Args:
        num_layers: their number.
        d_model: see `ConformerEncoderLayer`, as are all that are not named here.
        d_ffn: see `d_model`.
        nhead: see `d_model`.
        kernel_size: see `d_model`.
        kdim: see `d_model`.
        vdim: see `d_model`.
        activation: see `d_model`.
        bias: see `d_model`.
        dropout: see `d_model`.
        causal: no frame sees what comes after it, where no `src_mask` says otherwise.
        attention_type: see `d_model`.
        output_hidden_states: give the results of all layers, too.
        layerdrop_prob: share of the layers that are left out in training.
        ignore_padding: convolutions see zeros behind the end of an item: its result in a batch is that of the item
            alone. False as in SpeechBrain, where only attention heeds the lengths, and the last frames of an item
            see what it is padded with.

    Raises:
        ArgumentError: see `ConformerEncoderLayer`.

    >>> encoder = ConformerEncoder(2, d_model=16, d_ffn=32, nhead=4, attention_type="regularMHA")
    >>> encoder(torch.zeros(2, 40, 16))[0].shape
    torch.Size([2, 40, 16])
    """

    def __init__(
        self,
        num_layers: int,
        d_model: int,
        d_ffn: int,
        nhead: int,
        kernel_size: int = 31,
        kdim: int | None = None,
        vdim: int | None = None,
        activation: Activation = Swish,
        bias: bool = True,
        dropout: float = 0.0,
        causal: bool = False,
        attention_type: str = "RelPosMHAXL",
        output_hidden_states: bool = False,
        layerdrop_prob: float = 0.0,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__()
        self.causal = causal
        self.layerdrop_prob = layerdrop_prob
        self.output_hidden_states = output_hidden_states
        self.layers = nn.ModuleList(
            ConformerEncoderLayer(
                d_model,
                d_ffn,
                nhead,
                kernel_size,
                kdim,
                vdim,
                activation,
                bias,
                dropout,
                causal,
                attention_type,
                ignore_padding=ignore_padding,
            )
            for _ in range(num_layers)
        )
        self.norm = LayerNorm(d_model, eps=1e-6)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        pos_embs: Tensor | None = None,
        dynchunktrain_config: DynChunkTrainConfig | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """The result, and with `output_hidden_states` the input and what comes out of each layer; see the layer.

        Where no `src_mask` is given, `dynchunktrain_config` limits attention, too.
        """
        if src_mask is None and dynchunktrain_config is not None:
            src_mask = get_chunk_mask(src.shape[1], dynchunktrain_config, src.device)
        elif src_mask is None and self.causal:
            src_mask = get_lookahead_mask(src)
        hidden_states = [src] if self.output_hidden_states else []
        for layer in layers_that_stay(self.layers, self.layerdrop_prob if self.training else 0.0):
            src = layer(src, src_mask, src_key_padding_mask, pos_embs, dynchunktrain_config)
            if self.output_hidden_states:
                hidden_states.append(src)
        return self.norm(src), hidden_states

    def forward_streaming(
        self, src: Tensor, context: ConformerEncoderStreamingContext, pos_embs: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """What `forward` gives for the next chunk of a signal; `context` remembers it.

        Args:
            src: the chunk, `(batch, time, d_model)`.
            context: of `make_streaming_context`.
            pos_embs: of `RelPosEncXL` for `context.left_frames` and the chunk together.
        """
        hidden_states = [src] if self.output_hidden_states else []
        for layer, remembered in zip(self._typed_layers(), context.layers, strict=True):
            src = layer.forward_streaming(src, remembered, pos_embs)
            if self.output_hidden_states:
                hidden_states.append(src)
        return self.norm(src), hidden_states

    def make_streaming_context(self, dynchunktrain_config: DynChunkTrainConfig) -> ConformerEncoderStreamingContext:
        """A context before the first chunk of a signal.

        Raises:
            ArgumentError: hypermixing, which has no chunks, or a causal encoder.
        """
        if self.causal:
            raise ArgumentError(
                "chunks need causal=False, since the frames of a chunk see each other", hint="build with causal=False"
            )
        frames = dynchunktrain_config.left_context_size_frames()
        return ConformerEncoderStreamingContext(
            dynchunktrain_config, [layer.make_streaming_context(frames) for layer in self._typed_layers()]
        )

    def _typed_layers(self) -> list[ConformerEncoderLayer]:
        return [cast(ConformerEncoderLayer, layer) for layer in self.layers]


def _after(remembered: Tensor | None, x: Tensor) -> Tensor:
    return x if remembered is None else torch.cat((remembered, x), dim=1)


def _last(x: Tensor, frames: int | None) -> Tensor:
    return x if frames is None else x[:, max(x.shape[1] - frames, 0) :]
