"""Cepstra: a logarithm and a cosine transform of the powers that filters pass.

The last step of MFCC and LFCC. A building block of `dsp`, not part of its faces.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sonovox._internal.checks import check_time_axis
from sonovox.dsp.eager import can_reuse_buffers, full_precision

__all__ = ["cepstra"]

RANGE_DB = 80.0

# Samples of the signals that are worked on together: their features stay in the second-level cache.
SAMPLES_AT_ONCE = 2**18


def cepstra(waveform: Tensor, features: Callable[[Tensor], Tensor], dct: Tensor, natural: bool) -> Tensor:
    """Cepstral coefficients of signals.

    Args:
        waveform: `(..., time)`.
        features: makes powers `(..., filters, frames)` of signals, a new tensor at each call.
        dct: `(filters, coefficients)`.
        natural: the natural logarithm of powers plus 1e-6; otherwise decibels of at least 1e-10,
            limited to 80 below the loudest of each signal.

    Returns:
        `(..., coefficients, frames)`, a transposed view.

    >>> powers = torch.tensor([[1.0, 1e-9], [0.1, 0.0]])
    >>> cepstra(torch.zeros(4), lambda signals: powers.repeat(len(signals), 1, 1), torch.eye(2), natural=False)
    tensor([[  0., -80.],
            [-10., -80.]])
    """
    check_time_axis("waveform", waveform)
    with full_precision(waveform):
        if not can_reuse_buffers(waveform, dct):
            logarithms = _logarithms(features(waveform).transpose(-1, -2), natural)
            return (logarithms @ dct.to(logarithms)).transpose(-1, -2)
        *leading, time = waveform.shape
        signals = waveform.reshape(math.prod(leading), time)
        together = max(1, SAMPLES_AT_ONCE // max(1, time))
        logarithms = _logarithms(features(signals[:together]).transpose(-1, -2), natural)
        dct = dct.to(logarithms)
        result = logarithms.new_empty(len(signals), logarithms.shape[-2], dct.shape[1])
        torch.matmul(logarithms, dct, out=result[:together])
        for start in range(together, len(signals), together):
            logarithms = _logarithms(features(signals[start : start + together]).transpose(-1, -2), natural)
            torch.matmul(logarithms, dct, out=result[start : start + together])
    return result.view(*leading, *result.shape[1:]).transpose(-1, -2)


def _logarithms(powers: Tensor, natural: bool) -> Tensor:
    reuse = can_reuse_buffers(powers)
    if natural:
        return powers.add_(1e-6).log_() if reuse else torch.log(powers + 1e-6)
    limited = powers.clamp_(min=1e-10) if reuse else powers.clamp(min=1e-10)
    decibels = limited.log10_().mul_(10.0) if reuse else 10.0 * limited.log10()
    if powers.shape[-2] == 0:
        return decibels
    least = decibels.amax(dim=(-2, -1), keepdim=True) - RANGE_DB
    return torch.maximum(decibels, least, out=decibels if reuse else None)
