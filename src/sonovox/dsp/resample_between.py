"""Resampling of high quality between rates whose common period is long, or anything: 44100 to 16001, say.

Two steps. The filter of `dsp.resample_hq` is applied to blocks, which double the
rate on their way wherever that is needed to leave the upper half of the band
empty. Between the samples of such a signal sixteen weights suffice (Laakso et
al., "Splitting the unit delay", IEEE Signal Processing Magazine, 1996): those
which in the lower half of the band come nearest to a delay, in the sense of least
squares. They are off by -147 dB. As functions of the fraction of a sample they
are smooth, so that polynomials of third degree on 32 parts of it hold them, and
neither memory nor time depend on the numbers of the ratio.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sonovox._kernels.interpolate import TAPS, TERMS, Grid, interpolate, interpolate_piece
from sonovox.dsp.eager import can_reuse_buffers, constant
from sonovox.dsp.resample_hq import (
    HALF_LENGTH,
    PASS_EDGE,
    Plan,
    block_periods,
    block_response,
    hop_of,
    transform_blocks,
    transform_in_chunks,
)

__all__ = ["FractionalPlan", "guard_samples", "make_fractional_plan", "resample_between"]

PARTS = 32  # of a sample; the polynomials are off by -150 dB
BAND = (PASS_EDGE + 1.0) / 4  # in which the weights are fitted, as a part of the Nyquist frequency of the doubled rate
BAND_POINTS = 64


@dataclass(frozen=True)
class FractionalPlan:
    """How a pair of rates in lowest terms is converted.

    Attributes:
        orig: input samples of a period.
        new: output samples of a period.
        blocks: the first step, from a rate of 1 to one of 1 or 2.
        grid: where outputs lie in it.
        table: the weights, as `_kernels.interpolate` wants them.
    """

    orig: int
    new: int
    blocks: Plan
    grid: Grid
    table: Tensor


def guard_samples(orig: int, new: int) -> int:
    """Input samples on each side of an output sample on which it depends.

    >>> guard_samples(44100, 44101), guard_samples(44100, 16001)
    (114, 301)
    """
    return math.ceil(HALF_LENGTH * max(1.0, orig / new)) + TAPS // 2


@constant
def make_fractional_plan(orig: int, new: int, dtype: torch.dtype, device: torch.device) -> FractionalPlan:
    """The plan for a pair of rates in lowest terms; kept, and so never to be changed in place."""
    guard = guard_samples(orig, new)
    factor = 2 if orig < 2 * new else 1
    samples = block_periods(1, factor, guard)
    response = block_response(samples, samples * factor, new / orig).to(device, dtype)
    blocks = Plan(1, factor, samples, guard, response)
    grid = Grid(orig * factor, new, samples * factor, hop_of(blocks) * factor)
    return FractionalPlan(orig, new, blocks, grid, torch.from_numpy(_weights()).to(device, dtype))


def resample_between(waveform: Tensor, plan: FractionalPlan) -> Tensor:
    """Resample `waveform`, `(..., time)`, to `(..., ceil(time * new / orig))`.

    The signal counts as zero before its start and after its end.
    """
    *leading, time = waveform.shape
    signals = waveform.reshape(math.prod(leading), time)
    length = (time * plan.new + plan.orig - 1) // plan.orig
    if not can_reuse_buffers(waveform):
        return interpolate(transform_blocks(signals, plan.blocks), plan.table, plan.grid, length).view(*leading, length)
    result = signals.new_empty(len(signals), length)
    for row, first, blocks in transform_in_chunks(signals, plan.blocks):
        start, end = (plan.grid.first_output(block) for block in (first, first + len(blocks)))
        interpolate_piece(blocks, plan.table, plan.grid, first, result[row, start:end])
    return result.view(*leading, length)


def _weights() -> np.ndarray:
    """`(PARTS, TERMS, TAPS)`, highest power first, over the fraction of a sample by which an output is behind one."""
    taps = np.arange(1 - TAPS // 2, 1 + TAPS // 2)
    # Frequencies lie as Chebyshev's points do: least squares on them leaves nearly equal errors.
    frequencies = BAND * np.pi * np.sin((np.arange(BAND_POINTS) + 0.5) / BAND_POINTS * np.pi / 2)
    nodes = 0.5 - 0.5 * np.cos((np.arange(TERMS) + 0.5) / TERMS * np.pi)
    fractions = ((np.arange(PARTS)[:, None] + nodes) / PARTS).ravel()
    tones, delayed = (np.exp(1j * np.outer(frequencies, at)) for at in (taps, fractions))
    tones, delayed = (np.concatenate((values.real, values.imag)) for values in (tones, delayed))
    values = np.linalg.lstsq(tones, delayed, rcond=None)[0].T.reshape(PARTS, TERMS, TAPS)
    return np.linalg.solve(np.vander(nodes), values)
