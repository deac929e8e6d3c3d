"""Contrast: make a recording sound louder by a curve that lifts quiet samples more than loud ones.

The curve of SoX: `sin(p + e sin(4 p))`, with `p = pi x / 2` and `e = enhancement_amount / 750`.
"""

import math

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError

__all__ = ["contrast"]


def contrast(waveform: Tensor, enhancement_amount: float = 75.0) -> Tensor:
    """Each sample of `waveform` on a curve from -1 to 1 that is steeper in the middle.

    Args:
        waveform: `(..., time)`, floating point, in [-1, 1].
        enhancement_amount: from 0 (still a sine, somewhat louder) to 100.

    Returns:
        The shape of `waveform`, in [-1, 1].

    Raises:
        ArgumentError: an amount outside [0, 100], a waveform of integers.

    >>> contrast(torch.tensor([0.0, 0.1, 0.5, 1.0]))
    tensor([0.0000, 0.2142, 0.7071, 1.0000])
    """
    check_floating("waveform", waveform)
    if not 0 <= enhancement_amount <= 100:
        raise ArgumentError(
            f"enhancement_amount must be from 0 to 100, got {enhancement_amount}", hint="75 is the usual amount"
        )
    phase = waveform * (math.pi / 2)
    return torch.sin(phase + enhancement_amount / 750 * torch.sin(4 * phase))
