"""One period of a slow oscillation that modulates a delay. A building block of `dsp`, not part of its faces."""

import math

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice

__all__ = ["wave_table"]

SHAPES = ("sinusoidal", "triangular")


def wave_table(shape: str, period: int, low: float, high: float, phase: float) -> Tensor:
    """A period of `period` float64 samples between `low` and `high`, starting at `phase` (in radians).

    At phase 0 both shapes are in the middle and rise.

    Raises:
        ChoiceError: a shape that is neither "sinusoidal" nor "triangular".

    >>> wave_table("triangular", 8, 0.0, 4.0, 0.0)
    tensor([2., 3., 4., 3., 2., 1., 0., 1.], dtype=torch.float64)
    >>> wave_table("sinusoidal", 4, 1.0, 3.0, math.pi / 2)
    tensor([3., 2., 1., 2.], dtype=torch.float64)
    """
    check_choice("modulation", shape, SHAPES)
    start = int(phase / (2 * math.pi) * period + 0.5)
    turn = ((torch.arange(period) + start) % period).double() / period  # in [0, 1)
    if shape == "sinusoidal":
        height = (torch.sin(2 * math.pi * turn) + 1) / 2
    else:  # up from a half to 1, down to 0, and up again
        height = ((2 * turn - 0.5) % 2 - 1).abs()
        height = torch.where(turn < 0.25, 2 * turn + 0.5, height)
    return low + height * (high - low)
