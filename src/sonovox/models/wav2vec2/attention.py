"""Self-attention of wav2vec 2.0's transformer; WavLM's, with gated relative positions, is in `models/wavlm`."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["SelfAttention"]


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself.

    Args:
        embed_dim: width of the sequence.
        num_heads: heads, a divisor of it.
        dropout: of attention weights, in training.
    """

    def __init__(self, embed_dim: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.num_heads, self.dropout = num_heads, dropout
        self.k_proj = nn.Linear(embed_dim, embed_dim)
        self.v_proj = nn.Linear(embed_dim, embed_dim)
        self.q_proj = nn.Linear(embed_dim, embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def extra_repr(self) -> str:
        return f"num_heads={self.num_heads}, dropout={self.dropout}"

    def forward(
        self, x: Tensor, mask: Tensor | Sequence[int] | None = None, position_bias: Tensor | None = None
    ) -> Tensor:
        """Frames of the same shape.

        Args:
            x: `[batch, frames, embed_dim]`, or `[1, all frames, embed_dim]` of packed items.
            mask: `[batch, 1, 1, frames]`, true where there is something to see; or the frames of each packed item.
            position_bias: see `GatedRelativeAttention`.
        """
        q, k, v = (self._by_head(project(x)) for project in (self.q_proj, self.k_proj, self.v_proj))
        if mask is None or isinstance(mask, Tensor):
            out = self._attend(q, k, v, self._bias(x, mask, position_bias))
        else:
            spans, items = list(mask), []
            for q_i, k_i, v_i, x_i in zip(*(y.split(spans, -2) for y in (q, k, v, x)), strict=True):
                n = x_i.shape[1]
                near = None if position_bias is None else position_bias[:, :n, :n]
                items.append(self._attend(q_i, k_i, v_i, self._bias(x_i, None, near)))
            out = torch.cat(items, dim=-2)
        return self.out_proj(out.transpose(1, 2).flatten(2))

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout)

    def _bias(self, x: Tensor, mask: Tensor | None, position_bias: Tensor | None) -> Tensor | None:
        """What is added to the scores, or a mask of them."""
        return mask

    def _by_head(self, x: Tensor) -> Tensor:
        """`[batch, frames, embed_dim]` to `[batch, heads, frames, head_dim]`, a view."""
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
