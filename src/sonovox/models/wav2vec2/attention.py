"""Self-attention of wav2vec 2.0's transformer; WavLM's, with gated relative positions, is in `models/wavlm`."""

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

    def forward(self, x: Tensor, mask: Tensor | None = None, position_bias: Tensor | None = None) -> Tensor:
        """`x` `[batch, frames, embed_dim]`; `mask` `[batch, 1, 1, frames]`, true where there is something to see."""
        q, k, v = (self._by_head(project(x)) for project in (self.q_proj, self.k_proj, self.v_proj))
        bias = self._bias(x, mask, position_bias)
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=self.dropout if self.training else 0.0)
        return self.out_proj(out.transpose(1, 2).flatten(2))

    def _bias(self, x: Tensor, mask: Tensor | None, position_bias: Tensor | None) -> Tensor | None:
        """What is added to the scores, or a mask of them."""
        return mask

    def _by_head(self, x: Tensor) -> Tensor:
        """`[batch, frames, embed_dim]` to `[batch, heads, frames, head_dim]`, a view."""
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
