"""Spectra of frames, their magnitudes or powers, or these summed by filters, into a buffer and without derivatives.

    X[t, k] = sum_n w[n] x[t hop - margin + n] exp(-2 pi i k n / N)

`spectra.c` cuts the frames, windows and transforms them and sums what is wanted in
one pass. Its reference are the chunks of `dsp.frames`, which also serve float64,
other lengths, and any processor.
"""

from ctypes import Structure, byref, c_int, c_int64, c_void_p
from typing import NamedTuple

import torch
from torch import Tensor

from sonovox._kernels.fourier import Framing, Plan, padded_window
from sonovox._kernels.load import kernels

__all__ = ["PackedFilters", "pack_filters", "write_spectra"]


class _BankInC(Structure):
    _fields_ = (("weights", c_void_p), ("firsts", c_void_p), ("begins", c_void_p), ("filters", c_int64))


class PackedFilters(NamedTuple):
    """The weights of each filter between its first and last that is not zero.

    Attributes:
        weights: `(numbers,)`, float32, those of a filter beside each other.
        firsts: `(filters,)`, the bin that the first weight is for.
        begins: `(filters + 1,)`, where each filter's weights begin, and the last ends.
    """

    weights: Tensor
    firsts: Tensor
    begins: Tensor


def pack_filters(weights: Tensor) -> PackedFilters:
    """`weights`, `(bins, filters)`, for the kernel.

    >>> pack_filters(torch.tensor([[0.0, 1.0], [2.0, 0.0], [3.0, 0.0]]))
    PackedFilters(weights=tensor([2., 3., 1.]), firsts=tensor([1, 0]), begins=tensor([0, 2, 3]))
    """
    rows = weights.detach().t().float()
    inside = rows != 0
    begun, unfinished = inside.cumsum(1) > 0, inside.flip(1).cumsum(1).flip(1) > 0
    kept = begun & unfinished
    sizes = kept.sum(1)
    begins = torch.cat((sizes.new_zeros(1), sizes.cumsum(0)))
    return PackedFilters(rows[kept], begun.logical_not().sum(1) * (sizes > 0), begins)


def write_spectra(
    plan: Plan, framing: Framing, window: Tensor, out: Tensor, power: float | None, filters: PackedFilters | None = None
) -> None:
    """Write spectra to `out`.

    Args:
        plan: for `n_fft` samples.
        framing: of the signals.
        window: `(n_fft,)`, float32.
        out: `(rows, frames, results)`, contiguous: complex64 if `power` is None, otherwise float32.
        power: 1 for magnitudes, 2 for powers.
        filters: what the magnitudes or powers are summed by.

    >>> from sonovox._kernels.fourier import plan_for
    >>> signals, out = torch.tensor([[1.0, 0.0, -1.0, 0.0]]), torch.empty(1, 1, 3)
    >>> plan = plan_for(4)
    >>> if plan:
    ...     write_spectra(plan, Framing(signals, 1, 4, 0), torch.ones(4), out, 2.0)
    ... else:
    ...     out[0, 0] = torch.tensor([0.0, 4.0, 0.0])  # without the kernels
    >>> out
    tensor([[[0., 4., 0.]]])
    """
    library = kernels().library
    if library is None:
        raise RuntimeError("there are plans only where the kernels are")
    if out.numel() == 0:
        return
    what = {None: 0, 1.0: 1, 2.0: 2}[power]
    window = padded_window(window)
    bank = _BankInC(None, None, None, 0)
    if filters is not None:
        bank = _BankInC(*(tensor.data_ptr() for tensor in filters), len(filters.firsts))
    addresses = c_void_p(window.data_ptr()), c_void_p(out.data_ptr())
    failed = library.sonovox_spectra(
        plan.reference, framing.reference, byref(bank), *addresses, c_int64(framing.rows), c_int(what)
    )
    if failed:
        raise MemoryError("no memory for the frames of a transform")
