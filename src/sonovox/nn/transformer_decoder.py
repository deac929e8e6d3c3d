"""Transformer decoder: tokens that see those before them and what an encoder heard.

Vaswani et al., "Attention is all you need", NeurIPS 2017.
"""

from torch import Tensor, nn

from sonovox.nn.attention import MultiheadAttention
from sonovox.nn.attention_masks import get_lookahead_mask
from sonovox.nn.normalization import LayerNorm
from sonovox.nn.transformer import Activation, PositionalwiseFeedForward

__all__ = ["TransformerDecoder", "TransformerDecoderLayer"]


class TransformerDecoderLayer(nn.Module):
    """Self-attention, attention to the encoder's states, two linear layers; each is added to what it is given.

    Args:
        d_ffn: hidden features of the linear layers.
        nhead: heads.
        d_model: features.
        kdim: of the encoder's states, as is `vdim`; `d_model` if None.
        vdim: see `kdim`.
        dropout: share that is zeroed in training.
        activation: builds the activation between the linear layers.
        normalize_before: normalise what goes into each part, not what comes out.

    Raises:
        ArgumentError: heads that do not divide the features.
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
    ) -> None:
        super().__init__()
        self.normalize_before = normalize_before
        self.self_attn = MultiheadAttention(nhead, d_model, dropout)
        self.multihead_attn = MultiheadAttention(nhead, d_model, dropout, kdim=kdim, vdim=vdim)
        self.pos_ffn = PositionalwiseFeedForward(d_ffn, input_size=d_model, dropout=dropout, activation=activation)
        self.norm1 = LayerNorm(d_model, eps=1e-6)
        self.norm2 = LayerNorm(d_model, eps=1e-6)
        self.norm3 = LayerNorm(d_model, eps=1e-6)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)
        self.dropout3 = nn.Dropout(dropout)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        return_attn_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The result `(batch, steps, d_model)`, and the weights of the encoder's states `(batch, steps, time)`.

        Args:
            tgt: `(batch, steps, d_model)`.
            memory: the encoder's states, `(batch, time, d_model)`.
            tgt_mask: `(steps, steps)`, True where hidden; see `merge_masks`, as for all masks.
            memory_mask: `(steps, time)`.
            tgt_key_padding_mask: `(batch, steps)`.
            memory_key_padding_mask: `(batch, time)`.
            return_attn_weights: compute the weights, which fused kernels never hold; None otherwise.
        """
        before = self.normalize_before
        x = self.norm1(tgt) if before else tgt
        attended, _ = self.self_attn(x, x, x, tgt_mask, tgt_key_padding_mask, return_attn_weights=False)
        tgt = tgt + self.dropout1(attended)
        if not before:
            tgt = self.norm1(tgt)
        heard, weights = self.multihead_attn(
            self.norm2(tgt) if before else tgt,
            memory,
            memory,
            memory_mask,
            memory_key_padding_mask,
            return_attn_weights=return_attn_weights,
        )
        tgt = tgt + self.dropout2(heard)
        if not before:
            tgt = self.norm2(tgt)
        tgt = tgt + self.dropout3(self.pos_ffn(self.norm3(tgt) if before else tgt))
        return (tgt if before else self.norm3(tgt)), weights


class TransformerDecoder(nn.Module):
    """Layers of `TransformerDecoderLayer`, and a normalisation at the end.

    Args:
        num_layers: their number.
        nhead: see `TransformerDecoderLayer`, as are all that are not named here.
        d_ffn: see `nhead`.
        d_model: see `nhead`.
        kdim: see `nhead`.
        vdim: see `nhead`.
        dropout: see `nhead`.
        activation: see `nhead`.
        normalize_before: see `nhead`.
        causal: no step sees what comes after it, where no `tgt_mask` says otherwise.

    Raises:
        ArgumentError: heads that do not divide the features.

    >>> import torch
    >>> decoder = TransformerDecoder(2, nhead=4, d_ffn=32, d_model=16)
    >>> result, weights = decoder(torch.zeros(2, 5, 16), torch.zeros(2, 30, 16), return_attn_weights=True)
    >>> result.shape, weights[-1].shape
    (torch.Size([2, 5, 16]), torch.Size([2, 5, 30]))
    """

    def __init__(
        self,
        num_layers: int,
        nhead: int,
        d_ffn: int,
        d_model: int,
        kdim: int | None = None,
        vdim: int | None = None,
        dropout: float = 0.0,
        activation: Activation = nn.ReLU,
        normalize_before: bool = False,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.causal = causal
        self.layers = nn.ModuleList(
            TransformerDecoderLayer(d_ffn, nhead, d_model, kdim, vdim, dropout, activation, normalize_before)
            for _ in range(num_layers)
        )
        self.norm = LayerNorm(d_model, eps=1e-6)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        return_attn_weights: bool = False,
    ) -> tuple[Tensor, list[Tensor]]:
        """The result, and with `return_attn_weights` the weights of each layer; see `TransformerDecoderLayer`."""
        if tgt_mask is None and self.causal:
            tgt_mask = get_lookahead_mask(tgt)
        collected = []
        for layer in self.layers:
            tgt, weights = layer(
                tgt,
                memory,
                tgt_mask,
                memory_mask,
                tgt_key_padding_mask,
                memory_key_padding_mask,
                return_attn_weights,
            )
            if weights is not None:
                collected.append(weights)
        return self.norm(tgt), collected
