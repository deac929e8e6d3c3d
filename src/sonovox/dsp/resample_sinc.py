"""Resampling by interpolation with a windowed sinc, as torchaudio does it.

Smith, "Digital audio resampling", https://ccrma.stanford.edu/~jos/resample:
y(t) = sum over n of x[n] h(t - n), where h is a sinc that cuts at `rolloff` of the
lower Nyquist frequency, under a window of `lowpass_filter_width` of its zero
crossings to each side. With torchaudio's default of 6 the transition is wide:
2.4 dB are lost at 0.9 of the Nyquist frequency and images stand at -10 to -28 dB.

Each output sample has its own few weights; those of one period of the ratio are
held in groups of columns, so that memory grows with `new` and never with
`orig * new`. The engine of `resample`; `SincFilter` is what is kept for a pair of rates.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox.dsp.banded import Block, banded_product, banded_product_into
from sonovox.dsp.eager import can_reuse_buffers, constant, first_samples, full_precision

__all__ = ["SincFilter", "make_sinc_filter", "resample_sinc"]

GROUP = 16  # output samples whose weights are held together
COLUMNS = 64  # at least so many outputs a frame, that short periods do not make tiny products


@dataclass(frozen=True)
class SincFilter:
    """Weights for a pair of rates in lowest terms.

    Attributes:
        orig: input samples of a period.
        new: output samples of a period.
        hop: input samples from one frame to the next, a multiple of `orig`.
        margin: input samples of a frame before its first output.
        frame: input samples of a frame.
        weights: from the samples of a frame to its `hop * new / orig` outputs.
    """

    orig: int
    new: int
    hop: int
    margin: int
    frame: int
    weights: tuple[Block, ...]


@constant
def make_sinc_filter(
    orig: int,
    new: int,
    lowpass_filter_width: int,
    rolloff: float,
    beta: float | None,
    dtype: torch.dtype,
    device: torch.device,
) -> SincFilter:
    """The weights for a pair of rates in lowest terms; kept, and so never to be changed in place.

    Args:
        orig: of the input.
        new: of the output.
        lowpass_filter_width: zero crossings of the sinc to each side.
        rolloff: cutoff as a part of the lower Nyquist frequency.
        beta: of Kaiser's window; None for a Hann window.
        dtype: of the weights.
        device: of the weights.
    """
    cutoff = min(orig, new) * rolloff  # zero crossings in a period
    reach = lowpass_filter_width * orig / cutoff  # to each side, in input samples
    margin = math.ceil(reach)
    periods = max(1, round(COLUMNS / new))
    columns = periods * new
    blocks = []
    for first in range(0, columns, GROUP):
        outputs = np.arange(first, min(first + GROUP, columns))
        low = math.floor(outputs[0] * orig / new - reach)
        high = math.ceil(outputs[-1] * orig / new + reach)
        inputs = np.arange(low, high + 1)
        # Distances between input and output samples, in zero crossings; the integers keep them exact.
        distances = (inputs[:, None] * new - outputs * orig) / (orig * new) * cutoff
        values = torch.tensor(_kernel(distances, lowpass_filter_width, beta) * (cutoff / orig), dtype=dtype)
        blocks.append(Block(low + margin, first, values.to(device)))
    frame = max(block.first_row + len(block.values) for block in blocks)
    return SincFilter(orig, new, periods * orig, margin, frame, tuple(blocks))


def resample_sinc(waveform: Tensor, sinc: SincFilter) -> Tensor:
    """Resample `waveform`, `(..., time)`, to `(..., ceil(time * new / orig))`.

    The signal counts as zero before its start and after its end.
    """
    *leading, time = waveform.shape
    length = (time * sinc.new + sinc.orig - 1) // sinc.orig
    count = time // sinc.hop + 1
    after = (count - 1) * sinc.hop + sinc.frame - sinc.margin - time
    with full_precision(waveform):
        if not can_reuse_buffers(waveform):
            frames = F.pad(waveform, (sinc.margin, after)).unfold(-1, sinc.frame, sinc.hop)
            return first_samples(banded_product(frames, sinc.weights).flatten(-2), length)
        signals = waveform.reshape(math.prod(leading), time)
        result = signals.new_empty(len(signals), count, sinc.hop // sinc.orig * sinc.new)
        for signal, out in zip(signals, result, strict=True):
            frames = F.pad(signal, (sinc.margin, after)).unfold(0, sinc.frame, sinc.hop)
            banded_product_into(frames, sinc.weights, out)
        return result.view(*leading, result.shape[1] * result.shape[2])[..., :length]


def _kernel(distances: np.ndarray, width: int, beta: float | None) -> np.ndarray:
    """A sinc of unit zero crossings under a window that ends at `width` of them."""
    distances = np.clip(distances, -width, width)
    if beta is None:
        window = np.cos(distances * np.pi / (2 * width)) ** 2
    else:
        window = np.i0(beta * np.sqrt(1.0 - (distances / width) ** 2)) / np.i0(beta)
    return np.sinc(distances) * window
