"""Pitch as Kaldi estimates it: normalised cross-correlations, and the smoothest good path through them.

Ghahremani, BabaAli, Povey, Riedhammer, Trmal, Khudanpur, "A pitch extraction algorithm
tuned for automatic speech recognition", ICASSP 2014. The signal is lowpassed and
resampled to 4 kHz; each frame is correlated with itself at whole lags (eq. 1); the
correlations are interpolated at lags that grow by half a percent (section 3.2); and
Viterbi's search finds the lags with the least cost, which is one minus the correlation,
with a preference for short lags (eq. 5) and a penalty for jumps (eq. 6).
"""

import math
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.checks import check_floating, check_positive, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import constant, full_precision
from sonovox.dsp.smooth_path import smooth_path

__all__ = ["compute_kaldi_pitch"]


def compute_kaldi_pitch(
    waveform: Tensor,
    sample_rate: int,
    frame_length: float = 25.0,
    frame_shift: float = 10.0,
    min_f0: float = 50,
    max_f0: float = 400,
    soft_min_f0: float = 10.0,
    penalty_factor: float = 0.1,
    lowpass_cutoff: float = 1000,
    resample_frequency: int = 4000,
    delta_pitch: float = 0.005,
    nccf_ballast: float = 7000,
    lowpass_filter_width: int = 1,
    upsample_filter_width: int = 5,
    max_frames_latency: int = 0,
    frames_per_chunk: int = 0,
    simulate_first_pass_online: bool = False,
    recompute_frame: int = 500,
    snip_edges: bool = True,
) -> Tensor:
    """Correlation and pitch of each frame, found over the whole signal at once.

    Every frame gets a pitch, voiced or not: a correlation near 1 tells that it is voiced.

    Args:
        waveform: `(..., time)`, floating point.
        sample_rate: in Hz.
        frame_length: in milliseconds.
        frame_shift: in milliseconds.
        min_f0: least pitch, in Hz.
        max_f0: greatest pitch, in Hz.
        soft_min_f0: strength of the preference for short lags, in Hz.
        penalty_factor: cost of a change of pitch from frame to frame, times its squared logarithm.
        lowpass_cutoff: in Hz.
        resample_frequency: the rate at which correlations are computed, in Hz.
        delta_pitch: ratio of one lag to the next, minus 1.
        nccf_ballast: pulls correlations of quiet frames to zero in the search; relative to the
            fourth power of the signal's deviation.
        lowpass_filter_width: zeros of the lowpass filter on each side.
        upsample_filter_width: zeros of the interpolating filter on each side.
        max_frames_latency: takes no effect, as it is about a signal that is still coming.
        frames_per_chunk: only 0, the whole signal at once.
        simulate_first_pass_online: only False.
        recompute_frame: takes no effect without chunks.
        snip_edges: only frames that lie in the signal; otherwise frame k around the middle of shift k.

    Returns:
        `(..., frames, 2)`: normalised cross-correlation, in -1 to 1 but for the ripple of
        interpolation, and pitch in Hz. Gradients flow through the former.

    Raises:
        ArgumentError: options that contradict each other, or a signal shorter than a frame.

    >>> glide = torch.sin(2 * torch.pi * torch.linspace(100, 120, 8000).cumsum(0) / 8000)
    >>> compute_kaldi_pitch(glide, 8000)[::30]
    tensor([[  0.9996, 100.4757],
            [  0.9988, 106.6728],
            [  0.9988, 112.6887],
            [  0.9995, 118.4516]])
    """
    if frames_per_chunk != 0 or simulate_first_pass_online:
        raise ArgumentError(
            f"frames_per_chunk must be 0 and simulate_first_pass_online False, got {frames_per_chunk} and "
            f"{simulate_first_pass_online}",
            hint="pitch is found over the whole signal at once, which is what the online mode comes near to",
        )
    check_time_axis("waveform", waveform)
    check_floating("waveform", waveform)
    search = _Search(
        min_f0,
        max_f0,
        resample_frequency,
        int(resample_frequency * frame_length / 1000),
        int(resample_frequency * frame_shift / 1000),
        delta_pitch,
        upsample_filter_width,
    )
    if waveform.dtype in (torch.float16, torch.bfloat16):
        waveform = waveform.float()
    with full_precision(waveform):
        low = _lowpassed(waveform, sample_rate, resample_frequency, lowpass_cutoff, lowpass_filter_width)
        frames = _frames(low, search, snip_edges)
        products, norms = _correlations(frames, search)
        variance = (low - low.mean(dim=-1, keepdim=True)).square().mean(dim=-1)
        ballast = nccf_ballast * (variance * search.size).square()[..., None, None]
        lags, interpolation = _lags_and_interpolation(*astuple(search), low.dtype, low.device)
        steered = (_normalised(products, norms + ballast) @ interpolation).detach()
        cost = 1.0 - steered * (1.0 - soft_min_f0 * lags)
        path = smooth_path(cost, penalty_factor * math.log1p(delta_pitch) ** 2)
        correlation = (_normalised(products, norms) @ interpolation).gather(-1, path[..., None])
        return torch.cat((correlation, (1.0 / lags)[path][..., None]), dim=-1)


@dataclass(frozen=True)
class _Search:
    """Frames and lags, in samples of the resampled signal."""

    min_f0: float
    max_f0: float
    rate: int
    size: int
    hop: int
    delta_pitch: float
    filter_width: int

    def __post_init__(self) -> None:
        if not 0 < self.min_f0 < self.max_f0 < self.rate / 2:
            raise ArgumentError(
                f"0 < min_f0 < max_f0 < resample_frequency / 2 = {self.rate / 2} is needed, "
                f"got {self.min_f0} and {self.max_f0}",
                hint="speech is between 50 and 400 Hz",
            )
        if self.size < 2 or self.hop < 1 or not self.delta_pitch > 0:
            raise ArgumentError(
                f"a frame of at least 2 samples, a shift of at least 1 and a positive delta_pitch are needed at "
                f"resample_frequency={self.rate}, got {self.size}, {self.hop} and {self.delta_pitch}",
                hint="frame_length and frame_shift are in milliseconds",
            )

    @property
    def first_lag(self) -> int:
        """The least whole lag that the interpolation reaches for."""
        return max(0, math.ceil(self.rate / self.max_f0 - self.filter_width / 2))

    @property
    def last_lag(self) -> int:
        """The greatest of them."""
        return math.floor(self.rate / self.min_f0 + self.filter_width / 2)


def _lowpassed(waveform: Tensor, rate: int, new_rate: int, cutoff: float, width: int) -> Tensor:
    """The signal at another rate, by a filter so short that each sample can have weights of its own."""
    check_positive("sample_rate", rate, unit="in Hz")
    if not 0 < 2 * cutoff <= min(rate, new_rate):
        raise ArgumentError(
            f"lowpass_cutoff must be positive and at most half of sample_rate={rate} and of "
            f"resample_frequency={new_rate}, got {cutoff}",
            hint="lower it",
        )
    reach = math.floor(rate * width / (2 * cutoff)) + 1  # samples on each side that a filter can touch
    period = new_rate // math.gcd(rate, new_rate)  # of the phases between the old samples and the new ones
    phases = torch.arange(period, dtype=torch.float64, device=waveform.device) * rate % new_rate / new_rate
    count = (waveform.shape[-1] * new_rate + rate - 1) // rate
    moments = torch.arange(count, device=waveform.device)
    nearest, phase = (moments * rate).div(new_rate, rounding_mode="floor") + reach, moments % period
    padded = F.pad(waveform, (reach, reach))
    lowpassed = torch.zeros((), dtype=waveform.dtype, device=waveform.device)
    for tap in range(-reach, reach + 1):  # one after the other, since all together are many times the signal
        weights = _windowed_sinc((tap - phases) / rate, cutoff, width) / rate
        lowpassed = lowpassed + padded[..., nearest + tap] * weights.to(waveform.dtype)[phase]
    return lowpassed


def _windowed_sinc(seconds: Tensor, cutoff: float, width: int) -> Tensor:
    """Impulse response of a lowpass filter with a Hann window over `width` zeros on each side."""
    hann = 0.5 + 0.5 * torch.cos(2 * math.pi * cutoff / width * seconds)
    inside = seconds.abs() < width / (2 * cutoff)
    return torch.where(inside, 2 * cutoff * torch.sinc(2 * cutoff * seconds) * hann, 0.0)


def _frames(signal: Tensor, search: _Search, snip_edges: bool) -> Tensor:
    """Frames `(..., frames, size + last_lag)`, with zeros beyond the ends of the signal."""
    time, full = signal.shape[-1], search.size + search.last_lag
    if time < search.size:
        raise ArgumentError(
            f"waveform must have at least one frame, {search.size} samples at {search.rate} Hz, got {time}",
            hint="pad it",
        )
    if snip_edges:
        return F.pad(signal, (0, search.last_lag)).unfold(-1, full, search.hop)
    count = (2 * time + search.hop) // (2 * search.hop)
    starts = (2 * torch.arange(count, device=signal.device) + 1) * search.hop // 2 - full // 2
    places = starts[:, None] + torch.arange(full, device=signal.device) + full
    return F.pad(signal, (full, full + search.hop))[..., places]


def _correlations(frames: Tensor, search: _Search) -> tuple[Tensor, Tensor]:
    """Products of each frame with itself later, and of the energies of both: `(..., frames, lags)`."""
    size = search.size
    frames = frames - frames[..., :size].mean(dim=-1, keepdim=True)
    start = frames[..., :size]
    later = [frames[..., lag : lag + size] for lag in range(search.first_lag, search.last_lag + 1)]
    products = torch.stack([(start * part).sum(-1) for part in later], dim=-1)
    energies = torch.stack([part.square().sum(-1) for part in later], dim=-1)
    return products, start.square().sum(-1, keepdim=True) * energies


def _normalised(products: Tensor, norms: Tensor) -> Tensor:
    silent = norms <= 0
    return (products * norms.masked_fill(silent, 1.0).rsqrt()).masked_fill(silent, 0.0)


@constant
def _lags_and_interpolation(*arguments: Any) -> tuple[Tensor, Tensor]:
    """The lags of the search, in seconds, and the weights by which correlations at whole lags give those at them."""
    *fields, dtype, device = arguments  # a dataclass would not pass through torch.compile
    search = _Search(*fields)
    count = math.floor(math.log(search.max_f0 / search.min_f0) / math.log1p(search.delta_pitch)) + 1
    lags = np.power(1 + search.delta_pitch, np.arange(count, dtype=np.float64)) / search.max_f0
    whole = np.arange(search.first_lag, search.last_lag + 1) / search.rate
    distance = torch.from_numpy(lags - whole[:, None])
    weights = _windowed_sinc(distance, 0.5 * search.rate, search.filter_width) / search.rate
    return torch.from_numpy(lags).to(device, dtype), weights.to(device, dtype)
