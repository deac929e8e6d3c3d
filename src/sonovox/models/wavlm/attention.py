"""WavLM's attention: scores get a bias for relative positions, which each frame gates by what it is.

Chen et al., "WavLM: Large-Scale Self-Supervised Pre-Training for Full Stack Speech
Processing", 2021, section III-B; buckets of distances as in Raffel et al.,
"Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer",
2020. The bias of all layers comes from one table, which the first layer holds.
"""

import math
from collections.abc import MutableMapping
from typing import Any

import torch
from torch import Tensor, nn

from sonovox.models.wav2vec2.attention import SelfAttention

__all__ = ["GatedRelativeAttention", "relative_buckets"]


class GatedRelativeAttention(SelfAttention):
    """`SelfAttention` with gated relative positions.

    Args:
        embed_dim: width of the sequence.
        num_heads: heads, a divisor of it.
        dropout: of attention weights, in training.
        num_buckets: of distances.
        max_distance: from which on all distances are alike.
        has_table: whether it holds the table of biases; only the first layer does.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        num_buckets: int = 320,
        max_distance: int = 800,
        has_table: bool = True,
    ) -> None:
        super().__init__(embed_dim, num_heads, dropout)
        self.num_buckets, self.max_distance = num_buckets, max_distance
        self.rel_attn_embed = nn.Embedding(num_buckets, num_heads) if has_table else None
        self.gru_rel_pos_linear = nn.Linear(embed_dim // num_heads, 8)
        self.gru_rel_pos_const = nn.Parameter(torch.ones(1, num_heads, 1, 1))
        self.register_load_state_dict_pre_hook(_split_projections)

    def relative_bias(self, frames: int) -> Tensor | None:
        """The biases `[heads, frames, frames]` of its table, before gates; None without a table."""
        if self.rel_attn_embed is None:
            return None
        positions = torch.arange(frames, device=self.rel_attn_embed.weight.device)
        distances = torch.arange(1 - frames, frames, device=positions.device)
        biases = self.rel_attn_embed(relative_buckets(distances, self.num_buckets, self.max_distance))
        return biases[positions - positions[:, None] + frames - 1].permute(2, 0, 1)

    def _bias(self, x: Tensor, mask: Tensor | None, position_bias: Tensor | None) -> Tensor | None:
        if position_bias is None:
            return mask
        gates = self.gru_rel_pos_linear(self._by_head(x)).unflatten(-1, (2, 4)).sum(-1).sigmoid()
        reset, update = gates.chunk(2, dim=-1)  # [batch, heads, frames, 1] each
        bias = (reset * (update * self.gru_rel_pos_const - 1) + 2) * position_bias
        return bias if mask is None else bias.masked_fill(~mask, -math.inf)


def relative_buckets(distances: Tensor, num_buckets: int, max_distance: int) -> Tensor:
    """The bucket of each distance: half of them for the future, and in each half small ones exactly, others by logs.

    >>> relative_buckets(torch.tensor([-100, -9, -2, 0, 2, 9, 100]), 16, 40)
    tensor([ 7,  5,  2,  0, 10, 13, 15])
    """
    half = num_buckets // 2
    exact = half // 2
    size = distances.abs()
    # The clamp keeps the logarithm finite where its value is not used.
    logarithm = (size.clamp(min=1).float() / exact).log() / math.log(max_distance / exact) * (half - exact)
    far = (exact + logarithm).long().clamp(max=half - 1)
    return torch.where(size < exact, size, far) + (distances > 0) * half


def _split_projections(module: nn.Module, state_dict: MutableMapping[str, Any], prefix: str, *_: object) -> None:
    """torchaudio holds queries, keys and values in one matrix, one `nn.MultiheadAttention` further down."""
    for kind in ("weight", "bias"):
        fused = state_dict.pop(f"{prefix}attention.in_proj_{kind}", None)
        if fused is not None:
            for name, part in zip("qkv", fused.chunk(3), strict=True):
                state_dict[f"{prefix}{name}_proj.{kind}"] = part
        out = state_dict.pop(f"{prefix}attention.out_proj.{kind}", None)
        if out is not None:
            state_dict[f"{prefix}out_proj.{kind}"] = out
