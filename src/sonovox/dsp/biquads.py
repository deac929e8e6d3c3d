"""Biquads that pass or stop: low, high, a band, and all but the phase.

Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients";
`band_biquad` is the resonator of Smith, "Introduction to Digital Filters", as SoX scales it.

All take `waveform` as `(..., time)` and return its shape, limited to [-1, 1].
Frequencies are in Hz. Numbers may be tensors without a dimension:
the result is differentiable in them, too. Coefficients are computed in float64.
"""

import math

import torch
from torch import Tensor

from sonovox.dsp.biquad_design import Number, cookbook_terms, exact
from sonovox.dsp.iir import biquad

__all__ = [
    "allpass_biquad",
    "band_biquad",
    "bandpass_biquad",
    "bandreject_biquad",
    "highpass_biquad",
    "lowpass_biquad",
]


def lowpass_biquad(waveform: Tensor, sample_rate: int, cutoff_freq: Number, Q: Number = 0.707) -> Tensor:  # noqa: N803
    """Keep what is below `cutoff_freq`: 12 dB per octave above it, -3 dB at it with the default `Q`.

    Args:
        waveform: `(..., time)`, floating point.
        sample_rate: in Hz.
        cutoff_freq: in Hz, at most half of `sample_rate`.
        Q: quality, positive; the gain at the cutoff.

    Returns:
        The shape of `waveform`.

    Raises:
        ArgumentError: a frequency beyond half the sample rate, `Q` not positive, a waveform of integers.

    >>> lowpass_biquad(torch.tensor([1.0, 0.0, 0.0]), 16000, 3000.0)
    tensor([0.1867, 0.4598, 0.3604])
    """
    _, cosine, alpha = cookbook_terms(waveform, sample_rate, "cutoff_freq", cutoff_freq, Q)
    half = (1 - cosine) / 2
    return biquad(waveform, half, 2 * half, half, 1 + alpha, -2 * cosine, 1 - alpha)


def highpass_biquad(waveform: Tensor, sample_rate: int, cutoff_freq: Number, Q: Number = 0.707) -> Tensor:  # noqa: N803
    """Keep what is above `cutoff_freq`; see `lowpass_biquad`.

    >>> highpass_biquad(torch.ones(5), 16000, 3000.0).round(decimals=3)
    tensor([ 0.4180, -0.2250, -0.1920, -0.0420,  0.0210])
    """
    _, cosine, alpha = cookbook_terms(waveform, sample_rate, "cutoff_freq", cutoff_freq, Q)
    half = (1 + cosine) / 2
    return biquad(waveform, half, -2 * half, half, 1 + alpha, -2 * cosine, 1 - alpha)


def allpass_biquad(waveform: Tensor, sample_rate: int, central_freq: Number, Q: Number = 0.707) -> Tensor:  # noqa: N803
    """Shift the phase, by 180 degrees at `central_freq`, and leave all levels; see `lowpass_biquad`.

    >>> allpass_biquad(torch.tensor([1.0, 0.0, 0.0]), 16000, 3000.0, 0.5)
    tensor([ 0.0396, -0.3821,  0.8464])
    """
    _, cosine, alpha = cookbook_terms(waveform, sample_rate, "central_freq", central_freq, Q)
    return biquad(waveform, 1 - alpha, -2 * cosine, 1 + alpha, 1 + alpha, -2 * cosine, 1 - alpha)


def bandpass_biquad(
    waveform: Tensor,
    sample_rate: int,
    central_freq: Number,
    Q: Number = 0.707,  # noqa: N803
    const_skirt_gain: bool = False,
) -> Tensor:
    """Keep a band of width `central_freq / Q`: 0 dB in its middle, or with `const_skirt_gain` a gain of `Q` there.

    See `lowpass_biquad`.

    >>> bandpass_biquad(torch.tensor([1.0, 0.0, 0.0]), 16000, 3000.0, 0.5)
    tensor([ 0.4802,  0.1910, -0.4232])
    """
    sine, cosine, alpha = cookbook_terms(waveform, sample_rate, "central_freq", central_freq, Q)
    peak = sine / 2 if const_skirt_gain else alpha
    return biquad(waveform, peak, 0.0, -peak, 1 + alpha, -2 * cosine, 1 - alpha)


def bandreject_biquad(waveform: Tensor, sample_rate: int, central_freq: Number, Q: Number = 0.707) -> Tensor:  # noqa: N803
    """Remove `central_freq` and a band of width `central_freq / Q` around it; see `lowpass_biquad`.

    >>> bandreject_biquad(torch.tensor([1.0, 0.0, 0.0]), 16000, 3000.0, 0.5)
    tensor([ 0.5198, -0.1910,  0.4232])
    """
    _, cosine, alpha = cookbook_terms(waveform, sample_rate, "central_freq", central_freq, Q)
    return biquad(waveform, 1.0, -2 * cosine, 1.0, 1 + alpha, -2 * cosine, 1 - alpha)


def band_biquad(
    waveform: Tensor,
    sample_rate: int,
    central_freq: Number,
    Q: Number = 0.707,  # noqa: N803
    noise: bool = False,
) -> Tensor:
    """Keep a band around `central_freq` that falls off to both sides, by a resonator.

    Its poles lie at radius `exp(-pi width / sample_rate)`, for a width of `central_freq / Q`.

    Args:
        waveform: see `lowpass_biquad`, as are `sample_rate`, `central_freq` and `Q`.
        noise: for unpitched sounds: keep the power of white noise, instead of the level of a tone in the middle.

    Returns:
        The shape of `waveform`.

    >>> band_biquad(torch.tensor([1.0, 0.0, 0.0]), 16000, 3000.0, 1.0)
    tensor([ 0.6546,  0.2359, -0.1165])
    """
    _, cosine, _ = cookbook_terms(waveform, sample_rate, "central_freq", central_freq, Q)
    width = exact(waveform, central_freq) / exact(waveform, Q)
    a2 = torch.exp(-2 * math.pi * width / sample_rate)
    a1 = -4 * a2 / (1 + a2) * cosine
    b0 = (1 - a2) * torch.sqrt(1 - a1.square() / (4 * a2))
    if noise:
        b0 = torch.sqrt(((1 + a2).square() - a1.square()) * (1 - a2) / (1 + a2))
    return biquad(waveform, b0, 0.0, 0.0, 1.0, a1, a2)
