"""Self-attention that knows distances: one score for what is said, one for how far away it is.

Dai et al., "Transformer-XL: attentive language models beyond a fixed-length context",
ACL 2019, section 3.3 and appendix B.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.attention import attend, check_heads
from sonovox.nn.attention_masks import get_lookahead_mask, merge_masks

__all__ = ["InterleavedProjection", "RelPosMHAXL"]


class InterleavedProjection(nn.Module):
    """Queries, keys and values of one sequence by one matrix, head by head: a building block of attention.

    Args:
        embed_dim: features.
        num_heads: heads, each with a query, a key and a value of `embed_dim / num_heads` features.
        dropout: share of the weights that are zeroed in training.
        vbias: a trained bias of the values.
        vdim: features of the values, which must be `embed_dim` or None.

    Raises:
        ArgumentError: heads that do not divide the features, or values of another size.
    """

    def __init__(self, embed_dim: int, num_heads: int, dropout: float, vbias: bool, vdim: int | None) -> None:
        super().__init__()
        check_heads(num_heads, embed_dim)
        if vdim not in (None, embed_dim):
            raise ArgumentError(f"vdim must be embed_dim={embed_dim}, got {vdim}", hint="leave it out")
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embed_dim, embed_dim))
        self.value_bias_weight = nn.Parameter(torch.zeros(embed_dim)) if vbias else None
        self.out_proj = nn.Linear(embed_dim, embed_dim)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def project(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of all heads, each `(batch, heads, time, size)`."""
        heads = self.num_heads
        if query is key and key is value:
            joined = F.linear(query, self.in_proj_weight).unflatten(-1, (heads, 3, -1)).permute(3, 0, 2, 1, 4)
            q, k, v = joined.unbind()
        else:
            weights = self.in_proj_weight.unflatten(0, (heads, 3, -1)).unbind(1)
            q, k, v = (
                F.linear(x, w.flatten(0, 1)).unflatten(-1, (heads, -1)).transpose(1, 2)
                for x, w in zip((query, key, value), weights, strict=True)
            )
        if self.value_bias_weight is not None:
            v = v + self.value_bias_weight.view(heads, 1, -1)
        return q, k, v


class RelPosMHAXL(InterleavedProjection):
    """Attention with several heads and relative positions.

    Scores are scaled by `1 / sqrt(embed_dim)`, not by the size of a head, as in SpeechBrain: trained weights expect
    it.

    Args:
        embed_dim: features.
        num_heads: heads, each of `embed_dim / num_heads` features.
        dropout: share of the weights that are zeroed in training.
        vbias: a trained bias of the values.
        vdim: features of the values, which must be `embed_dim` or None.
        mask_pos_future: queries do not see keys after them.

    Raises:
        ArgumentError: heads that do not divide the features, or values of another size.

    >>> from sonovox.nn import RelPosEncXL
    >>> x = torch.randn(2, 10, 16)
    >>> RelPosMHAXL(16, 4)(x, x, x, RelPosEncXL(16)(x))[0].shape
    torch.Size([2, 10, 16])
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        vbias: bool = False,
        vdim: int | None = None,
        mask_pos_future: bool = False,
    ) -> None:
        super().__init__(embed_dim, num_heads, dropout, vbias, vdim)
        self.mask_pos_future = mask_pos_future
        self.linear_pos = nn.Linear(embed_dim, embed_dim, bias=False)
        self.pos_bias_u = nn.Parameter(torch.empty(embed_dim // num_heads, num_heads))
        self.pos_bias_v = nn.Parameter(torch.empty(embed_dim // num_heads, num_heads))
        nn.init.xavier_uniform_(self.pos_bias_u)
        nn.init.xavier_uniform_(self.pos_bias_v)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        pos_embs: Tensor | None,
        key_padding_mask: Tensor | None = None,
        attn_mask: Tensor | None = None,
        return_attn_weights: bool = True,
    ) -> tuple[Tensor, Tensor | None]:
        """`(batch, queries, embed_dim)`, and the weights `(batch, queries, keys)`, a mean over the heads.

        Args:
            query: `(batch, queries, embed_dim)`; the last query stands at the last key.
            key: `(batch, keys, embed_dim)`, as is `value`.
            value: see `key`.
            pos_embs: of `RelPosEncXL` for the keys, `(1, 2 keys - 1, embed_dim)`.
            key_padding_mask: see `merge_masks`, as is `attn_mask`.
            attn_mask: see `key_padding_mask`.
            return_attn_weights: compute the weights, which fused kernels never hold; None otherwise.

        Raises:
            ArgumentError: `pos_embs` are of another number of keys.
        """
        queries, keys = query.shape[1], key.shape[1]
        if pos_embs is None or pos_embs.shape[1] != 2 * keys - 1:
            raise ArgumentError(
                f"pos_embs must have 2 * {keys} - 1 distances for {keys} keys, "
                f"got {None if pos_embs is None else pos_embs.shape[1]}",
                hint="give what RelPosEncXL gives for the keys",
            )
        if self.mask_pos_future:
            # Of the keys' square, the rows of the queries, which are the last
            future = get_lookahead_mask(key)[keys - queries :]
            if attn_mask is None:
                attn_mask = future
            else:
                boolean = attn_mask.dtype == torch.bool
                attn_mask = attn_mask | future if boolean else attn_mask.masked_fill(future, -math.inf)
        q, k, v = self.project(query, key, value)
        scale = 1 / math.sqrt(self.embed_dim)
        # One distance too many, for the view in _at_distances.
        distances = F.pad(self.linear_pos(pos_embs[:, : queries + keys - 1]), (0, 0, 0, 1))
        distances = distances.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        by_distance = ((q + self._bias(self.pos_bias_v)) * scale) @ distances.transpose(-1, -2)
        scores = _at_distances(by_distance, queries, keys)
        hidden = merge_masks(attn_mask, key_padding_mask)
        if hidden is not None:
            scores = scores.masked_fill(hidden, -math.inf) if hidden.dtype == torch.bool else scores + hidden
        result, weights = attend(
            q + self._bias(self.pos_bias_u),
            k,
            v,
            scores,
            dropout=self.dropout if self.training else 0.0,
            scale=scale,
            return_weights=return_attn_weights,
        )
        return self.out_proj(result), weights

    def _bias(self, bias: Tensor) -> Tensor:
        """`(heads, 1, size)`; SpeechBrain reads its `(size, heads)` in this order, without a transposition."""
        return bias.view(self.num_heads, 1, -1)


def _at_distances(scores: Tensor, queries: int, keys: int) -> Tensor:
    """`(..., queries, keys)` of scores by distance, `(..., queries, queries + keys)`, largest distance first.

    Query i stands at key `keys - queries + i`, so its distance to key j is in column `queries - 1 - i + j`: in the
    flattened scores, rows that are one shorter and begin at `queries - 1`. No number is moved.
    """
    width = queries + keys - 1
    start = queries - 1
    return scores.flatten(-2)[..., start : start + queries * width].unflatten(-1, (queries, width))[..., :keys]
