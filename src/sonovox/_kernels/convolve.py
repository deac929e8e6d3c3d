"""Convolution of long signals by blocks of both, into a buffer and without derivatives.

`convolve.c` does the work on float32. Its reference are the transforms by torch in
`dsp.convolve`, which also serve other types, derivatives, and any processor.
"""

import functools
import math
from collections.abc import Sequence
from ctypes import c_int64, c_void_p

import torch
from torch import Tensor

from sonovox._kernels.fourier import LANES, plan_for
from sonovox._kernels.load import kernels

__all__ = ["convolve_blocks"]

_BLOCKS = (32, 64, 128, 256, 512, 1024, 2048, 4096)
# Products of all blocks with all others grow with the square; beyond this transforms as long as the signals are faster.
_LONGEST = 2**19


def convolve_blocks(x: Tensor, y: Tensor, start: int, count: int) -> Tensor | None:
    """Samples `start` to `start + count - 1` of the full convolution, or None where torch has to do the work.

    Args:
        x: `(..., time)`.
        y: `(..., length)`, at least one sample; leading dimensions broadcast.
        start: at least 0.
        count: at least 1.

    Returns:
        `(..., count)`.

    >>> found = convolve_blocks(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 0.5]), 1, 3)
    >>> found.round(decimals=4) if found is not None else torch.tensor([2.5, 4.0, 1.5])  # without the kernels
    tensor([2.5000, 4.0000, 1.5000])
    """
    if x.shape[-1] < y.shape[-1]:
        x, y = y, x
    time, length = x.shape[-1], y.shape[-1]
    leading = torch.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    plan, library = plan_for(2 * _block(time, length), x, y), kernels().library
    if plan is None or library is None or length > _LONGEST:
        return None
    of_x, of_y = (_rows(tuple(signal.shape[:-1]), tuple(leading)) for signal in (x, y))
    out = x.new_empty(*leading, count)
    tensors = (x.contiguous(), y.contiguous(), of_x, of_y, out)  # kept until the kernel has read them
    addresses = (c_void_p(tensor.data_ptr()) for tensor in tensors)
    sizes = map(c_int64, (len(of_x), time, length, start, count))
    if library.sonovox_convolve(plan.reference, *addresses, *sizes):
        raise MemoryError("no memory for the blocks of a convolution")
    return out


@functools.lru_cache(maxsize=64)
def _rows(shape: Sequence[int], leading: Sequence[int]) -> Tensor:
    """Which of the signals of this shape each of the broadcast ones is."""
    with torch.inference_mode(False):
        numbers = torch.arange(math.prod(shape)).reshape(tuple(shape))
        return numbers.expand(tuple(leading)).reshape(-1).contiguous()


def _block(time: int, length: int) -> int:
    """The length of blocks for which the convolution should cost least."""
    return min(_BLOCKS, key=functools.partial(_cost, time, length))


def _cost(time: int, length: int, block: int) -> int:
    """What blocks of this length cost: transforming 16 blocks was measured to take as long as ten products."""
    inputs, filters = math.ceil(time / block) + 1, math.ceil(length / block)
    outputs = math.ceil((time + length - 1) / block)
    groups = sum(math.ceil(blocks / LANES) for blocks in (inputs, filters, outputs))
    return block * (10 * groups + math.ceil(outputs / LANES) * min(filters, inputs))
