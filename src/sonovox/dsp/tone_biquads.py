"""Biquads that tone: a peak, shelves, and the equalisations of compact discs and of vinyl records.

Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients";
the constants of `deemph_biquad` and `riaa_biquad` are those of SoX.
"""

import math

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.biquad_design import Number, cookbook_terms, exact
from sonovox.dsp.iir import biquad

__all__ = ["bass_biquad", "deemph_biquad", "equalizer_biquad", "riaa_biquad", "treble_biquad"]

# sample rate -> corner in Hz, slope and gain in dB of the shelf that is nearest to time constants of 50 and 15 us
DEEMPHASIS = {44100: (5283.0, 0.4845, -9.477), 48000: (5356.0, 0.479, -9.62)}
# sample rate -> zeros and poles for the time constants 3180, 318 and 75 us
RIAA = {
    44100: ((-0.2014898, 0.9233820), (0.7083149, 0.9924091)),
    48000: ((-0.1766069, 0.9321590), (0.7396325, 0.9931330)),
    88200: ((-0.1168735, 0.9648312), (0.8590646, 0.9964002)),
    96000: ((-0.1141486, 0.9676817), (0.8699137, 0.9966946)),
}


def equalizer_biquad(
    waveform: Tensor,
    sample_rate: int,
    center_freq: Number,
    gain: Number,
    Q: Number = 0.707,  # noqa: N803
) -> Tensor:
    """Raise or lower a band around `center_freq`.

    Args:
        waveform: `(..., time)`, floating point.
        sample_rate: in Hz.
        center_freq: in Hz, at most half of `sample_rate`; a tensor without a dimension is differentiable,
            as are the other numbers.
        gain: at the centre, in dB.
        Q: quality, positive: the centre over the width.

    Returns:
        The shape of `waveform`, limited to [-1, 1].

    Raises:
        ArgumentError: a frequency beyond half the sample rate, `Q` not positive, a waveform of integers.

    >>> equalizer_biquad(torch.tensor([0.5, 0.0, 0.0]), 16000, 3000.0, 6.0, 1.0)
    tensor([ 0.6226,  0.0707, -0.1440])
    """
    _, cosine, alpha = cookbook_terms(waveform, sample_rate, "center_freq", center_freq, Q)
    root = _root_of_gain(waveform, gain)
    up, down = alpha * root, alpha / root
    return biquad(waveform, 1 + up, -2 * cosine, 1 - up, 1 + down, -2 * cosine, 1 - down)


def bass_biquad(
    waveform: Tensor,
    sample_rate: int,
    gain: Number,
    central_freq: Number = 100,
    Q: Number = 0.707,  # noqa: N803
) -> Tensor:
    """Raise or lower what is below `central_freq`, by a shelf that has half of `gain` there; see `equalizer_biquad`.

    >>> bass_biquad(torch.full((4,), 0.1), 16000, 20.0, 3000.0)
    tensor([0.2447, 0.5452, 0.8083, 0.9689])
    """
    _, cosine, alpha = cookbook_terms(waveform, sample_rate, "central_freq", central_freq, Q)
    return _shelf(waveform, cosine, alpha, _root_of_gain(waveform, gain), 1.0)


def treble_biquad(
    waveform: Tensor,
    sample_rate: int,
    gain: Number,
    central_freq: Number = 3000,
    Q: Number = 0.707,  # noqa: N803
) -> Tensor:
    """Raise or lower what is above `central_freq`, by a shelf that has half of `gain` there; see `equalizer_biquad`.

    >>> treble_biquad(torch.full((4,), 0.1), 16000, 20.0, 3000.0)
    tensor([ 0.4087, -0.0933,  0.0837,  0.1378])
    """
    _, cosine, alpha = cookbook_terms(waveform, sample_rate, "central_freq", central_freq, Q)
    return _shelf(waveform, cosine, alpha, _root_of_gain(waveform, gain), -1.0)


def deemph_biquad(waveform: Tensor, sample_rate: int) -> Tensor:
    """Undo the preemphasis of compact discs (IEC 60908), by a treble shelf.

    Args:
        waveform: `(..., time)`, floating point.
        sample_rate: 44100 or 48000, in Hz.

    Returns:
        The shape of `waveform`, limited to [-1, 1].

    Raises:
        ArgumentError: another sample rate.

    >>> deemph_biquad(torch.tensor([0.5, 0.0, 0.0]), 44100)
    tensor([0.2302, 0.1005, 0.0621])
    """
    _check_rate(sample_rate, DEEMPHASIS)
    frequency, slope, gain = DEEMPHASIS[sample_rate]
    root = _root_of_gain(waveform, gain)
    sine, cosine, _ = cookbook_terms(waveform, sample_rate, "frequency", frequency, 1.0)
    alpha = sine / 2 * torch.sqrt((root + 1 / root) * (1 / slope - 1) + 2)
    return _shelf(waveform, cosine, alpha, root, -1.0)


def riaa_biquad(waveform: Tensor, sample_rate: int) -> Tensor:
    """Undo the equalisation of vinyl records (IEC 60098, the RIAA curve); 0 dB at 1 kHz.

    Args:
        waveform: `(..., time)`, floating point.
        sample_rate: 44100, 48000, 88200 or 96000, in Hz.

    Returns:
        The shape of `waveform`, limited to [-1, 1].

    Raises:
        ArgumentError: another sample rate.

    >>> riaa_biquad(torch.tensor([0.5, 0.0, 0.0]), 44100)
    tensor([0.1190, 0.1165, 0.0923])
    """
    _check_rate(sample_rate, RIAA)
    (zero, other_zero), (pole, other_pole) = RIAA[sample_rate]
    _, b1, b2 = b = (1.0, -(zero + other_zero), zero * other_zero)
    _, a1, a2 = a = (1.0, -(pole + other_pole), pole * other_pole)
    delay = complex(math.cos(angle := 2 * math.pi * 1000 / sample_rate), -math.sin(angle))
    at_1_khz = abs(sum(weight * delay**k for k, weight in enumerate(b)))
    at_1_khz /= abs(sum(weight * delay**k for k, weight in enumerate(a)))
    return biquad(waveform, 1 / at_1_khz, b1 / at_1_khz, b2 / at_1_khz, 1.0, a1, a2)


def _root_of_gain(waveform: Tensor, gain: Number) -> Tensor:
    """The square root of the amplitude of a gain in dB: the cookbook's A."""
    return torch.exp(exact(waveform, gain) * (math.log(10) / 40))


def _shelf(waveform: Tensor, cosine: Tensor, alpha: Tensor, root: Tensor, side: float) -> Tensor:
    """The cookbook's shelves: the low one for a `side` of 1; of -1, the high one, its mirror image in frequency."""
    slope = 2 * torch.sqrt(root) * alpha
    up, down, cosine = root + 1, root - 1, side * cosine
    return biquad(
        waveform,
        root * (up - down * cosine + slope),
        side * 2 * root * (down - up * cosine),
        root * (up - down * cosine - slope),
        up + down * cosine + slope,
        side * -2 * (down + up * cosine),
        up + down * cosine - slope,
    )


def _check_rate(sample_rate: int, known: dict[int, tuple]) -> None:
    if sample_rate not in known:
        rates = ", ".join(map(str, known))
        raise ArgumentError(
            f"sample_rate must be one of {rates} Hz, got {sample_rate}", hint="resample the waveform to one of them"
        )
