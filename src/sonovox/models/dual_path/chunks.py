"""Chunks of time that overlap by half, and the sum that puts them together again.

Luo, Chen and Yoshioka, "Dual-path RNN", ICASSP 2020, section 2.1. Ends are padded with
zeros so that every step is in two chunks: the sum is twice what was cut.
"""

import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.errors import ArgumentError

__all__ = ["cut_into_chunks", "overlap_add_chunks"]


def cut_into_chunks(x: Tensor, size: int) -> Tensor:
    """`(batch, channels, size, chunks)`: an even number of chunks, each half a chunk after the one before.

    Args:
        x: `(batch, channels, time)`.
        size: steps of a chunk, even.

    Raises:
        ArgumentError: `size` is odd or not positive.

    >>> import torch
    >>> cut_into_chunks(torch.arange(1.0, 6.0).view(1, 1, 5), 4)[0, 0].T
    tensor([[0., 0., 1., 2.],
            [1., 2., 3., 4.],
            [3., 4., 5., 0.],
            [5., 0., 0., 0.]])
    """
    if size < 2 or size % 2:
        raise ArgumentError(f"the size of chunks must be even and positive, got {size}", hint=f"K={size + size % 2}")
    hop, time = size // 2, x.shape[2]
    # Half a chunk before the beginning, and as many steps behind the end as fill the last one, at least one.
    x = F.pad(x, (hop, size - (hop + time) % size + hop))
    return x.unfold(2, size, hop).transpose(2, 3)


def overlap_add_chunks(chunks: Tensor, time: int) -> Tensor:
    """`(batch, channels, time)`, the sum of chunks that `cut_into_chunks` has cut of so many steps.

    Args:
        chunks: `(batch, channels, size, chunks)`.
        time: steps of what was cut.

    >>> import torch
    >>> x = torch.arange(1.0, 6.0).view(1, 1, 5)
    >>> overlap_add_chunks(cut_into_chunks(x, 4), 5)
    tensor([[[ 2.,  4.,  6.,  8., 10.]]])
    """
    hop = chunks.shape[2] // 2
    even, odd = (chunks[..., start::2].transpose(2, 3).flatten(2) for start in (0, 1))
    return even[..., hop : hop + time] + odd[..., :time]
