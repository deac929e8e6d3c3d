"""Linear-frequency cepstral coefficients: as MFCC, by filters at equal distances in Hz.

Davis and Mermelstein, "Comparison of parametric representations for monosyllabic
word recognition", IEEE Trans. ASSP 28, 1980, where they are compared with MFCC.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.cepstrum import cepstra
from sonovox.dsp.filter_bank import filter_spectrum, triangular_filters
from sonovox.dsp.mfcc import create_dct
from sonovox.dsp.spectrogram import Spectrogram

__all__ = ["LFCC", "linear_fbanks"]


def linear_fbanks(n_freqs: int, f_min: float, f_max: float, n_filter: int, sample_rate: int) -> Tensor:
    """Triangular filters with corners at equal distances in Hz, and a peak of 1.

    Args:
        n_freqs: bins of the spectrum, from 0 Hz to half the sample rate: `n_fft // 2 + 1`.
        f_min: lower corner of the first filter, in Hz.
        f_max: upper corner of the last filter, in Hz.
        n_filter: number of filters.
        sample_rate: in Hz.

    Returns:
        `(n_freqs, n_filter)` in the default dtype.

    Raises:
        ArgumentError: `f_min` is not below `f_max`, or a count is not positive.

    >>> linear_fbanks(5, 0.0, 4000.0, 3, 8000)
    tensor([[0., 0., 0.],
            [1., 0., 0.],
            [0., 1., 0.],
            [0., 0., 1.],
            [0., 0., 0.]])
    """
    check_positive("n_freqs", n_freqs)
    check_positive("n_filter", n_filter)
    check_positive("sample_rate", sample_rate, unit="in Hz")
    if not 0.0 <= f_min < f_max:
        raise ArgumentError(
            f"f_min must be at least 0 and below f_max={f_max}, got {f_min}",
            hint="f_max is half the sample rate at most",
        )
    bins = np.linspace(0.0, sample_rate / 2, n_freqs)
    filters = triangular_filters(bins, np.linspace(f_min, f_max, n_filter + 2))
    return torch.tensor(filters, dtype=torch.get_default_dtype())


class LFCC(nn.Module):
    """Cepstral coefficients of linear filters; it keeps them and the cosine transform as buffers.

    Args:
        sample_rate: in Hz.
        n_filter: number of filters.
        f_min: lower corner of the first filter, in Hz.
        f_max: upper corner of the last filter, in Hz; half the sample rate if None.
        n_lfcc: coefficients, at most the number of filters.
        dct_type: 2, the only one.
        norm: see `create_dct`.
        log_lf: the natural logarithm of powers plus 1e-6; without it decibels, limited to 80 below the
            loudest of each signal.
        speckwargs: further arguments of `Spectrogram`.

    Raises:
        ArgumentError: more coefficients than filters; see `linear_fbanks` and `Spectrogram`.

    >>> LFCC(n_lfcc=13)(torch.zeros(2, 16000)).shape
    torch.Size([2, 13, 81])
    """

    filter_mat: Tensor
    dct_mat: Tensor

    def __init__(
        self,
        sample_rate: int = 16000,
        n_filter: int = 128,
        f_min: float = 0.0,
        f_max: float | None = None,
        n_lfcc: int = 40,
        dct_type: int = 2,
        norm: str | None = "ortho",
        log_lf: bool = False,
        speckwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if dct_type != 2:
            raise ArgumentError(f"dct_type must be 2, got {dct_type}", hint="no other type is in use for cepstra")
        self.Spectrogram = Spectrogram(**(speckwargs or {}))
        n_freqs = self.Spectrogram.n_fft // 2 + 1
        if n_lfcc > n_filter:
            raise ArgumentError(
                f"n_lfcc must be at most n_filter={n_filter}, got {n_lfcc}", hint="lower it, or raise n_filter"
            )
        self.sample_rate = sample_rate
        self.n_lfcc = n_lfcc
        self.log_lf = log_lf
        f_max = sample_rate / 2 if f_max is None else f_max
        self.register_buffer("filter_mat", linear_fbanks(n_freqs, f_min, f_max, n_filter, sample_rate))
        self.register_buffer("dct_mat", create_dct(n_lfcc, n_filter, norm))

    def forward(self, waveform: Tensor) -> Tensor:
        def filtered(signals: Tensor) -> Tensor:
            return filter_spectrum(self.Spectrogram(signals), self.filter_mat, "n_freqs")

        return cepstra(waveform, filtered, self.dct_mat, self.log_lf)

    def extra_repr(self) -> str:
        return f"sample_rate={self.sample_rate}, n_lfcc={self.n_lfcc}, log_lf={self.log_lf}"
