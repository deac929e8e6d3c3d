"""Rounds of Griffin-Lim, in buffers and without derivatives.

`griffin_lim.c` takes each group of frames from the signal of one round to that of
the next in one pass. Its reference are the chunks of `dsp.griffin_lim`.
"""

from ctypes import c_double, c_int64, c_void_p

import torch
from torch import Tensor

from sonovox._kernels.fourier import LANES, Plan, padded_window
from sonovox._kernels.load import kernels

__all__ = ["griffin_lim_rounds"]


def griffin_lim_rounds(
    plan: Plan,
    signals: Tensor,
    magnitudes: Tensor,
    window: Tensor,
    scale: Tensor,
    hop_length: int,
    rounds: int,
    momentum: float,
) -> Tensor:
    """The spectra of the last round.

    Args:
        plan: for `n_fft` samples.
        signals: `(rows, length)`, float32, where the rounds begin; more than `n_fft // 2` samples.
        magnitudes: `(rows, frames, n_fft // 2 + 1)`, float32.
        window: `(n_fft,)`, float32.
        scale: `(length,)`, the inverse of what the squared windows of the frames sum to, 0 where none of them reaches.
        hop_length: from one frame to the next, in samples.
        rounds: at least one.
        momentum: how much of the spectra of the round before is taken away.

    Returns:
        `(rows, frames, n_fft // 2 + 1)`, complex64.
    """
    library = kernels().library
    if library is None:
        raise RuntimeError("there are plans only where the kernels are")
    rows, count, bins = magnitudes.shape
    stride = -(-bins // LANES) * LANES
    padded = torch.nn.functional.pad(magnitudes, (0, stride - bins))
    spectra = torch.empty(magnitudes.shape, dtype=torch.complex64)
    windows = padded_window(window), padded_window(window / plan.n_fft)
    tensors = (signals.contiguous(), padded, *windows, scale.contiguous(), spectra)
    addresses = (c_void_p(tensor.data_ptr()) for tensor in tensors)
    sizes = map(c_int64, (rows, count, stride, hop_length, signals.shape[1], rounds))
    if library.sonovox_griffin_lim(plan.reference, *addresses, *sizes, c_double(momentum)):
        raise MemoryError("no memory for the spectra of Griffin-Lim")
    return spectra
