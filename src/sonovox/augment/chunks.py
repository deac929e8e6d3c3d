"""Chunks of an axis: where they are, as a mask."""

import torch
from torch import Tensor

__all__ = ["chunk_mask"]


def chunk_mask(starts: Tensor, ends: Tensor, size: int) -> Tensor:
    """True from each start up to its end.

    The work is that of one pass over the axis, however many chunks there are.

    Args:
        starts: `(batch, chunks)`, int64, from 0 to `size`.
        ends: of the same shape, not before the starts; a chunk that ends where it starts is none.
        size: of the axis.

    Returns:
        `(batch, size)`, bool.

    >>> chunk_mask(torch.tensor([[1, 2]]), torch.tensor([[3, 4]]), 6)
    tensor([[False,  True,  True,  True, False, False]])
    """
    # Few chunks cannot overflow the smallest type, which takes the least time.
    dtype = torch.int8 if starts.shape[1] < 128 else torch.int32
    steps = torch.zeros(starts.shape[0], size + 1, dtype=dtype, device=starts.device)
    one = torch.ones_like(starts, dtype=dtype)
    steps = steps.scatter_add_(1, starts, one).scatter_add_(1, ends, -one)
    return steps[:, :size].cumsum(1, dtype=dtype) > 0
