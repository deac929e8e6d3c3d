"""Transformer encoder: self-attention and a network for each step, layer by layer.

Vaswani et al., "Attention is all you need", NeurIPS 2017. Normalisation before each
part instead of after it: Xiong et al., ICML 2020. Dropped layers: Fan et al., ICLR 2020.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox.nn.attention import MultiheadAttention
from sonovox.nn.attention_masks import get_lookahead_mask
from sonovox.nn.hypermixing import HyperMixing
from sonovox.nn.input_size import resolve_input_size
from sonovox.nn.normalization import LayerNorm
from sonovox.nn.relative_attention import RelPosMHAXL
from sonovox.nn.rotary_attention import RoPEMHA

__all__ = [
    "PositionalwiseFeedForward",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "build_self_attention",
    "layers_that_stay",
]

Activation = Callable[[], nn.Module]


class PositionalwiseFeedForward(nn.Module):
    """Two linear layers for each step, with an activation between them.

    Args:
        d_ffn: features of the hidden layer.
        input_shape: shape of the input; None where `input_size` is given.
        input_size: features of the input and of the result.
        dropout: share of the hidden features that are zeroed in training.
        activation: builds the activation.

    Raises:
        ArgumentError: no size of the input.

    >>> PositionalwiseFeedForward(32, input_size=16)(torch.zeros(2, 10, 16)).shape
    torch.Size([2, 10, 16])
    """

    def __init__(
        self,
        d_ffn: int,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        dropout: float = 0.0,
        activation: Activation = nn.ReLU,
    ) -> None:
        super().__init__()
        size = resolve_input_size(input_size, input_shape)
        self.ffn = nn.Sequential(nn.Linear(size, d_ffn), activation(), nn.Dropout(dropout), nn.Linear(d_ffn, size))

    def forward(self, x: Tensor) -> Tensor:
        return self.ffn(x)


class TransformerEncoderLayer(nn.Module):
    """Self-attention, then two linear layers for each step; both are added to what they are given.

    Args:
        d_ffn: hidden features of the linear layers.
        nhead: heads.
        d_model: features.
        kdim: see `MultiheadAttention`, as is `vdim`.
        vdim: see `kdim`.
        dropout: share that is zeroed in training.
        activation: builds the activation between the linear layers.
        normalize_before: normalise what goes into each part, not what comes out.
        attention_type: `"regularMHA"`, `"RelPosMHAXL"`, `"RoPEMHA"` or `"hypermixing"`.

    Raises:
        ChoiceError: an unknown `attention_type`.
        ArgumentError: heads that do not divide the features.

    >>> TransformerEncoderLayer(d_ffn=32, nhead=4, d_model=16)(torch.zeros(2, 10, 16)).shape
    torch.Size([2, 10, 16])
    """

    def __init__(
        self,
        d_ffn: int,
        nhead: int,
        d_model: int,
        kdim: int | None = None,
        vdim: int | None = None,
        dropout: float = 0.0,
        activation: Activation = nn.ReLU,
        normalize_before: bool = False,
        attention_type: str = "regularMHA",
    ) -> None:
        super().__init__()
        self.normalize_before = normalize_before
        self.self_att = build_self_attention(attention_type, nhead, d_model, d_ffn, dropout, kdim, vdim)
        self.pos_ffn = PositionalwiseFeedForward(d_ffn, input_size=d_model, dropout=dropout, activation=activation)
        self.norm1 = LayerNorm(d_model, eps=1e-6)
        self.norm2 = LayerNorm(d_model, eps=1e-6)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        pos_embs: Tensor | None = None,
    ) -> Tensor:
        """`(batch, time, d_model)` of `src`, of the same shape.

        Args:
            src: see above.
            src_mask: `(time, time)`, True where hidden; see `merge_masks`.
            src_key_padding_mask: `(batch, time)`, True where hidden.
            pos_embs: of `RelPosEncXL`, for `"RelPosMHAXL"`.
        """
        x = self.norm1(src) if self.normalize_before else src
        attended, _ = self.self_att(
            x,
            x,
            x,
            attn_mask=src_mask,
            key_padding_mask=src_key_padding_mask,
            pos_embs=pos_embs,
            return_attn_weights=False,
        )
        src = src + self.dropout1(attended)
        if not self.normalize_before:
            src = self.norm1(src)
        x = self.norm2(src) if self.normalize_before else src
        src = src + self.dropout2(self.pos_ffn(x))
        return src if self.normalize_before else self.norm2(src)


class TransformerEncoder(nn.Module):
    """Layers of `TransformerEncoderLayer`, and a normalisation at the end.

    Args:
        num_layers: their number.
        nhead: see `TransformerEncoderLayer`, as are all that are not named here.
        d_ffn: see `nhead`.
        input_shape: shape of the input; None where `d_model` is given.
        d_model: features.
        kdim: see `nhead`.
        vdim: see `nhead`.
        dropout: see `nhead`.
        activation: see `nhead`.
        normalize_before: see `nhead`.
        causal: no step sees what comes after it, where no `src_mask` says otherwise.
        layerdrop_prob: share of the layers that are left out in training.
        attention_type: see `nhead`.
        output_hidden_states: give the results of all layers, too.

    Raises:
        ArgumentError: no size of the input; see `TransformerEncoderLayer`.

    >>> TransformerEncoder(2, nhead=4, d_ffn=32, d_model=16)(torch.zeros(2, 10, 16))[0].shape
    torch.Size([2, 10, 16])
    """

    def __init__(
        self,
        num_layers: int,
        nhead: int,
        d_ffn: int,
        input_shape: Sequence[int | None] | None = None,
        d_model: int | None = None,
        kdim: int | None = None,
        vdim: int | None = None,
        dropout: float = 0.0,
        activation: Activation = nn.ReLU,
        normalize_before: bool = False,
        causal: bool = False,
        layerdrop_prob: float = 0.0,
        attention_type: str = "regularMHA",
        output_hidden_states: bool = False,
    ) -> None:
        super().__init__()
        size = resolve_input_size(d_model, input_shape, name="d_model")
        self.causal = causal
        self.layerdrop_prob = layerdrop_prob
        self.output_hidden_states = output_hidden_states
        self.layers = nn.ModuleList(
            TransformerEncoderLayer(
                d_ffn, nhead, size, kdim, vdim, dropout, activation, normalize_before, attention_type
            )
            for _ in range(num_layers)
        )
        self.norm = LayerNorm(size, eps=1e-6)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        pos_embs: Tensor | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """The result, and with `output_hidden_states` the input and what comes out of each layer; see the layer."""
        if src_mask is None and self.causal:
            src_mask = get_lookahead_mask(src)
        hidden_states = [src] if self.output_hidden_states else []
        for layer in layers_that_stay(self.layers, self.layerdrop_prob if self.training else 0.0):
            src = layer(src, src_mask, src_key_padding_mask, pos_embs)
            if self.output_hidden_states:
                hidden_states.append(src)
        return self.norm(src), hidden_states


def layers_that_stay(layers: nn.ModuleList, layerdrop_prob: float) -> list[nn.Module]:
    """`layers` without those that are left out at random, each with `layerdrop_prob`.

    >>> layers_that_stay(nn.ModuleList([nn.ReLU(), nn.Tanh()]), 0.0)
    [ReLU(), Tanh()]
    """
    if layerdrop_prob == 0:
        return list(layers)
    stays = (torch.rand(len(layers)) >= layerdrop_prob).tolist()
    return [layer for layer, stay in zip(layers, stays, strict=True) if stay]


def build_self_attention(
    attention_type: str,
    nhead: int,
    d_model: int,
    d_ffn: int,
    dropout: float,
    kdim: int | None = None,
    vdim: int | None = None,
) -> nn.Module:
    """Attention of a layer, for the name that recipes give it.

    All are called with `query`, `key`, `value` and, by name, `attn_mask`, `key_padding_mask`, `pos_embs` and
    `return_attn_weights`.

    Raises:
        ChoiceError: an unknown name.

    >>> type(build_self_attention("RoPEMHA", nhead=4, d_model=16, d_ffn=32, dropout=0.0)).__name__
    'RoPEMHA'
    """
    check_choice("attention_type", attention_type, ["regularMHA", "RelPosMHAXL", "RoPEMHA", "hypermixing"])
    if attention_type == "RelPosMHAXL":
        return RelPosMHAXL(d_model, nhead, dropout)
    if attention_type == "RoPEMHA":
        return RoPEMHA(d_model, nhead, dropout)
    if attention_type == "hypermixing":
        return HyperMixing(d_model, d_ffn, num_heads=nhead)
    return MultiheadAttention(nhead, d_model, dropout, kdim=kdim, vdim=vdim)
