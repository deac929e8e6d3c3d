"""Kaldi's mel scale and filters, and the warping of frequencies for vocal tract length normalisation.

The scale is 1127 ln(1 + f / 700), HTK's. The filters are triangles on the mel axis,
not on that of frequency. The warping is piecewise linear: Lee and Rose, "A frequency
warping approach to speaker normalization", IEEE Trans. SAP 6, 1998, with Kaldi's
two cutoffs.
"""

import math
import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sonovox._internal.errors import ArgumentError, SonovoxWarning
from sonovox.dsp.eager import constant
from sonovox.dsp.frames import FilterBank

__all__ = [
    "get_mel_banks",
    "inverse_mel_scale",
    "inverse_mel_scale_scalar",
    "mel_filter_bank",
    "mel_scale",
    "mel_scale_scalar",
    "vtln_warp_freq",
    "vtln_warp_mel_freq",
]


def get_mel_banks(
    num_bins: int,
    window_length_padded: int,
    sample_freq: float,
    low_freq: float,
    high_freq: float,
    vtln_low: float,
    vtln_high: float,
    vtln_warp_factor: float,
) -> tuple[Tensor, Tensor]:
    """Triangular filters with corners at equal distances in mel.

    Args:
        num_bins: number of filters, at least 4.
        window_length_padded: length of the Fourier transform, even.
        sample_freq: in Hz.
        low_freq: lower corner of the first filter, in Hz.
        high_freq: upper corner of the last filter, in Hz; 0 or less counts from half the sample rate.
        vtln_low: lower cutoff of the warping, in Hz.
        vtln_high: upper cutoff of the warping, in Hz; less than 0 counts from half the sample rate.
        vtln_warp_factor: 1 for no warping.

    Returns:
        Filters `(num_bins, window_length_padded // 2)`, without the bin at half the
        sample rate, and their centers `(num_bins,)` in Hz. In the default dtype,
        computed in float64. Of filters into which no bin falls a `SonovoxWarning` tells.

    Raises:
        ArgumentError: corners or cutoffs that are not in order.

    >>> filters, centers = get_mel_banks(4, 16, 8000.0, 20.0, 0.0, 100.0, -500.0, 1.0)
    >>> filters
    tensor([[0.0000, 0.6386, 0.0000, 0.0000, 0.0000, 0.0000, 0.0000, 0.0000],
            [0.0000, 0.3614, 0.7103, 0.0231, 0.0000, 0.0000, 0.0000, 0.0000],
            [0.0000, 0.0000, 0.2897, 0.9769, 0.4773, 0.0245, 0.0000, 0.0000],
            [0.0000, 0.0000, 0.0000, 0.0000, 0.5227, 0.9755, 0.6376, 0.2998]])
    >>> centers.round()
    tensor([ 348.,  825., 1519., 2530.])
    """
    arguments = (low_freq, high_freq, vtln_low, vtln_high, vtln_warp_factor)
    filters, centers = _filters_and_centers(num_bins, window_length_padded, sample_freq, *arguments)
    dtype = torch.get_default_dtype()
    return torch.tensor(filters, dtype=dtype), torch.tensor(centers, dtype=dtype)


def vtln_warp_freq(
    vtln_low_cutoff: float,
    vtln_high_cutoff: float,
    low_freq: float,
    high_freq: float,
    vtln_warp_factor: float,
    freq: Tensor,
) -> Tensor:
    """Frequencies after warping: divided by the factor between the cutoffs, and bent so that the ends stay.

    Args:
        vtln_low_cutoff: in Hz, above `low_freq`; multiplied by the factor where that is above 1.
        vtln_high_cutoff: in Hz, below `high_freq`; multiplied by the factor where that is below 1.
        low_freq: in Hz; this and everything below stays.
        high_freq: in Hz; this and everything above stays.
        vtln_warp_factor: positive.
        freq: in Hz, any shape.

    Raises:
        ArgumentError: cutoffs that are not between the ends, or not in order.

    >>> vtln_warp_freq(100.0, 7500.0, 20.0, 8000.0, 1.25, torch.tensor([10.0, 50.0, 1000.0, 8000.0]))
    tensor([  10.0000,   42.8571,  800.0000, 8000.0000])
    """
    knots, warped = _warping(vtln_low_cutoff, vtln_high_cutoff, low_freq, high_freq, vtln_warp_factor)
    below, middle, above = (
        warped[i] + (warped[i + 1] - warped[i]) / (knots[i + 1] - knots[i]) * (freq - knots[i]) for i in range(3)
    )
    bent = torch.where(freq < knots[1], below, torch.where(freq < knots[2], middle, above))
    return torch.where((freq < low_freq) | (freq > high_freq), freq, bent)


def vtln_warp_mel_freq(
    vtln_low_cutoff: float,
    vtln_high_cutoff: float,
    low_freq: float,
    high_freq: float,
    vtln_warp_factor: float,
    mel_freq: Tensor,
) -> Tensor:
    """`vtln_warp_freq` of frequencies in mel; the other arguments are in Hz.

    >>> vtln_warp_mel_freq(100.0, 7500.0, 20.0, 8000.0, 1.25, torch.tensor([1000.0]))
    tensor([858.9404])
    """
    freq = inverse_mel_scale(mel_freq)
    return mel_scale(vtln_warp_freq(vtln_low_cutoff, vtln_high_cutoff, low_freq, high_freq, vtln_warp_factor, freq))


def mel_scale(freq: Tensor) -> Tensor:
    """Mel of frequencies in Hz.

    >>> mel_scale(torch.tensor([0.0, 1000.0]))
    tensor([  0.0000, 999.9907])
    """
    return 1127.0 * (1.0 + freq / 700.0).log()


def inverse_mel_scale(mel_freq: Tensor) -> Tensor:
    """Frequencies in Hz of mels.

    >>> inverse_mel_scale(torch.tensor([0.0, 1000.0]))
    tensor([   0.0000, 1000.0140])
    """
    return 700.0 * ((mel_freq / 1127.0).exp() - 1.0)


def mel_scale_scalar(freq: float) -> float:
    """`mel_scale` of a number.

    >>> round(mel_scale_scalar(1000.0), 4)
    999.9907
    """
    return 1127.0 * math.log(1.0 + freq / 700.0)


def inverse_mel_scale_scalar(mel_freq: float) -> float:
    """`inverse_mel_scale` of a number.

    >>> round(inverse_mel_scale_scalar(1000.0), 4)
    1000.014
    """
    return 700.0 * (math.exp(mel_freq / 1127.0) - 1.0)


@constant
def mel_filter_bank(
    num_bins: int,
    window_length_padded: int,
    sample_freq: float,
    low_freq: float,
    high_freq: float,
    vtln_low: float,
    vtln_high: float,
    vtln_warp_factor: float,
    dtype: torch.dtype,
    device: torch.device,
) -> FilterBank:
    """The filters of `get_mel_banks` as products take them: bins first, with zeros for that at half the sample rate.

    Filters of zeros fill up a multiple of 16, at which products take half the time; callers drop their results.

    >>> at_16_khz = (16000.0, 20.0, 0.0, 100.0, -500.0, 1.0)
    >>> mel_filter_bank(23, 512, *at_16_khz, torch.float32, torch.device("cpu")).weights.shape
    torch.Size([257, 32])
    """
    arguments = (low_freq, high_freq, vtln_low, vtln_high, vtln_warp_factor)
    filters, _ = _filters_and_centers(num_bins, window_length_padded, sample_freq, *arguments)
    weights = np.pad(filters.T, ((0, 1), (0, -num_bins % 16)))
    return FilterBank(torch.tensor(weights, dtype=dtype, device=device))


def _filters_and_centers(
    num_bins: int,
    n_fft: int,
    sample_freq: float,
    low_freq: float,
    high_freq: float,
    vtln_low: float,
    vtln_high: float,
    warp_factor: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nyquist = 0.5 * sample_freq
    high_freq = high_freq + nyquist if high_freq <= 0.0 else high_freq
    vtln_high = vtln_high + nyquist if vtln_high < 0.0 else vtln_high
    _check_filters(num_bins, n_fft, low_freq, high_freq, nyquist)
    corners = np.linspace(mel_scale_scalar(low_freq), mel_scale_scalar(high_freq), num_bins + 2)
    if warp_factor != 1.0:
        knots, warped = _warping(vtln_low, vtln_high, low_freq, high_freq, warp_factor)
        hz: NDArray[np.float64] = 700.0 * np.expm1(corners / 1127.0)
        corners = _mel(np.interp(hz, knots, warped))
    left, center, right = (corners[start : start + num_bins, None] for start in range(3))
    mel = _mel(sample_freq / n_fft * np.arange(n_fft // 2, dtype=np.float64))
    filters = np.maximum(0.0, np.minimum((mel - left) / (center - left), (right - mel) / (right - center)))
    _warn_of_empty(filters, sample_freq / n_fft)
    return filters, 700.0 * np.expm1(center[:, 0] / 1127.0)


def _mel(freq: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(freq / 700.0))


def _warping(
    vtln_low: float, vtln_high: float, low_freq: float, high_freq: float, factor: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Where the piecewise linear warping bends, and to which frequencies it takes these."""
    low_cutoff, high_cutoff = vtln_low * max(1.0, factor), vtln_high * min(1.0, factor)
    if not low_freq < vtln_low <= low_cutoff < high_cutoff <= vtln_high < high_freq:
        raise ArgumentError(
            f"the cutoffs must be in order between low_freq={low_freq} and high_freq={high_freq}, got vtln_low="
            f"{vtln_low} and vtln_high={vtln_high}, {low_cutoff:g} and {high_cutoff:g} when warped by {factor}",
            hint="move them inward, or warp less",
        )
    return (low_freq, low_cutoff, high_cutoff, high_freq), (
        low_freq,
        low_cutoff / factor,
        high_cutoff / factor,
        high_freq,
    )


def _check_filters(num_bins: int, n_fft: int, low_freq: float, high_freq: float, nyquist: float) -> None:
    if num_bins < 4:
        raise ArgumentError(f"num_mel_bins must be at least 4, got {num_bins}", hint="23 is Kaldi's default")
    if n_fft < 2 or n_fft % 2:
        raise ArgumentError(f"window_length_padded must be even, got {n_fft}", hint="round it to a power of two")
    if not 0.0 <= low_freq < high_freq <= nyquist:
        raise ArgumentError(
            f"0 <= low_freq < high_freq <= {nyquist:g} Hz, half the sample rate, is needed; "
            f"got {low_freq:g} and {high_freq:g}",
            hint="a high_freq of 0 or less counts from half the sample rate",
        )


def _warn_of_empty(filters: NDArray[np.float64], spacing: float) -> None:
    empty = np.flatnonzero(filters.max(axis=1) == 0.0).tolist()
    if not empty:
        return
    named = ", ".join(str(index) for index in empty[:10]) + (", ..." if len(empty) > 10 else "")
    warnings.warn(
        f"{len(empty)} of {len(filters)} mel filters are empty: {named}; no bin of the spectrum, one every "
        f"{spacing:.1f} Hz, falls into them; lower num_mel_bins or raise frame_length",
        SonovoxWarning,
        stacklevel=4,
    )
