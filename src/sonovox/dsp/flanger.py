"""Flanger: a signal and a copy of it at a short delay that swings in time, as SoX does it.

With D(t) the delay, in samples and with a fraction between which the delayed
signal v is interpolated:

    w[t] = x[t] + r v[t-1],    v[t] = w[t - D(t)],    y[t] = (x[t] + (1 - |r|) g v[t]) / (1 + g)
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.checks import check_choice, check_floating, check_positive, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox._kernels.feedback import feedback
from sonovox.dsp.biquad_design import exact_dtype
from sonovox.dsp.eager import constant
from sonovox.dsp.wave_table import wave_table

__all__ = ["flanger"]

INTERPOLATIONS = ("linear", "quadratic")
# From, to, and the unit that the error names; as in SoX.
RANGES = {
    "delay": (0, 30, "ms"),
    "depth": (0, 10, "ms"),
    "regen": (-95, 95, "percent"),
    "width": (0, 100, "percent"),
    "speed": (0.1, 10, "Hz"),
    "phase": (0, 100, "percent"),
}


def flanger(
    waveform: Tensor,
    sample_rate: int,
    delay: float = 0.0,
    depth: float = 2.0,
    regen: float = 0.0,
    width: float = 71.0,
    speed: float = 0.5,
    phase: float = 25.0,
    modulation: str = "sinusoidal",
    interpolation: str = "linear",
) -> Tensor:
    """Sweep a comb of notches through the spectrum of `waveform`.

    Args:
        waveform: `(..., channel, time)`, or `(time,)`, floating point.
        sample_rate: in Hz.
        delay: the shortest delay, from 0 to 30 ms.
        depth: what the swing adds to it, from 0 to 10 ms.
        regen: feedback, from -95 to 95 percent.
        width: level of the delayed copy, from 0 to 100 percent.
        speed: swings a second, from 0.1 to 10 Hz.
        phase: how much later each channel swings than the one before it, from 0 to 100 percent of a period.
        modulation: how the delay swings, `"sinusoidal"` or `"triangular"`.
        interpolation: between samples, `"linear"` or `"quadratic"`.

    Returns:
        The shape of `waveform`, limited to [-1, 1].

    Raises:
        ArgumentError: a number outside its range, a misspelt choice, a waveform of integers.

    >>> flanger(torch.tensor([1.0, 0.0, 0.0, 0.0]), 1000, delay=2.0, depth=0.0, width=100.0)
    tensor([0.5000, 0.0000, 0.5000, 0.0000])
    """
    check_floating("waveform", waveform)
    check_time_axis("waveform", waveform)
    check_positive("sample_rate", sample_rate, unit="in Hz")
    given = {"delay": delay, "depth": depth, "regen": regen, "width": width, "speed": speed, "phase": phase}
    for name, (low, high, unit) in RANGES.items():
        if not low <= given[name] <= high:
            raise ArgumentError(f"{name} must be from {low} to {high} {unit}, got {given[name]}", hint=f"in {unit}")
    check_choice("interpolation", interpolation, INTERPOLATIONS)
    time, channels = waveform.shape[-1], waveform.shape[-2] if waveform.dim() > 1 else 1
    swing = _swing(modulation, sample_rate, delay, depth, speed).to(waveform.device, exact_dtype(waveform))
    later = [int(channel * len(swing) * phase / 100 + 0.5) for channel in range(channels)]
    moments = torch.arange(time, device=waveform.device) + torch.tensor(later, device=waveform.device).unsqueeze(-1)
    delays = swing[moments % len(swing)]  # (channels, time)
    whole = delays.floor()
    weights = _interpolation_weights(delays - whole, interpolation)  # (channels, time, taps)
    signal = waveform.float() if waveform.dtype in (torch.float16, torch.bfloat16) else waveform
    rows = signal.reshape(-1, channels, time) if signal.numel() else signal.new_zeros(0, channels, time)
    line, strength = rows, regen / 100
    if strength:
        # v[t-1] in terms of w: everything one sample later, and nothing before the first.
        fed = F.pad(whole.long()[:, : max(time - 1, 0)], (1, 0))[:, :time] + 1
        fed_weights = F.pad(strength * weights, (0, 0, 1, 0))[:, :time]
        line = feedback(rows, fed, fed_weights)
    longest = math.ceil((delay + depth) * 1e-3 * sample_rate) + 4
    delayed = _fetch(line, whole.long(), weights, longest)
    level = width / 100
    mixed = (rows + (1 - abs(strength)) * level * delayed) / (1 + level)
    return mixed.reshape(waveform.shape).clamp(-1.0, 1.0).to(waveform.dtype)


@constant
def _swing(shape: str, sample_rate: float, delay: float, depth: float, speed: float) -> Tensor:
    """A period of delays, in samples."""
    longest = int((delay + depth) * 1e-3 * sample_rate + 0.5)
    shortest = math.floor(delay * 1e-3 * sample_rate + 0.5)
    return wave_table(shape, int(sample_rate / speed), shortest, longest, 1.5 * math.pi)


def _interpolation_weights(fraction: Tensor, interpolation: str) -> Tensor:
    """Lagrange's polynomials at 0, 1 (and 2) samples of further delay: `(..., taps)`."""
    if interpolation == "linear":
        return torch.stack((1 - fraction, fraction), dim=-1)
    one, two = fraction - 1, fraction - 2
    return torch.stack((one * two / 2, -fraction * two, fraction * one / 2), dim=-1)


def _fetch(line: Tensor, delays: Tensor, weights: Tensor, longest: int) -> Tensor:
    """`sum_j weights[..., j] line[t - delay - j]` of `(rows, channels, time)`, with 0 before the signal."""
    rows, channels, time = line.shape
    taps = weights.shape[-1]
    padded = F.pad(line, (longest, 0))
    moments = torch.arange(time, device=line.device) + longest
    places = (moments - delays).unsqueeze(-1) - torch.arange(taps, device=line.device)
    fetched = padded.gather(2, places.reshape(1, channels, -1).expand(rows, -1, -1))
    return (fetched.view(rows, channels, time, taps) * weights.to(line.dtype)).sum(-1)
