"""Memory of large batches, used again when nobody holds the batch any more.

New memory costs a page fault for each of its pages, which the kernel fills with zeros. For batches of long
recordings, which the allocator gives back to the kernel each time, that came to a fifth of the time in which
their flac files are read.
"""

import contextlib
import math
import weakref
from collections.abc import Sequence

import numpy as np

__all__ = ["batch_array"]

_LEAST = 1 << 20  # bytes; what is smaller the allocator keeps itself
_KEPT = 2  # blocks: of the batch that was worked on, and of the one before it
_free: list[np.ndarray] = []  # only changed by steps that other threads, and finalizers in between, cannot split


def batch_array(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """An array of any values, perhaps in the memory of an earlier one.

    The memory is free again when the array itself is gone. So what is made of it must hold it, as a tensor of
    `torch.from_numpy` does; a view in NumPy, which holds only the memory, must not outlive it.

    >>> batch_array((2, 3), np.dtype(np.float32)).shape
    (2, 3)
    """
    size = math.prod(shape) * dtype.itemsize
    if size < _LEAST:
        return np.empty(shape, dtype)
    block = _block(size)
    array: np.ndarray = np.ndarray(shape, dtype, block)
    weakref.finalize(array, _give_back, block).atexit = False
    return array


def _block(size: int) -> np.ndarray:
    with contextlib.suppress(IndexError):
        block = _free.pop()
        if size <= len(block) <= 2 * size:
            return block
        if len(block) > size:  # a small batch that somebody keeps must not keep the memory of a large one
            _give_back(block)
    return np.empty(size + size // 8, np.uint8)  # with room, since the next batch may be a little longer


def _give_back(block: np.ndarray) -> None:
    _free.append(block)
    del _free[:-_KEPT]
