"""Resampling of high quality by Fourier transforms of overlapping blocks.

A block of `periods * orig` samples is transformed, multiplied by the response of
a low-pass filter, cut or extended to the bins of `periods * new` samples, and
transformed back: this changes the rate by the exact ratio `new / orig`. At both
ends of a block `guard` periods are wrong, since the transform is circular; blocks
overlap by as much, and those samples are dropped (overlap-save; Oppenheim and
Schafer, "Discrete-time signal processing", section 8.7).

The filter is a windowed sinc (Kaiser's window and his formulas, 1974). It passes
up to 0.913 of the lower of both Nyquist frequencies and stops at that frequency,
the band edges of soxr's HQ recipe, at 140 dB, which is below float32's rounding.
The engine of `resample`; `Plan` is what is kept for a pair of rates.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox.dsp.eager import can_reuse_buffers, constant, first_samples, over_frames

__all__ = ["Plan", "guard_periods", "make_plan", "resample_blocks"]

PASS_EDGE = 0.913  # of the lower Nyquist frequency; the stop band begins at 1
ATTENUATION_DB = 140.0
KAISER_BETA = 0.1102 * (ATTENUATION_DB - 8.7)
# Half of the filter's length, in samples of the lower rate.
HALF_LENGTH = math.ceil((ATTENUATION_DB - 8.0) / (2.285 * math.pi * (1.0 - PASS_EDGE)) / 2)

BLOCK_SAMPLES = 2**14  # a block's larger side, unless the ratio needs more
CHUNK_SAMPLES = 2**18  # blocks transformed together
# MKL transforms a single row of this length or more several times as slowly as each of several.
LONG_ROW = 2**14


@dataclass(frozen=True)
class Plan:
    """How a pair of rates in lowest terms is converted.

    Attributes:
        orig: input samples of a period.
        new: output samples of a period.
        periods: periods in a block.
        guard: periods at each end of a block that are dropped.
        response: `(2 * bins,)`, the filter's real response, each value twice (for real and imaginary part);
            with the gain `new / orig`, and with the factor of the inverse transform, which costs MKL a tenth of it.
    """

    orig: int
    new: int
    periods: int
    guard: int
    response: Tensor


def guard_periods(orig: int, new: int) -> int:
    """Periods of `orig` samples that half of the filter covers.

    >>> guard_periods(441, 160), guard_periods(2, 1)
    (1, 106)
    """
    return math.ceil(HALF_LENGTH * max(1.0, orig / new) / orig)


@constant
def make_plan(orig: int, new: int, dtype: torch.dtype, device: torch.device) -> Plan:
    """The plan for a pair of rates in lowest terms; kept, and so never to be changed in place."""
    guard = guard_periods(orig, new)
    periods = _block_periods(orig, new, guard)
    samples = periods * orig
    reach = HALF_LENGTH * max(1.0, orig / new)  # half of the filter's length, in input samples
    offsets = np.arange(-math.floor(reach), math.floor(reach) + 1)
    cutoff = min(1.0, new / orig) * (PASS_EDGE + 1.0) / 2  # of the input's Nyquist frequency
    taps = np.sinc(cutoff * offsets) * np.i0(KAISER_BETA * np.sqrt(1.0 - (offsets / reach) ** 2))
    impulse = np.zeros(samples)
    impulse[offsets] = taps / taps.sum()  # offsets below zero wrap around: the filter has no delay
    bins = min(samples, periods * new) // 2 + 1
    response = np.fft.rfft(impulse).real[:bins] / samples  # new / orig, by the length of the inverse transform
    return Plan(orig, new, periods, guard, torch.tensor(np.repeat(response, 2), dtype=dtype, device=device))


def resample_blocks(waveform: Tensor, plan: Plan) -> Tensor:
    """Resample `waveform`, `(..., time)`, to `(..., ceil(time * new / orig))`.

    The signal counts as zero before its start and after its end.
    """
    time = waveform.shape[-1]
    length = (time * plan.new + plan.orig - 1) // plan.orig
    block, hop = plan.periods * plan.orig, (plan.periods - 2 * plan.guard) * plan.orig
    before = plan.guard * plan.orig
    blocks = time // hop + 1
    if torch.compiler.is_exporting():
        blocks += 1  # an exported dimension is either always 1 or never
    after = (blocks - 1) * hop + block - before - time
    if can_reuse_buffers(waveform):
        if blocks == 1 and block >= LONG_ROW:
            blocks, after = 2, after + hop  # of zeros
        return _resample_in_chunks(waveform, plan, blocks, before, after)[..., :length]
    frames = F.pad(waveform, (before, after)).unfold(-1, block, hop)
    resampled = over_frames(functools.partial(_resample_frames, plan=plan), frames)
    return first_samples(resampled.flatten(-2), length)


def _resample_frames(frames: Tensor, plan: Plan) -> Tensor:
    bins = len(plan.response) // 2
    spectra = torch.fft.rfft(frames)[..., :bins] * plan.response[::2]
    resampled = torch.fft.irfft(spectra, n=plan.periods * plan.new, norm="forward")
    return resampled[..., plan.guard * plan.new : -plan.guard * plan.new]


def _resample_in_chunks(waveform: Tensor, plan: Plan, blocks: int, before: int, after: int) -> Tensor:
    *leading, time = waveform.shape
    signals = waveform.reshape(math.prod(leading), time)
    block, hop = plan.periods * plan.orig, (plan.periods - 2 * plan.guard) * plan.orig
    kept = slice(plan.guard * plan.new, (plan.periods - plan.guard) * plan.new)
    bins = len(plan.response) // 2
    result = signals.new_empty(len(signals), blocks, kept.stop - kept.start)
    padded = signals.new_zeros(before + time + after)
    frames = padded.unfold(0, block, hop)
    chunks = -(-blocks // max(4, CHUNK_SAMPLES // block))
    for signal, out in zip(signals, result, strict=True):
        padded[before : before + time] = signal
        for chunk, out_chunk in zip(frames.tensor_split(chunks), out.tensor_split(chunks), strict=True):
            spectra = torch.fft.rfft(chunk)[:, :bins]
            torch.view_as_real(spectra).view(len(chunk), -1).mul_(plan.response)
            out_chunk.copy_(torch.fft.irfft(spectra, n=plan.periods * plan.new, norm="forward")[:, kept])
    return result.view(*leading, blocks * result.shape[-1])


def _block_periods(orig: int, new: int, guard: int) -> int:
    """The number of periods, a power of two for the transform's sake, at which a kept sample costs least."""
    # Of long periods few, that a signal has several blocks.
    most = max(BLOCK_SAMPLES // max(orig, new), 2 * (2 * guard + 1))

    def cost(periods: int) -> float:
        sizes = (periods * orig, periods * new)
        return sum(size * math.log2(size) for size in sizes) / (periods - 2 * guard)

    return min((2**power for power in range(32) if 2 * guard < 2**power <= most), key=cost)
