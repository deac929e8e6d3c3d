"""Banks of filters over the bins of a spectrum: their triangles, and summing by them.

What mel, bark, chroma and linear filters have in common. A building block of
`dsp`, not part of its faces.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import full_precision

__all__ = ["filter_spectrum", "triangular_filters"]


def triangular_filters(bins: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Filters that rise from one corner to 1 at the next, and fall to 0 at the one after it.

    Args:
        bins: frequencies, `(n_freqs,)`.
        corners: rising frequencies, `(n_filters + 2,)`.

    Returns:
        `(n_freqs, n_filters)`.

    >>> triangular_filters(np.arange(5.0), np.array([0.0, 2.0, 4.0]))[:, 0]
    array([0. , 0.5, 1. , 0.5, 0. ])
    """
    widths = np.diff(corners)
    rising = (bins[:, None] - corners[:-2]) / widths[:-1]
    falling = (corners[2:] - bins[:, None]) / widths[1:]
    return np.maximum(0.0, np.minimum(rising, falling))


def filter_spectrum(specgram: Tensor, filters: Tensor, bins_name: str) -> Tensor:
    """Sum the bins of a spectrogram by filters.

    Args:
        specgram: `(..., n_freqs, frames)`, floating point.
        filters: `(n_freqs, n_filters)`.
        bins_name: what the caller calls the number of bins.

    Returns:
        `(..., n_filters, frames)`, a transposed view.

    Raises:
        ArgumentError: another number of bins, integers.

    >>> filter_spectrum(torch.ones(3, 2), torch.ones(3, 1), "n_stft")
    tensor([[3., 3.]])
    """
    check_floating("specgram", specgram)
    if specgram.dim() < 2 or specgram.shape[-2] != filters.shape[0]:
        raise ArgumentError(
            f"specgram must have shape (..., {bins_name}={filters.shape[0]}, frames), got {tuple(specgram.shape)}",
            hint=f"set {bins_name} to the number of its bins, n_fft // 2 + 1",
        )
    with full_precision(specgram):
        return torch.matmul(specgram.transpose(-1, -2), filters.to(specgram.dtype)).transpose(-1, -2)
