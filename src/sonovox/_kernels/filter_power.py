"""Power spectra summed by filters of a few neighbouring bins each, into buffers and without derivatives.

    out[t, f] = sum_k weights[k, f] |spectra[t, k]|^2

`filter_power.c` reads each spectrum once, while it lies in the first cache. Its
reference is the banded product of `dsp.frames`, which also serves float64,
filters that cover much of the spectrum, and derivatives.
"""

from ctypes import c_int64, c_void_p
from typing import NamedTuple

import torch
from torch import Tensor

from sonovox._kernels.load import kernels

__all__ = ["PackedFilters", "filter_power", "pack_filters"]

GROUP = 16  # numbers that the kernel takes at a time, and filters
MOST_WEIGHTS = 6  # for each number of a spectrum; with more, dense products are faster


class PackedFilters(NamedTuple):
    """The weights of each filter in a row, for real and imaginary parts in turn, filled up with zeros.

    Attributes:
        weights: `(numbers,)`, those of a filter beside each other, a multiple of 16.
        firsts: `(filters,)`: the number of a spectrum that the first weight is for; filled up to a multiple of 16.
        begins: `(filters + 1,)`: where each filter's weights begin, and the last ends.
    """

    weights: Tensor
    firsts: Tensor
    begins: Tensor


def pack_filters(weights: Tensor) -> PackedFilters | None:
    """`weights`, `(bins, filters)`, for the kernel, or None where the reference has to do the work.

    >>> pack_filters(torch.zeros(4, 2)) is None  # fewer numbers than the kernel takes at a time
    True
    """
    bins, filters = weights.shape
    usable = weights.dtype == torch.float32 and weights.device.type == "cpu" and 2 * bins >= GROUP
    if kernels().library is None or not usable:
        return None
    rows, firsts, begins = [], [], [0]
    for column in weights.t():
        inside = column.nonzero().flatten().tolist() or [0]
        first, size = 2 * inside[0], -(-2 * (inside[-1] + 1 - inside[0]) // GROUP) * GROUP
        first = min(first, 2 * bins - size)  # zeros before the filter rather than numbers of the next spectrum
        if first < 0:
            return None
        rows.append(column.repeat_interleave(2)[first : first + size])
        firsts.append(first)
        begins.append(begins[-1] + size)
    if not filters or begins[-1] > MOST_WEIGHTS * 2 * bins:
        return None
    missing = -filters % GROUP  # filters without weights
    ends = torch.tensor(begins + missing * begins[-1:])
    return PackedFilters(torch.cat(rows).contiguous(), torch.tensor(firsts + missing * [0]), ends)


def filter_power(spectra: Tensor, filters: PackedFilters, out: Tensor) -> None:
    """Write the filtered powers of `spectra`, `(n, bins, 2)`, to `out`, `(n, filters)`, both contiguous float32.

    >>> out = torch.empty(1, 1)
    >>> packed = pack_filters(torch.tensor([[0.0], [2.0], [1.0], *[[0.0]] * 6]))
    >>> if packed:
    ...     filter_power(torch.full((1, 9, 2), 3.0), packed, out)
    ... else:
    ...     out = out.fill_(54.0)  # without the kernels
    >>> out  # 2 * (9 + 9) + 1 * (9 + 9)
    tensor([[54.]])
    """
    addresses = (c_void_p(tensor.data_ptr()) for tensor in (spectra, out, *filters))
    sizes = map(c_int64, (len(spectra), spectra[0].numel(), out.shape[1]))
    library = kernels().library
    if library is None:
        raise RuntimeError("filters are packed only where the kernels are")
    library.sonovox_filter_power(*addresses, *sizes)
