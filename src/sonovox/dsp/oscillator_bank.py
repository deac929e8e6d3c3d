"""Oscillator bank: sines whose frequencies and amplitudes change from sample to sample.

The synthesis of Engel et al., "DDSP: differentiable digital signal processing", ICLR 2020, eq. 1 to 3.
"""

import math

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice, check_floating, check_positive
from sonovox._internal.errors import ArgumentError

__all__ = ["oscillator_bank"]


def oscillator_bank(
    frequencies: Tensor,
    amplitudes: Tensor,
    sample_rate: float,
    reduction: str = "sum",
    dtype: torch.dtype | None = torch.float64,
) -> Tensor:
    """Sines with phases that advance by `frequency / sample_rate` cycles a sample; the first sample has advanced once.

    Args:
        frequencies: `(..., time, oscillators)`, in Hz, floating point. At and above half the sample rate
            an oscillator is mute, since its tone would appear at another frequency.
        amplitudes: of the same shape.
        sample_rate: in Hz.
        reduction: `"sum"` or `"mean"` over the oscillators, or `"none"`.
        dtype: in which phases are added up; that of `frequencies` if None. Float32 loses a tenth of a
            radian of a tone of some kHz within minutes.

    Returns:
        `(..., time)`, or `(..., time, oscillators)` for reduction `"none"`, in the dtype of `amplitudes`.

    Raises:
        ArgumentError: shapes that differ, integers, a rate that is not positive.

    >>> frequencies = torch.full((4, 2), 2000.0)
    >>> oscillator_bank(frequencies, torch.tensor([1.0, 0.5]).expand(4, 2), 8000)[::2]
    tensor([ 1.5000, -1.5000])
    """
    check_floating("frequencies", frequencies)
    check_floating("amplitudes", amplitudes)
    check_positive("sample_rate", sample_rate, unit="in Hz")
    check_choice("reduction", reduction, ["mean", "none", "sum"])
    if frequencies.dim() < 2 or frequencies.shape != amplitudes.shape:
        raise ArgumentError(
            "frequencies and amplitudes must both be (..., time, oscillators), "
            f"got shapes {tuple(frequencies.shape)} and {tuple(amplitudes.shape)}",
            hint="add a last dimension of 1 for a single oscillator",
        )
    wide = torch.promote_types(frequencies.dtype, torch.float32) if dtype is None else dtype
    cycles = torch.cumsum(frequencies.to(wide) / sample_rate, dim=-2)
    # Whole cycles change nothing but the exactness of the sine.
    tones = torch.sin(2 * math.pi * (cycles - cycles.detach().floor()))
    mute = frequencies.abs() >= sample_rate / 2
    sound = tones.to(torch.promote_types(amplitudes.dtype, torch.float32)) * amplitudes.masked_fill(mute, 0.0)
    if reduction != "none":
        sound = sound.sum(-1) if reduction == "sum" else sound.mean(-1)
    return sound.to(amplitudes.dtype)
