"""Loudness of programmes: ITU-R BS.1770-4, "Algorithms to measure audio programme loudness", annex 1.

K-weighting (a shelf for the head, a highpass), power over blocks of 0.4 s every
0.1 s, channels weighted, and two gates: -70 LKFS, then 10 below what passes it.
The two filters are the cookbook's at 1500 Hz, 4 dB, and 38 Hz, for any sample
rate; at 48 kHz they are the tables of the standard to a fraction of 0.1 dB.
"""

import math

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_floating, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import constant
from sonovox.dsp.iir import lfilter

__all__ = ["Loudness", "loudness"]

CHANNEL_WEIGHTS = (1.0, 1.0, 1.0, 1.41, 1.41)  # left, right, centre, and the surrounds
OFFSET = -0.691  # makes a full-scale sine of 997 Hz in one channel -3.01 LKFS
SILENCE = -70.0  # the absolute gate: nothing quieter is measured
BLOCK_S, OVERLAP, RELATIVE_GATE = 0.4, 0.75, -10.0


def loudness(waveform: Tensor, sample_rate: int) -> Tensor:
    """Integrated loudness of each programme in `waveform`.

    Args:
        waveform: `(..., channel, time)` with at most 5 channels (left, right, centre, left and right surround),
            or `(time,)`; floating point in [-1, 1], at least 0.4 s.
        sample_rate: in Hz; at least 4000, so that the shelf fits.

    Returns:
        `(...)`, in LKFS. Where no block passes the absolute gate, as in silence, it is -70, with a gradient of 0.

    Raises:
        ArgumentError: more than 5 channels, less than 0.4 s, too low a sample rate, a waveform of integers.

    >>> time = torch.arange(48000) / 48000
    >>> print(f"{loudness(torch.sin(2 * torch.pi * 997 * time), 48000).item():.2f} LKFS")
    -3.05 LKFS
    """
    check_floating("waveform", waveform)
    check_positive("sample_rate", sample_rate, unit="in Hz")
    if sample_rate < 4000:
        raise ArgumentError(f"sample_rate must be at least 4000 Hz, got {sample_rate}", hint="resample the waveform")
    if waveform.dim() < 2:
        waveform = waveform.reshape(1, -1)
    block = round(BLOCK_S * sample_rate)
    channels, time = waveform.shape[-2:]
    if not 0 < channels <= len(CHANNEL_WEIGHTS):
        raise ArgumentError(
            f"waveform must have 1 to 5 channels (..., channel, time), got {channels} in {tuple(waveform.shape)}",
            hint="waveform.unsqueeze(-2) makes each signal a programme of one channel",
        )
    if time < block:
        raise ArgumentError(
            f"waveform must have at least one block of {BLOCK_S} s = {block} samples, got {time}", hint="pad it"
        )
    step = round(block * (1 - OVERLAP))
    shelf_a, shelf_b, highpass_a, highpass_b = _k_weighting(sample_rate)
    signal = waveform.float() if waveform.dtype in (torch.float16, torch.bfloat16) else waveform
    weighted = lfilter(lfilter(signal, shelf_a, shelf_b, clamp=False), highpass_a, highpass_b, clamp=False)
    power = weighted.square().unfold(-1, block, step).mean(-1)  # (..., channel, blocks)
    of_channels = power.new_tensor(CHANNEL_WEIGHTS[:channels]).unsqueeze(-1)
    energy = (of_channels * power).sum(-2)  # (..., blocks)
    gate = 10 ** ((SILENCE - OFFSET) / 10)
    # "not below" instead of "above": a block of NaN passes, and shows in the result.
    loud = ~(energy <= gate)
    relative = _mean_of(energy, loud) * 10 ** (RELATIVE_GATE / 10)
    gated = _mean_of(energy, loud & ~(energy <= relative.unsqueeze(-1)))
    return (OFFSET + 10 * gated.clamp(min=gate).log10()).to(waveform.dtype)


class Loudness(nn.Module):
    """Module twin of `loudness`.

    >>> Loudness(16000)(torch.zeros(2, 1, 16000))
    tensor([-70., -70.])
    """

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self.sample_rate = sample_rate

    def forward(self, waveform: Tensor) -> Tensor:
        return loudness(waveform, self.sample_rate)

    def extra_repr(self) -> str:
        return f"sample_rate={self.sample_rate}"


def _mean_of(energy: Tensor, chosen: Tensor) -> Tensor:
    return torch.where(chosen, energy, 0.0).sum(-1) / chosen.sum(-1).clamp(min=1)


@constant
def _k_weighting(sample_rate: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Denominator and numerator of the shelf, then of the highpass, by the cookbook."""
    angle, root = 2 * math.pi * 1500 / sample_rate, 10 ** (4 / 40)
    cosine, slope = math.cos(angle), math.sqrt(root) * math.sin(angle) * math.sqrt(2)  # Q = 1 / sqrt(2)
    up, down = root + 1, root - 1
    shelf_a = (up - down * cosine + slope, 2 * (down - up * cosine), up - down * cosine - slope)
    shelf_b = (up + down * cosine + slope, -2 * (down + up * cosine), up + down * cosine - slope)
    angle = 2 * math.pi * 38 / sample_rate
    cosine, alpha = math.cos(angle), math.sin(angle)  # Q = 0.5
    highpass_a = (1 + alpha, -2 * cosine, 1 - alpha)
    highpass_b = ((1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2)
    a, b, c, d = (torch.tensor(numbers, dtype=torch.float64) for numbers in (shelf_a, shelf_b, highpass_a, highpass_b))
    return a, torch.mul(b, root), c, d
