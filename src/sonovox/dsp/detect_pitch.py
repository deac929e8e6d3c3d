"""Pitch of a voice by correlation of the signal with itself, smoothed by a median.

Rabiner, "On the use of autocorrelation analysis for pitch detection", IEEE Trans.
ASSP 25, 1977, with the normalisation of each lag by the energies of both stretches,
and a preference for the shorter of two lags that correlate about alike.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.checks import check_floating, check_positive, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import over_frames

__all__ = ["detect_pitch_frequency"]

# A shorter lag is preferred if it reaches this part of the best correlation.
NEARLY = 0.99
SMALLEST = 1e-9


def detect_pitch_frequency(
    waveform: Tensor,
    sample_rate: int,
    frame_time: float = 10 ** (-2),
    win_length: int = 30,
    freq_low: int = 85,
    freq_high: int = 3400,
) -> Tensor:
    """Pitch of each frame. Every frame has one, silence too, of which it means nothing.

    Args:
        waveform: `(..., time)`, floating point.
        sample_rate: in Hz.
        frame_time: of a frame, in seconds.
        win_length: frames of the median.
        freq_low: lowest pitch to look for, in Hz.
        freq_high: highest pitch to look for, in Hz.

    Returns:
        `(..., frames)` in Hz: the lags are whole samples. There are
        `ceil(time / ceil(sample_rate * frame_time)) - win_length // 2` frames.

    Raises:
        ArgumentError: a range of pitches that is empty or has no lag, too short a signal for the median.

    >>> tone = torch.sin(2 * torch.pi * 200 / 8000 * torch.arange(8000))
    >>> detect_pitch_frequency(tone, 8000).median()
    tensor(200.)
    """
    check_time_axis("waveform", waveform)
    check_floating("waveform", waveform)
    for name, value in (("sample_rate", sample_rate), ("frame_time", frame_time), ("win_length", win_length)):
        check_positive(name, value)
    if not 0 < freq_low < freq_high <= sample_rate:
        raise ArgumentError(
            f"freq_low and freq_high must satisfy 0 < freq_low < freq_high <= sample_rate={sample_rate}, "
            f"got {freq_low} and {freq_high}",
            hint="voices are within 85 and 400 Hz",
        )
    size = math.ceil(sample_rate * frame_time)
    count = -(-waveform.shape[-1] // size)
    if count < win_length - (win_length - 1) // 2:
        raise ArgumentError(
            f"waveform must have at least {win_length - (win_length - 1) // 2} frames of {size} samples for "
            f"win_length={win_length}, got {waveform.shape[-1]} samples",
            hint="lower win_length",
        )
    n_lags = math.ceil(sample_rate / freq_low)
    correlations = _normalised_correlations(waveform.double(), size, count, n_lags)
    lags = _best_lags(correlations, math.ceil(sample_rate / freq_high))
    # The median of the frames up to and after each; the first frames are repeated before them.
    before = (win_length - 1) // 2
    padded = torch.cat((lags[..., :1].expand(*lags.shape[:-1], before), lags), dim=-1)
    smooth = padded.unfold(-1, win_length, 1).median(dim=-1).values
    dtype = torch.float64 if waveform.dtype == torch.float64 else torch.float32
    return sample_rate / smooth.to(dtype)


def _normalised_correlations(waveform: Tensor, size: int, count: int, n_lags: int) -> Tensor:
    """`(..., frames, lags)`: of each frame with what follows it after 1 to `n_lags` samples."""
    padded = F.pad(waveform, (0, n_lags + count * size - waveform.shape[-1]))
    stretches = padded.unfold(-1, size + n_lags, size)  # (..., frames, size + n_lags)
    n_fft = 2 ** math.ceil(math.log2(size + n_lags))
    frames = F.pad(stretches[..., :size], (0, n_fft - size))
    spectra = over_frames(torch.fft.rfft, F.pad(stretches, (0, n_fft - size - n_lags)))
    products = spectra * over_frames(torch.fft.rfft, frames).conj()
    sums = over_frames(lambda part: torch.fft.irfft(part, n=n_fft), products)[..., 1 : n_lags + 1]
    running = F.pad(stretches.square().cumsum(-1), (1, 0))
    energies = (running[..., size:] - running[..., :-size]).clamp(min=0.0)  # from lag 0 on
    own, other = energies[..., :1].sqrt() + SMALLEST, energies[..., 1:].sqrt() + SMALLEST
    return sums / own.square() / other.square()


def _best_lags(correlations: Tensor, shortest: int) -> Tensor:
    best, place = correlations[..., shortest:].max(dim=-1)
    half = correlations.shape[-1] // 2
    if half > shortest:
        short_best, short_place = correlations[..., shortest:half].max(dim=-1)
        place = torch.where(short_best > NEARLY * best, short_place, place)
    return place + shortest + 1
