"""Mixing of the steps of a sequence in linear time, by a network that the sequence itself makes.

Mai et al., "HyperMixer: an MLP-based low cost alternative to transformers", ACL 2023;
with several heads, Mai et al., "HyperConformer", Interspeech 2023.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.attention import check_heads
from sonovox.nn.positional_encoding import PositionalEncoding

__all__ = ["HyperMixing"]


class HyperMixing(nn.Module):
    """Stands where self-attention does: each feature is mixed over time by two layers, whose weights the steps give.

    Args:
        input_output_dim: features.
        hypernet_size: hidden units of the network over time, those of all heads together.
        tied: the second layer has the weights of the first.
        num_heads: heads, each a share of the features with its own network.
        fix_tm_hidden_size: each head has `hypernet_size` hidden units.
        max_length: takes no effect; there is no longest input.

    Raises:
        ArgumentError: heads that do not divide the features or the hidden units.

    >>> x = torch.randn(2, 10, 16)
    >>> HyperMixing(16, 32, num_heads=4)(x, x, x)[0].shape
    torch.Size([2, 10, 16])
    """

    def __init__(
        self,
        input_output_dim: int,
        hypernet_size: int,
        tied: bool = False,
        num_heads: int = 1,
        fix_tm_hidden_size: bool = False,
        max_length: int = 3000,
    ) -> None:
        super().__init__()
        check_heads(num_heads, input_output_dim)
        if not fix_tm_hidden_size:
            check_heads(num_heads, hypernet_size)
        self.num_heads = num_heads
        self.hyper = _HyperNetwork(input_output_dim, hypernet_size, tied, num_heads, fix_tm_hidden_size)
        self.layer_norm = nn.LayerNorm(input_output_dim)
        self.positional_encoding = PositionalEncoding(input_output_dim, max_length)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        return_attn_weights: bool | None = True,
        pos_embs: Tensor | None = None,
    ) -> tuple[Tensor, None]:
        """`(batch, time, input_output_dim)`, and None where attention has weights.

        Args:
            query: the sequence that makes the network, `(batch, time, input_output_dim)`.
            key: takes no effect, as do `return_attn_weights` and `pos_embs`.
            value: the sequence to be mixed, as long as `query`.
            attn_mask: must be None, since every step is mixed with all others.
            key_padding_mask: `(batch, time)`, True where a step is left out.
            return_attn_weights: see `key`.
            pos_embs: see `key`.

        Raises:
            ArgumentError: an `attn_mask`.
        """
        if attn_mask is not None:
            raise ArgumentError(
                "attn_mask must be None for hypermixing, which cannot hide the future of a step",
                hint="build the model with causal=False, or another attention_type",
            )
        w1, w2 = self.hyper(query + self.positional_encoding(query))  # (batch, heads, time, hidden)
        if key_padding_mask is not None:
            visible = ~key_padding_mask[:, None, :, None]
            w1, w2 = w1 * visible, w2 * visible
        steps = value.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)  # (batch, heads, time, size)
        hidden = F.gelu(w1.transpose(-1, -2) @ steps)
        mixed = (w2 @ hidden).transpose(1, 2).flatten(2)
        return self.layer_norm(mixed), None


class _HyperNetwork(nn.Module):
    """The weights of both layers over time, one row a step."""

    def __init__(self, size: int, hidden: int, tied: bool, heads: int, same_for_each_head: bool) -> None:
        super().__init__()
        self.tied = tied
        width = hidden if same_for_each_head else hidden // heads
        self.w1_gen = _ParallelMLPs(size, width, heads)
        self.w2_gen = self.w1_gen if tied else _ParallelMLPs(size, width, heads)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        w1 = self.w1_gen(x)
        return w1, w1 if self.tied else self.w2_gen(x)


class _ParallelMLPs(nn.Module):
    """Two layers for each head's share of the features, `(batch, time, size)` to `(batch, heads, time, width)`."""

    def __init__(self, size: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        share = size // heads
        self.fc1_weights = nn.Parameter(torch.empty(heads, share, share))
        self.fc1_biases = nn.Parameter(torch.zeros(heads, share))
        self.fc2_weights = nn.Parameter(torch.empty(heads, width, share))
        self.fc2_biases = nn.Parameter(torch.zeros(heads, width))
        for weights in (self.fc1_weights, self.fc2_weights):
            for head in weights:
                nn.init.xavier_uniform_(head)

    def forward(self, x: Tensor) -> Tensor:
        x = x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        hidden = F.gelu(x @ self.fc1_weights.transpose(1, 2) + self.fc1_biases.unsqueeze(1))
        return hidden @ self.fc2_weights.transpose(1, 2) + self.fc2_biases.unsqueeze(1)
