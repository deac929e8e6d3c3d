"""Overdrive: soft clipping of an amplified signal, as SoX does it.

The curve `x - x^3 / 3`, constant beyond [-1, 1], then a filter that removes the
DC which `colour` brings: `y[t] = c[t] - c[t-1] + 0.995 y[t-1]`.
"""

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.iir import lfilter

__all__ = ["overdrive"]


def overdrive(waveform: Tensor, gain: float = 20, colour: float = 20) -> Tensor:
    """Distort `waveform`; differentiable.

    Args:
        waveform: `(..., time)`, floating point, in [-1, 1].
        gain: before the curve, from 0 to 100 dB.
        colour: how much of even harmonics, from 0 to 100.

    Returns:
        The shape of `waveform`, limited to [-1, 1].

    Raises:
        ArgumentError: a gain or colour outside its range, a waveform of integers.

    >>> overdrive(torch.tensor([0.0, 0.1, -0.1]), gain=20, colour=0)
    tensor([ 0.0000,  0.5500, -0.5525])
    """
    check_floating("waveform", waveform)
    for name, value in (("gain", gain), ("colour", colour)):
        if not 0 <= value <= 100:
            raise ArgumentError(f"{name} must be from 0 to 100, got {value}", hint="20 is the usual value")
    driven = (waveform * 10 ** (gain / 20) + colour / 200).clamp(-1.0, 1.0)
    curved = driven - driven * driven * driven / 3
    numerator = torch.tensor([1.0, -1.0], dtype=torch.float64)
    denominator = torch.tensor([1.0, -0.995], dtype=torch.float64)
    without_dc = lfilter(curved, denominator, numerator, clamp=False)
    return (0.5 * waveform + 0.75 * without_dc).clamp(-1.0, 1.0)
