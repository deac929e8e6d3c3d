"""Mel-frequency cepstral coefficients.

Davis and Mermelstein, "Comparison of parametric representations for monosyllabic
word recognition", IEEE Trans. ASSP 28, 1980: the discrete cosine transform of the
logarithm of a mel spectrogram.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.cepstrum import cepstra
from sonovox.dsp.mel_spectrogram import MelSpectrogram, mel_spectrogram

__all__ = ["MFCC", "create_dct", "mfcc"]


def mfcc(
    waveform: Tensor,
    sample_rate: int = 16000,
    n_mfcc: int = 40,
    dct_type: int = 2,
    norm: str | None = "ortho",
    log_mels: bool = False,
    melkwargs: Mapping[str, Any] | None = None,
) -> Tensor:
    """Cepstral coefficients of each frame.

    Args:
        waveform: `(..., time)`, floating point; half precision is computed in float32.
        sample_rate: in Hz.
        n_mfcc: coefficients, at most the number of mel filters.
        dct_type: 2, the only one.
        norm: see `create_dct`.
        log_mels: the natural logarithm of powers plus 1e-6; without it decibels, limited to 80 below the
            loudest of each signal (torchaudio takes the loudest of a batch).
        melkwargs: further arguments of `mel_spectrogram`.

    Returns:
        `(..., n_mfcc, frames)`, a transposed view.

    Raises:
        ArgumentError: more coefficients than filters; see `mel_spectrogram`.

    >>> tone = torch.sin(2 * torch.pi * 440 / 16000 * torch.arange(1600))
    >>> mfcc(tone, n_mfcc=4, melkwargs={"n_mels": 20})[:, 4].round()
    tensor([-125.,   58.,   30.,   -6.])
    """
    arguments = dict(melkwargs or {})
    dct = _dct_for(n_mfcc, arguments.get("n_mels", 128), dct_type, norm)
    return cepstra(waveform, lambda part: mel_spectrogram(part, sample_rate, **arguments), dct, log_mels)


class MFCC(nn.Module):
    """Module twin of `mfcc`; it keeps the matrix of the transform, as the buffer `dct_mat`, and a `MelSpectrogram`.

    Args:
        sample_rate: see `mfcc`, as for all others.

    >>> MFCC(n_mfcc=13, melkwargs={"n_mels": 40})(torch.zeros(2, 16000)).shape
    torch.Size([2, 13, 81])
    """

    dct_mat: Tensor

    def __init__(
        self,
        sample_rate: int = 16000,
        n_mfcc: int = 40,
        dct_type: int = 2,
        norm: str | None = "ortho",
        log_mels: bool = False,
        melkwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.n_mfcc = n_mfcc
        self.norm = norm
        self.log_mels = log_mels
        self.MelSpectrogram = MelSpectrogram(sample_rate, **(melkwargs or {}))
        self.register_buffer("dct_mat", _dct_for(n_mfcc, self.MelSpectrogram.mel_scale.n_mels, dct_type, norm))

    def forward(self, waveform: Tensor) -> Tensor:
        return cepstra(waveform, self.MelSpectrogram, self.dct_mat, self.log_mels)

    def extra_repr(self) -> str:
        return f"n_mfcc={self.n_mfcc}, norm={self.norm}, log_mels={self.log_mels}"


def create_dct(n_mfcc: int, n_mels: int, norm: str | None) -> Tensor:
    """Columns of the discrete cosine transform of type 2: `cos(pi / n_mels * (n + 1/2) * k)`.

    Args:
        n_mfcc: columns k.
        n_mels: rows n.
        norm: `"ortho"` for columns of unit length, None for twice the cosine, as in scipy.

    Returns:
        `(n_mels, n_mfcc)` in the default dtype; features times it are the coefficients.

    Raises:
        ArgumentError: a count that is not positive, another norm.

    >>> create_dct(2, 2, "ortho")
    tensor([[ 0.7071,  0.7071],
            [ 0.7071, -0.7071]])
    """
    check_positive("n_mfcc", n_mfcc)
    check_positive("n_mels", n_mels)
    if norm is not None:
        check_choice("norm", norm, ["ortho"])
    positions = torch.arange(n_mels, dtype=torch.float64) + 0.5
    # (2n + 1) k modulo 4 n_mels is exact, which makes the zeros of the cosine exact to rounding, too.
    angles = torch.outer(2 * positions, torch.arange(n_mfcc, dtype=torch.float64)) % (4 * n_mels)
    dct = torch.cos(angles * (math.pi / (2 * n_mels)))
    if norm is None:
        dct *= 2.0
    else:
        dct *= math.sqrt(2.0 / n_mels)
        dct[:, 0] *= math.sqrt(0.5)
    return dct.to(torch.get_default_dtype())


def _dct_for(n_mfcc: int, n_mels: int, dct_type: int, norm: str | None) -> Tensor:
    if dct_type != 2:
        raise ArgumentError(f"dct_type must be 2, got {dct_type}", hint="no other type is in use for cepstra")
    if n_mfcc > n_mels:
        raise ArgumentError(
            f"n_mfcc must be at most n_mels={n_mels}, got {n_mfcc}", hint="lower it, or raise n_mels in melkwargs"
        )
    return create_dct(n_mfcc, n_mels, norm)
