"""Attention with several heads, on torch's fused kernels.

Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.attention_masks import merge_masks

__all__ = ["MultiheadAttention", "attend", "check_heads"]


class MultiheadAttention(nn.Module):
    """Each query's mean of the values, weighted by how well their keys fit.

    Args:
        nhead: heads, each of `d_model / nhead` features.
        d_model: features of the queries and of the result.
        dropout: share of the weights that are zeroed in training.
        bias: whether the projections have one.
        add_bias_kv: one trained key and value more.
        add_zero_attn: one key and value of zeros more.
        kdim: features of the keys; `d_model` if None.
        vdim: features of the values; `d_model` if None.

    Raises:
        ArgumentError: `nhead` does not divide `d_model`.

    >>> x = torch.randn(2, 10, 16)
    >>> result, weights = MultiheadAttention(nhead=4, d_model=16)(x, x, x)
    >>> result.shape, weights.shape
    (torch.Size([2, 10, 16]), torch.Size([2, 10, 10]))
    """

    def __init__(
        self,
        nhead: int,
        d_model: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
    ) -> None:
        super().__init__()
        check_heads(nhead, d_model)
        # It holds the weights, under torch's names; its own forward has paths that give NaN for a row without keys.
        self.att = nn.MultiheadAttention(d_model, nhead, dropout, bias, add_bias_kv, add_zero_attn, kdim, vdim)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        return_attn_weights: bool = True,
        pos_embs: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """`(batch, queries, d_model)`, and the weights `(batch, queries, keys)`, a mean over the heads.

        Args:
            query: `(batch, queries, d_model)`.
            key: `(batch, keys, kdim)`.
            value: `(batch, keys, vdim)`.
            attn_mask: see `merge_masks`, as is `key_padding_mask`.
            key_padding_mask: see `attn_mask`.
            return_attn_weights: compute the weights, which fused kernels never hold; None otherwise.
            pos_embs: takes no effect; it is there for attention that knows distances.
        """
        att = self.att
        heads = att.num_heads
        q, k, v = (_split(x, heads) for x in self._project(query, key, value))
        mask = merge_masks(attn_mask, key_padding_mask)
        extra_keys, extra_values = [k], [v]
        if att.bias_k is not None and att.bias_v is not None:
            extra_keys.append(_split(att.bias_k.expand(len(k), 1, -1), heads))
            extra_values.append(_split(att.bias_v.expand(len(k), 1, -1), heads))
        if att.add_zero_attn:
            extra_keys.append(torch.zeros_like(k[:, :, :1]))
            extra_values.append(torch.zeros_like(v[:, :, :1]))
        if len(extra_keys) > 1:
            k, v = torch.cat(extra_keys, dim=2), torch.cat(extra_values, dim=2)
            mask = None if mask is None else F.pad(mask, (0, len(extra_keys) - 1))
        dropout = att.dropout if self.training else 0.0
        result, weights = attend(q, k, v, mask, dropout=dropout, return_weights=return_attn_weights)
        return att.out_proj(result), weights

    def _project(self, query: Tensor, key: Tensor, value: Tensor) -> list[Tensor]:
        att = self.att
        if not att._qkv_same_embed_dim:
            weights: Sequence[Tensor] = (att.q_proj_weight, att.k_proj_weight, att.v_proj_weight)
        elif query is key and key is value:
            return list(F.linear(query, att.in_proj_weight, att.in_proj_bias).chunk(3, dim=-1))
        else:
            weights = att.in_proj_weight.chunk(3)
        biases = [None] * 3 if att.in_proj_bias is None else list(att.in_proj_bias.chunk(3))
        return [F.linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)]


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    dropout: float = 0.0,
    scale: float | None = None,
    return_weights: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """`softmax(scale query key' + mask) value` with the heads joined, and the mean of their weights if asked for.

    A query to which all keys are hidden gives zeros.

    Args:
        query: `(batch, heads, queries, size)`.
        key: `(batch, heads, keys, size)`, as is `value`.
        value: see `key`.
        mask: True where hidden, or numbers to add; it broadcasts to `(batch, heads, queries, keys)`.
        dropout: share of the weights that are zeroed.
        scale: `1 / sqrt(size)` if None.
        return_weights: compute the weights; the fused kernels never hold them.

    Returns:
        `(batch, queries, heads * size)` and `(batch, queries, keys)` or None.

    >>> x = torch.zeros(1, 1, 2, 1)
    >>> attend(x, x, torch.tensor([[[[1.0], [3.0]]]]))[0]
    tensor([[[2.],
             [2.]]])
    """
    if not return_weights:
        visible = ~mask if mask is not None and mask.dtype == torch.bool else mask
        result = F.scaled_dot_product_attention(query, key, value, visible, dropout_p=dropout, scale=scale)
        return result.transpose(1, 2).flatten(2), None
    scores = query @ key.transpose(-1, -2) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if mask is None:
        weights = scores.softmax(dim=-1)
    else:
        hidden = mask if mask.dtype == torch.bool else mask.isneginf()
        biased = scores if mask.dtype == torch.bool else scores + mask
        # The lowest number, not -inf, of which a row of nothing else would be NaN and its gradient, too.
        weights = biased.masked_fill(hidden, torch.finfo(scores.dtype).min).softmax(dim=-1).masked_fill(hidden, 0)
    return (F.dropout(weights, dropout) @ value).transpose(1, 2).flatten(2), weights.mean(dim=1)


def check_heads(nhead: int, size: int) -> None:
    """Refuse heads that do not divide the features.

    Raises:
        ArgumentError: with both numbers.

    >>> check_heads(4, 16)
    """
    if nhead < 1 or size % nhead:
        raise ArgumentError(
            f"the number of heads must divide the {size} features, got {nhead}", hint="for example 64 features a head"
        )


def _split(x: Tensor, heads: int) -> Tensor:
    """`(batch, time, features)` to `(batch, heads, time, features / heads)`."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)
