"""Attention of Whisper, and the cache of keys and values that its decoder walks on."""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["CrossAttention", "KeyValueCache", "LayerCache", "SelfAttention"]


class KeyValueCache(Protocol):
    """Past keys and values of one decoder layer, and those of the audio."""

    cross_keys: Tensor
    cross_values: Tensor

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add the newest positions; return all up to now, `[rows, heads, positions, head_dim]`."""
        ...


class LayerCache:
    """Static cache of one decoder layer: room for every position is taken once.

    Args:
        cross_keys: `[items, heads, audio positions, head_dim]`.
        cross_values: the same shape.
        rows: hypotheses, `items` times the beams of each.
        max_length: positions to keep room for.
    """

    def __init__(self, cross_keys: Tensor, cross_values: Tensor, rows: int, max_length: int) -> None:
        self.cross_keys, self.cross_values = cross_keys, cross_values
        _, heads, _, head_dim = cross_keys.shape
        self.keys = cross_keys.new_empty(rows, heads, max_length, head_dim)
        self.values = torch.empty_like(self.keys)
        self.length = 0

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write the newest positions into their place; return views of all up to now."""
        start, self.length = self.length, self.length + keys.shape[2]
        self.keys[:, :, start : self.length] = keys
        self.values[:, :, start : self.length] = values
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]

    def reorder(self, rows: Tensor) -> None:
        """Let row `i` continue what row `rows[i]` has said."""
        past = slice(0, self.length)
        self.keys[:, :, past] = self.keys[rows, :, past]
        self.values[:, :, past] = self.values[rows, :, past]

    def keep(self, items: Tensor, rows: Tensor) -> None:
        """Drop all but these `items` of the audio and these `rows` of the hypotheses."""
        self.cross_keys, self.cross_values = self.cross_keys[items], self.cross_values[items]
        self.keys, self.values = self.keys[rows], self.values[rows]


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself, with one product for queries, keys and values.

    Whisper's keys have no bias. Ours is a third of the fused bias, zero in
    converted weights; a bias on keys shifts all scores of a query alike, so it
    changes nothing and its gradient is zero.
    """

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.by_head = False  # see _attend_by_head
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.out = nn.Linear(d_model, d_model)

    def forward(self, x: Tensor, cache: KeyValueCache | None = None, mask: Tensor | None = None) -> Tensor:
        """`x` is `[rows, positions, d_model]`; `mask` is true where a query may look."""
        q, k, v = (_split_heads(part, self.n_heads) for part in self.qkv(x).chunk(3, dim=-1))
        if cache is not None:
            k, v = cache.append(k, v)
        if self.by_head and mask is None:
            return self.out(_merge_heads(_attend_by_head(q, k, v)))
        return self.out(_merge_heads(F.scaled_dot_product_attention(q, k, v, attn_mask=mask)))


class CrossAttention(nn.Module):
    """Attention of the text to the audio. All beams of an item read one copy of its keys and values."""

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.kv = nn.Linear(d_model, 2 * d_model)
        self.out = nn.Linear(d_model, d_model)

    def keys_values(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of `audio` `[items, positions, d_model]`, by head and contiguous."""
        k, v = (_split_heads(part, self.n_heads).contiguous() for part in self.kv(audio).chunk(2, dim=-1))
        return k, v

    def forward(self, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """`x` is `[items * beams, positions, d_model]`; `keys` and `values` have one row an item."""
        items, shape = keys.shape[0], x.shape
        # The beams of an item stand in a line, as if they were more positions of one query.
        q = _split_heads(self.query(x).reshape(items, -1, shape[-1]), self.n_heads)
        return self.out(_merge_heads(F.scaled_dot_product_attention(q, keys, values)).reshape(shape))


def _attend_by_head(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention one head after the other, for long sequences in bfloat16 on the CPU.

    torch's fused kernel does not use the matrix units of the processor there and takes 2.5 times as long.
    """
    out = torch.empty_like(q)
    scale = q.shape[-1] ** -0.5
    for row in range(q.shape[0]):
        for head in range(q.shape[1]):
            scores = torch.mm(q[row, head] * scale, k[row, head].T)
            out[row, head] = torch.mm(scores.softmax(-1), v[row, head])
    return out


def _split_heads(x: Tensor, n_heads: int) -> Tensor:
    """`[rows, positions, d_model]` to `[rows, heads, positions, head_dim]`, a view."""
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2)


def _merge_heads(x: Tensor) -> Tensor:
    """The way back of `_split_heads`."""
    return x.transpose(1, 2).flatten(2)
