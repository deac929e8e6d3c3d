"""Preemphasis and its inverse: a first difference that lifts high frequencies, and the recursion that undoes it.

Rabiner and Schafer, "Theory and Applications of Digital Speech Processing", section 6.5.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_floating, check_time_axis
from sonovox.dsp.iir import lfilter

__all__ = ["Deemphasis", "Preemphasis", "deemphasis", "preemphasis"]


def preemphasis(waveform: Tensor, coeff: float = 0.97) -> Tensor:
    """`y[t] = x[t] - coeff * x[t-1]`, with 0 before the first sample.

    Args:
        waveform: `(..., time)`, floating point.
        coeff: between 0 and 1 for speech.

    Returns:
        The shape of `waveform`.

    Raises:
        ArgumentError: a waveform of integers, or without a time axis.

    >>> preemphasis(torch.tensor([1.0, 1.0, 1.0]), 0.9)
    tensor([1.0000, 0.1000, 0.1000])
    """
    check_floating("waveform", waveform)
    check_time_axis("waveform", waveform)
    return waveform - coeff * F.pad(waveform, (1, 0))[..., : waveform.shape[-1]]


class Preemphasis(nn.Module):
    """Module twin of `preemphasis`.

    >>> Preemphasis(0.9)(torch.tensor([1.0, 1.0, 1.0]))
    tensor([1.0000, 0.1000, 0.1000])
    """

    def __init__(self, coeff: float = 0.97) -> None:
        super().__init__()
        self.coeff = coeff

    def forward(self, waveform: Tensor) -> Tensor:
        return preemphasis(waveform, self.coeff)

    def extra_repr(self) -> str:
        return f"coeff={self.coeff}"


def deemphasis(waveform: Tensor, coeff: float = 0.97) -> Tensor:
    """`y[t] = x[t] + coeff * y[t-1]`, which undoes `preemphasis`; the result is limited to [-1, 1].

    Args:
        waveform: `(..., time)`, floating point.
        coeff: below 1, or the recursion grows without bound.

    Returns:
        The shape of `waveform`.

    Raises:
        ArgumentError: a waveform of integers, or without a time axis.

    >>> deemphasis(torch.tensor([0.5, 0.0, 0.0]), 0.5)
    tensor([0.5000, 0.2500, 0.1250])
    """
    a_coeffs = torch.tensor([1.0, -coeff], dtype=torch.float64)
    return lfilter(waveform, a_coeffs, torch.ones(1, dtype=torch.float64))


class Deemphasis(nn.Module):
    """Module twin of `deemphasis`.

    >>> Deemphasis(0.5)(torch.tensor([0.5, 0.0, 0.0]))
    tensor([0.5000, 0.2500, 0.1250])
    """

    def __init__(self, coeff: float = 0.97) -> None:
        super().__init__()
        self.coeff = coeff

    def forward(self, waveform: Tensor) -> Tensor:
        return deemphasis(waveform, self.coeff)

    def extra_repr(self) -> str:
        return f"coeff={self.coeff}"
