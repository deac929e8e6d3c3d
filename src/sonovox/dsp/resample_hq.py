"""Resampling of high quality by Fourier transforms of overlapping blocks, between rates of a short common period.

A block of `periods * orig` samples is transformed, multiplied by the response of
a low-pass filter, cut or extended to the bins of `periods * new` samples, and
transformed back: this changes the rate by the exact ratio `new / orig`. At both
ends of a block `guard` periods are wrong, since the transform is circular; blocks
overlap by as much, and those samples are dropped (overlap-save; Oppenheim and
Schafer, "Discrete-time signal processing", section 8.7).

The filter is a windowed sinc (Kaiser's window and his formulas, 1974). It passes
up to 0.913 of the lower of both Nyquist frequencies and stops at that frequency,
the band edges of soxr's HQ recipe, at 140 dB, which is below float32's rounding.
An engine of `resample`, and the first half of `dsp.resample_between`; `Plan` is
what is kept for a pair of rates.
"""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox.dsp.eager import can_reuse_buffers, constant, first_samples, over_frames

__all__ = [
    "Plan",
    "block_count",
    "block_periods",
    "block_response",
    "guard_periods",
    "hop_of",
    "make_plan",
    "resample_blocks",
    "transform_blocks",
    "transform_in_chunks",
]

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
    periods = block_periods(orig, new, guard)
    response = block_response(periods * orig, periods * new, new / orig)
    return Plan(orig, new, periods, guard, response.to(device, dtype))


def block_response(samples: int, new_samples: int, ratio: float) -> Tensor:
    """What a block's bins are multiplied by, each value twice, as `Plan.response` is.

    Args:
        samples: of a block that comes in.
        new_samples: of the block that it becomes.
        ratio: the rate wanted in the end, by that of the input: the filter passes what both hold.

    >>> block_response(1024, 1024, 0.5)[::256] * 1024 > 0.5  # bins 0, 128, 256, 384 and 512
    tensor([ True,  True, False, False, False])
    """
    reach = HALF_LENGTH * max(1.0, 1.0 / ratio)  # half of the filter's length, in input samples
    offsets = np.arange(-math.floor(reach), math.floor(reach) + 1)
    cutoff = min(1.0, ratio) * (PASS_EDGE + 1.0) / 2  # of the input's Nyquist frequency
    taps = np.sinc(cutoff * offsets) * np.i0(KAISER_BETA * np.sqrt(1.0 - (offsets / reach) ** 2))
    impulse = np.zeros(samples)
    impulse[offsets] = taps / taps.sum()  # offsets below zero wrap around: the filter has no delay
    # The gain, new_samples / samples, by the length of the inverse transform.
    response = np.fft.rfft(impulse).real[: min(samples, new_samples) // 2 + 1] / samples
    return torch.from_numpy(np.repeat(response, 2))


def resample_blocks(waveform: Tensor, plan: Plan) -> Tensor:
    """Resample `waveform`, `(..., time)`, to `(..., ceil(time * new / orig))`.

    The signal counts as zero before its start and after its end.
    """
    *leading, time = waveform.shape
    length = (time * plan.new + plan.orig - 1) // plan.orig
    kept = slice(plan.guard * plan.new, (plan.periods - plan.guard) * plan.new)
    if not can_reuse_buffers(waveform):
        return first_samples(transform_blocks(waveform, plan)[..., kept].flatten(-2), length)
    signals = waveform.reshape(math.prod(leading), time)
    result = signals.new_empty(len(signals), block_count(time, plan), kept.stop - kept.start)
    for row, first, blocks in transform_in_chunks(signals, plan):
        result[row, first : first + len(blocks)] = blocks[:, kept]
    return result.view(*leading, result.shape[1] * result.shape[2])[..., :length]


def hop_of(plan: Plan) -> int:
    """Input samples from one block to the next.

    >>> hop_of(Plan(3, 2, 512, 106, torch.empty(0)))  # (512 - 2 * 106) * 3
    900
    """
    return (plan.periods - 2 * plan.guard) * plan.orig


def block_count(time: int, plan: Plan) -> int:
    """Blocks of a signal of `time` samples.

    >>> block_count(16000, Plan(3, 2, 512, 106, torch.empty(0)))
    18
    """
    blocks = time // hop_of(plan) + 1
    if torch.compiler.is_exporting():
        return blocks + 1  # an exported dimension is either always 1 or never
    return blocks


def transform_blocks(waveform: Tensor, plan: Plan) -> Tensor:
    """`(..., blocks, periods * new)` of `waveform`, `(..., time)`: filtered, at the new rate, with their wrong ends.

    >>> transform_blocks(torch.zeros(4, 16000), make_plan(3, 2, torch.float32, torch.device("cpu"))).shape
    torch.Size([4, 6, 2048])
    """
    time = waveform.shape[-1]
    before, block, hop = plan.guard * plan.orig, plan.periods * plan.orig, hop_of(plan)
    after = (block_count(time, plan) - 1) * hop + block - before - time
    frames = F.pad(waveform, (before, after)).unfold(-1, block, hop)
    return over_frames(functools.partial(_transform, plan=plan), frames)


def transform_in_chunks(signals: Tensor, plan: Plan) -> Iterator[tuple[int, int, Tensor]]:
    """The same in buffers: a row of `signals`, `(rows, time)`, the number of its block, and some blocks from it on.

    >>> plan = make_plan(3, 2, torch.float32, torch.device("cpu"))
    >>> [(row, first, blocks.shape) for row, first, blocks in transform_in_chunks(torch.zeros(2, 16000), plan)]
    [(0, 0, torch.Size([6, 2048])), (1, 0, torch.Size([6, 2048]))]
    """
    time, blocks = signals.shape[-1], block_count(signals.shape[-1], plan)
    before, block, hop = plan.guard * plan.orig, plan.periods * plan.orig, hop_of(plan)
    transformed = 2 if blocks == 1 and block >= LONG_ROW else blocks  # the second of zeros
    bins = len(plan.response) // 2
    padded = signals.new_zeros((transformed - 1) * hop + block)
    frames = padded.unfold(0, block, hop)
    chunks = -(-transformed // max(4, CHUNK_SAMPLES // block))
    for row, signal in enumerate(signals):
        padded[before : before + time] = signal
        first = 0
        for chunk in frames.tensor_split(chunks):
            spectra = torch.fft.rfft(chunk)[:, :bins]
            torch.view_as_real(spectra).view(len(chunk), -1).mul_(plan.response)
            yield row, first, torch.fft.irfft(spectra, n=plan.periods * plan.new, norm="forward")[: blocks - first]
            first += len(chunk)


def _transform(frames: Tensor, plan: Plan) -> Tensor:
    bins = len(plan.response) // 2
    spectra = torch.fft.rfft(frames)[..., :bins] * plan.response[::2]
    return torch.fft.irfft(spectra, n=plan.periods * plan.new, norm="forward")


def block_periods(orig: int, new: int, guard: int) -> int:
    """The number of periods, a power of two for the transform's sake, at which a kept sample costs least.

    >>> block_periods(441, 160, 1)
    16
    """
    # Of long periods few, that a signal has several blocks.
    most = max(BLOCK_SAMPLES // max(orig, new), 2 * (2 * guard + 1))

    def cost(periods: int) -> float:
        sizes = (periods * orig, periods * new)
        return sum(size * math.log2(size) for size in sizes) / (periods - 2 * guard)

    return min((2**power for power in range(32) if 2 * guard < 2**power <= most), key=cost)
