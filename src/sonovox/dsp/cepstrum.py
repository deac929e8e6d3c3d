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
    if not can_reuse_buffers(waveform, dct):
        return _cepstra_of_powers(features(waveform).transpose(-1, -2), dct, natural)
    *leading, time = waveform.shape
    signals = waveform.reshape(math.prod(leading), time)
    groups = signals.split(max(1, SAMPLES_AT_ONCE // max(1, time)))
    parts = [_cepstra_of_powers(features(group).transpose(-1, -2), dct, natural) for group in groups]
    joined = parts[0] if len(parts) == 1 else torch.cat([part.transpose(-1, -2) for part in parts]).transpose(-1, -2)
    return joined.unflatten(0, leading) if leading else joined[0]


def _cepstra_of_powers(powers: Tensor, dct: Tensor, natural: bool) -> Tensor:
    reuse = can_reuse_buffers(powers)
    if natural:
        logarithms = powers.add_(1e-6).log_() if reuse else torch.log(powers + 1e-6)
    else:
        limited = powers.clamp_(min=1e-10) if reuse else powers.clamp(min=1e-10)
        decibels = limited.log10_().mul_(10.0) if reuse else 10.0 * limited.log10()
        logarithms = decibels
        if powers.shape[-2]:
            least = decibels.amax(dim=(-2, -1), keepdim=True) - RANGE_DB
            logarithms = torch.maximum(decibels, least, out=decibels if reuse else None)
    with full_precision(logarithms):
        return (logarithms @ dct.to(logarithms)).transpose(-1, -2)
