"""Shift of the zero line, with a limiter against clipping, as SoX does it."""

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError

__all__ = ["dcshift"]


def dcshift(waveform: Tensor, shift: float, limiter_gain: float | None = None) -> Tensor:
    """Add `shift` to each sample of `waveform`, within [-1, 1].

    With a limiter, samples that the shift would bring near the end of the range
    are compressed: those beyond the threshold `1 - (|shift| - limiter_gain)`, on
    the side of the shift.

    Args:
        waveform: `(..., time)`, floating point, in [-1, 1].
        shift: in [-2, 2].
        limiter_gain: much below 1, such as 0.05; at most `|shift|`. None limits by clipping.

    Returns:
        The shape of `waveform`; the input is not changed.

    Raises:
        ArgumentError: a shift or a gain outside its range, a waveform of integers.

    >>> dcshift(torch.tensor([-0.5, 0.5, 0.9]), 0.3)
    tensor([-0.2000,  0.8000,  1.0000])
    >>> dcshift(torch.tensor([-0.5, 0.5, 0.9]), 0.3, limiter_gain=0.05)
    tensor([-0.2000,  0.8000,  0.7500])
    """
    check_floating("waveform", waveform)
    if not -2 <= shift <= 2:
        raise ArgumentError(f"shift must be from -2 to 2, got {shift}", hint="full scale is 1")
    shifted = waveform + shift
    if limiter_gain is None or shift == 0:
        return shifted.clamp(-1.0, 1.0)
    if not 0 <= limiter_gain < abs(shift):
        raise ArgumentError(
            f"limiter_gain must be at least 0 and below |shift| = {abs(shift)}, got {limiter_gain}",
            hint="leave it out to clip",
        )
    side = 1.0 if shift > 0 else -1.0
    threshold = 1 - (abs(shift) - limiter_gain)
    beyond = side * waveform - threshold  # positive where the limiter acts
    limited = side * (beyond * limiter_gain / (1 - threshold) + threshold + abs(shift)).clamp(max=threshold)
    return torch.where(beyond > 0, limited, shifted.clamp(-1.0, 1.0))
