"""Self-attention that turns queries and keys by angles that grow with their places.

Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021,
section 3.4: scores depend on the distance of two steps only.
"""

import math

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.nn.attention import attend
from sonovox.nn.attention_masks import merge_masks
from sonovox.nn.relative_attention import InterleavedProjection

__all__ = ["RoPEMHA"]


class RoPEMHA(InterleavedProjection):
    """Attention with several heads and rotary positions.

    Scores are scaled by `1 / sqrt(embed_dim)`, as in `RelPosMHAXL`.

    Args:
        embed_dim: features.
        num_heads: heads, each of `embed_dim / num_heads` features, an even number.
        dropout: share of the weights that are zeroed in training.
        vbias: a trained bias of the values.
        vdim: features of the values, which must be `embed_dim` or None.

    Raises:
        ArgumentError: heads of an odd size, or that do not divide the features; values of another size.

    >>> x = torch.randn(2, 10, 16)
    >>> RoPEMHA(16, 4)(x, x, x)[0].shape
    torch.Size([2, 10, 16])
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, vbias: bool = False, vdim: int | None = None
    ) -> None:
        super().__init__(embed_dim, num_heads, dropout, vbias, vdim)
        if embed_dim // num_heads % 2:
            raise ArgumentError(
                f"a head must have an even number of features, got {embed_dim} / {num_heads}",
                hint="they are turned in pairs",
            )

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        attn_mask: Tensor | None = None,
        pos_embs: Tensor | None = None,
        return_attn_weights: bool = True,
    ) -> tuple[Tensor, Tensor | None]:
        """`(batch, queries, embed_dim)`, and the weights `(batch, queries, keys)`; see `RelPosMHAXL`.

        `pos_embs` takes no effect.
        """
        q, k, v = self.project(query, key, value)
        angles = _angles(k)
        # The last query stands at the last key.
        q = _turned(q, tuple(part[k.shape[2] - q.shape[2] :] for part in angles))
        result, weights = attend(
            q,
            _turned(k, angles),
            v,
            merge_masks(attn_mask, key_padding_mask),
            dropout=self.dropout if self.training else 0.0,
            scale=1 / math.sqrt(self.embed_dim),
            return_weights=return_attn_weights,
        )
        return self.out_proj(result), weights


def _angles(x: Tensor) -> tuple[Tensor, ...]:
    """Cosines and sines, each `(time, size / 2)`, for `x`, `(..., time, size)`."""
    time, size = x.shape[-2:]
    places = torch.arange(time, device=x.device, dtype=torch.float32)
    exponents = torch.arange(0, size, 2, device=x.device, dtype=torch.float32)
    angles = places.unsqueeze(1) * torch.exp(exponents * -(math.log(10000.0) / size))
    return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


def _turned(x: Tensor, angles: tuple[Tensor, ...]) -> Tensor:
    """Features 2i and 2i + 1 as coordinates of a point, turned by the angle of its place."""
    cos, sin = angles
    even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((even * cos - odd * sin, odd * cos + even * sin), dim=-1).flatten(-2)
