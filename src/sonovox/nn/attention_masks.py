"""What attention may not see: padding, the future, and frames beyond a chunk.

All masks here are Boolean and True where something is hidden, as
`torch.nn.MultiheadAttention` takes them. Chunks: Zhang et al., "Unified streaming and
non-streaming two-pass end-to-end model for speech recognition", 2020.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts

__all__ = [
    "DynChunkTrainConfig",
    "get_chunk_mask",
    "get_key_padding_mask",
    "get_length_mask",
    "get_lookahead_mask",
    "merge_masks",
]


@dataclass(frozen=True)
class DynChunkTrainConfig:
    """Chunks in which a signal is heard as it comes in, or as if it came in so.

    Args:
        chunk_size: frames of a chunk, which see each other.
        left_context_size: chunks before it that they see; None for all.

    Raises:
        ArgumentError: no frames in a chunk, or a negative context.

    >>> DynChunkTrainConfig(16, 4).left_context_size_frames()
    64
    """

    chunk_size: int
    left_context_size: int | None = None

    def __post_init__(self) -> None:
        if self.chunk_size < 1 or (self.left_context_size is not None and self.left_context_size < 0):
            raise ArgumentError(
                "chunk_size must be at least 1 and left_context_size at least 0, "
                f"got {self.chunk_size} and {self.left_context_size}",
                hint="left_context_size=None lets a chunk see all before it",
            )

    def is_infinite_left_context(self) -> bool:
        """Whether a chunk sees all chunks before it."""
        return self.left_context_size is None

    def left_context_size_frames(self) -> int | None:
        """Frames before a chunk that it sees; None for all."""
        return None if self.left_context_size is None else self.left_context_size * self.chunk_size


def get_lookahead_mask(padded_input: Tensor) -> Tensor:
    """`(time, time)`: the steps after each one, of an input `(batch, time, ...)`.

    >>> get_lookahead_mask(torch.zeros(1, 3))
    tensor([[False,  True,  True],
            [False, False,  True],
            [False, False, False]])
    """
    steps = torch.arange(padded_input.shape[1], device=padded_input.device)
    return steps > steps.unsqueeze(1)


def get_key_padding_mask(padded_input: Tensor, pad_idx: int) -> Tensor:
    """`(batch, time)`: where tokens `(batch, time)` are `pad_idx`.

    >>> get_key_padding_mask(torch.tensor([[5, 7, 0]]), pad_idx=0)
    tensor([[False, False,  True]])
    """
    return padded_input == pad_idx


def get_length_mask(lengths: Tensor, time: int) -> Tensor:
    """`(batch, time)`: the steps past the end of each item, of relative `lengths`, `(batch,)`.

    >>> get_length_mask(torch.tensor([1.0, 0.5]), 4)
    tensor([[False, False, False, False],
            [False, False,  True,  True]])
    """
    return ~length_to_mask(lengths_to_counts(lengths, time), time, dtype=torch.bool)


def get_chunk_mask(time: int, chunks: DynChunkTrainConfig, device: torch.device | None = None) -> Tensor:
    """`(time, time)`: the frames after the chunk of each one, and those before its left context.

    >>> get_chunk_mask(5, DynChunkTrainConfig(2, 1)).int()
    tensor([[0, 0, 1, 1, 1],
            [0, 0, 1, 1, 1],
            [0, 0, 0, 0, 1],
            [0, 0, 0, 0, 1],
            [1, 1, 0, 0, 0]], dtype=torch.int32)
    """
    chunk = torch.arange(time, device=device) // chunks.chunk_size
    back = chunk.unsqueeze(1) - chunk
    hidden = back < 0
    return hidden if chunks.left_context_size is None else hidden | (back > chunks.left_context_size)


def merge_masks(attn_mask: Tensor | None, key_padding_mask: Tensor | None) -> Tensor | None:
    """One mask for `(batch, heads, queries, keys)` of two, which broadcasts; None for none.

    Args:
        attn_mask: `(queries, keys)` or `(batch, heads, queries, keys)`, where True is hidden; or numbers to add to
            the scores.
        key_padding_mask: `(batch, keys)`, where True is hidden; or numbers to add.

    Returns:
        A Boolean mask, True where hidden, if both are; numbers to add if one of them is.
    """
    keys = None if key_padding_mask is None else key_padding_mask[:, None, None]
    if attn_mask is None or keys is None:
        return keys if attn_mask is None else attn_mask
    if attn_mask.dtype == torch.bool:
        return attn_mask | keys if keys.dtype == torch.bool else keys.masked_fill(attn_mask, -math.inf)
    return attn_mask.masked_fill(keys, -math.inf) if keys.dtype == torch.bool else attn_mask + keys
