"""Signals of the spectra of overlapping frames, summed in a buffer and without derivatives.

`overlap_add.c` goes once through the spectra. Its reference are the transforms and
sums of `dsp.overlap_add`.
"""

import math
from ctypes import c_int64, c_void_p

import torch
from torch import Tensor

from sonovox._kernels.fourier import LANES, padded_window, plan_for
from sonovox._kernels.load import kernels

__all__ = ["overlap_add_spectra"]


def overlap_add_spectra(spectra: Tensor, window: Tensor, hop_length: int) -> Tensor | None:
    """The sum of windowed frames, or None where torch has to do the work.

    Args:
        spectra: complex, `(..., frames, n_fft // 2 + 1)`.
        window: `(n_fft,)`.
        hop_length: from one frame to the next, in samples.

    Returns:
        `(..., (frames - 1) * hop_length + n_fft)`.

    >>> spectra = torch.fft.rfft(torch.ones(3, 4))
    >>> found = overlap_add_spectra(spectra, torch.ones(4), 2)
    >>> found if found is not None else torch.tensor([1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0])  # without the kernels
    tensor([1., 1., 2., 2., 2., 2., 1., 1.])
    """
    n_fft, count = len(window), spectra.shape[-2]
    plan, library = plan_for(n_fft, window), kernels().library
    fits = spectra.dtype == torch.complex64 and spectra.device.type == "cpu" and spectra.numel() > 0
    if plan is None or library is None or not fits:
        return None
    leading = spectra.shape[:-2]
    covered = (count - 1) * hop_length + n_fft
    signals = window.new_zeros(*leading, covered + LANES)
    spectra = spectra.resolve_conj().resolve_neg().contiguous()
    tensors = (spectra, padded_window(window / n_fft), signals)
    sizes = map(c_int64, (math.prod(leading), count, hop_length, signals.shape[-1]))
    if library.sonovox_overlap_add(plan.reference, *(c_void_p(t.data_ptr()) for t in tensors), *sizes):
        raise MemoryError("no memory for the frames of an inverse transform")
    return signals[..., :covered]
