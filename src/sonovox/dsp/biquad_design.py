"""The terms that the cookbook's formulas of biquads share. A building block of `dsp`, not part of its faces.

Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".
"""

import math

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import in_plain_eager

__all__ = ["Number", "cookbook_terms", "exact", "exact_dtype"]

Number = float | Tensor


def cookbook_terms(
    waveform: Tensor, sample_rate: float, name: str, frequency: Number, quality: Number
) -> tuple[Tensor, Tensor, Tensor]:
    """Sine and cosine of the angle of `frequency`, and `alpha = sine / (2 quality)`, exact on the waveform's device.

    Raises:
        ArgumentError: a frequency, called `name`, that is not in (0, sample_rate / 2]; a quality that is not positive.

    >>> sine, cosine, alpha = cookbook_terms(torch.zeros(1), 8000, "cutoff_freq", 2000.0, 0.5)
    >>> round(sine.item(), 6), round(cosine.item(), 6), round(alpha.item(), 6)
    (1.0, 0.0, 1.0)
    """
    check_floating("waveform", waveform)
    check_positive("sample_rate", sample_rate, unit="in Hz")
    hertz, known_quality = _value(frequency), _value(quality)
    if hertz is not None and not 0 < hertz <= sample_rate / 2:
        raise ArgumentError(
            f"{name} must be above 0 and at most sample_rate / 2 = {sample_rate / 2:g} Hz, got {hertz:g}",
            hint="give it in Hz, or check sample_rate",
        )
    if known_quality is not None:
        check_positive("Q", known_quality)
    angle = 2 * math.pi * exact(waveform, frequency) / sample_rate
    sine = torch.sin(angle)
    return sine, torch.cos(angle), sine / (2 * exact(waveform, quality))


def exact(waveform: Tensor, number: Number) -> Tensor:
    """`number` as a tensor in the precision in which filters run, on the device of `waveform`.

    Raises:
        ArgumentError: a tensor of several numbers.

    >>> exact(torch.zeros(1), 0.1)
    tensor(0.1000, dtype=torch.float64)
    """
    tensor = torch.as_tensor(number, dtype=exact_dtype(waveform), device=waveform.device)
    if tensor.numel() != 1:
        raise ArgumentError(
            f"numbers of a filter must be single, got a tensor of shape {tuple(tensor.shape)}",
            hint="lfilter takes banks of coefficients, torch.vmap maps over numbers",
        )
    return tensor.reshape(())


def exact_dtype(waveform: Tensor) -> torch.dtype:
    """float64, where the device of `waveform` has it: Apple's GPUs do not.

    >>> exact_dtype(torch.zeros(1))
    torch.float64
    """
    return torch.float32 if waveform.device.type == "mps" else torch.float64


def _value(number: Number) -> float | None:
    """None for tensors whose value is not there (in traced programs) or would have to be waited for (on a GPU)."""
    if not isinstance(number, Tensor):
        return number
    return number.item() if in_plain_eager() and number.device.type == "cpu" and number.numel() == 1 else None
