"""Phaser: a signal and its own past at a delay that swings in time, as SoX does it.

y[t] = gain_in x[t] + decay y[t - d(t)],    result gain_out y
"""

import math

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating, check_positive, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox._kernels.feedback import feedback
from sonovox.dsp.biquad_design import exact_dtype
from sonovox.dsp.eager import constant
from sonovox.dsp.wave_table import wave_table

__all__ = ["phaser"]


def phaser(
    waveform: Tensor,
    sample_rate: int,
    gain_in: float = 0.4,
    gain_out: float = 0.74,
    delay_ms: float = 3.0,
    decay: float = 0.4,
    mod_speed: float = 0.5,
    sinusoidal: bool = True,
) -> Tensor:
    """Sweep notches through the spectrum of `waveform`.

    Args:
        waveform: `(..., time)`, floating point; each signal by itself.
        sample_rate: in Hz.
        gain_in: factor before, 0 to 1; with a `decay` of `d`, at most `1 - d^2` keeps the result from clipping.
        gain_out: factor after.
        delay_ms: the largest delay, usually up to 5 ms; it swings from there down to one sample.
        decay: factor of the feedback, below 1.
        mod_speed: swings a second, in Hz, usually 0.1 to 2.
        sinusoidal: how it swings; otherwise in straight lines.

    Returns:
        The shape of `waveform`, limited to [-1, 1].

    Raises:
        ArgumentError: a delay of less than one sample, a speed or rate that is not positive, a decay of 1 or more,
            a waveform of integers.

    >>> phaser(torch.tensor([1.0, 0.0, 0.0, 0.0]), 1000, gain_in=1.0, gain_out=1.0, delay_ms=2.0, mod_speed=250.0)
    tensor([1.0000, 0.4000, 0.4000, 0.1600])
    """
    check_floating("waveform", waveform)
    check_time_axis("waveform", waveform)
    check_positive("sample_rate", sample_rate, unit="in Hz")
    check_positive("mod_speed", mod_speed, unit="in Hz")
    longest = int(delay_ms * 1e-3 * sample_rate + 0.5)
    if longest < 1:
        raise ArgumentError(
            f"delay_ms must be at least half a sample, {500 / sample_rate:.3g} ms, got {delay_ms}", hint="raise it"
        )
    if not abs(decay) < 1:
        raise ArgumentError(f"decay must be below 1, got {decay}", hint="from 1 on the feedback grows without end")
    period = max(1, int(sample_rate / mod_speed + 0.5))
    swing = _delays("sinusoidal" if sinusoidal else "triangular", period, longest).to(waveform.device)
    time = waveform.shape[-1]
    delays = swing[torch.arange(time, device=waveform.device) % period].unsqueeze(0)  # (1, time)
    weights = torch.full((1, time, 1), decay, dtype=exact_dtype(waveform), device=waveform.device)
    signal = waveform.float() if waveform.dtype in (torch.float16, torch.bfloat16) else waveform
    rows = (signal * gain_in).reshape(-1, 1, time) if waveform.numel() else signal.new_zeros(0, 1, time)
    swept = feedback(rows, delays, weights).reshape(waveform.shape)
    return (swept * gain_out).clamp(-1.0, 1.0).to(waveform.dtype)


@constant
def _delays(shape: str, period: int, longest: int) -> Tensor:
    """A period of delays from 1 to `longest` samples."""
    reach = wave_table(shape, period, 1, longest, math.pi / 2)
    return longest + 1 - (reach + 0.5).floor().long()
