"""Inverse mel scale: a spectrogram whose mel spectrogram is the one given.

Of the many, the one of least energy, without negative powers (`InverseFilterBank`).
"""

import warnings
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import SonovoxWarning
from sonovox.dsp.inverse_filter_bank import InverseFilterBank
from sonovox.dsp.mel import melscale_fbanks

__all__ = ["InverseMelScale"]

DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


class InverseMelScale(InverseFilterBank):
    """Spectrograms of mel spectrograms, in the least squares and not negative.

    Args:
        n_stft: bins of the spectrogram, `n_fft // 2 + 1`.
        n_mels: number of filters.
        sample_rate: in Hz.
        f_min: lower corner of the first filter, in Hz.
        f_max: upper corner of the last filter, in Hz; half the sample rate if None.
        norm: see `melscale_fbanks`.
        mel_scale: see `hz_to_mel`.
        driver: LAPACK's name of a way to solve least squares, as in torchaudio. All give the same here, for filters
            of which some are empty or alike, too, where torchaudio's `"gels"` raises.
        sgdargs: of torchaudio 0.10, as are `max_iter`, `tolerance_loss` and `tolerance_change`: they steered a
            search for the solution that is now written down. Accepted with a warning, without effect.

    Raises:
        ArgumentError: see `melscale_fbanks`; on a call, another number of filters than `n_mels`.

    >>> import torch
    >>> InverseMelScale(n_stft=201, n_mels=40)(torch.ones(2, 40, 100)).shape
    torch.Size([2, 201, 100])
    """

    def __init__(
        self,
        n_stft: int,
        n_mels: int = 128,
        sample_rate: int = 16000,
        f_min: float = 0.0,
        f_max: float | None = None,
        norm: str | None = None,
        mel_scale: str = "htk",
        driver: str = "gels",
        *,
        max_iter: int | None = None,
        tolerance_loss: float | None = None,
        tolerance_change: float | None = None,
        sgdargs: Mapping[str, Any] | None = None,
    ) -> None:
        f_max = sample_rate / 2 if f_max is None else f_max
        super().__init__(melscale_fbanks(n_stft, f_min, f_max, n_mels, sample_rate, norm, mel_scale))
        check_choice("driver", driver, DRIVERS)
        if any(value is not None for value in (max_iter, tolerance_loss, tolerance_change, sgdargs)):
            warnings.warn(
                "max_iter, tolerance_loss, tolerance_change and sgdargs have no effect: the solution is not "
                "searched for any more; leave them away",
                SonovoxWarning,
                stacklevel=2,
            )
        self.n_mels = n_mels
        self.sample_rate = sample_rate
        self.f_min = f_min
        self.f_max = f_max

    def forward(self, melspec: Tensor) -> Tensor:
        """Spectrogram `(..., n_stft, frames)` of `melspec`, `(..., n_mels, frames)`."""
        return self.bins_of("melspec", melspec, "n_mels")

    def extra_repr(self) -> str:
        return f"n_mels={self.n_mels}, sample_rate={self.sample_rate}, f_min={self.f_min}, f_max={self.f_max}"
