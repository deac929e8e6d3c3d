"""Mel scale and mel filters.

HTK's scale: O'Shaughnessy, "Speech communication", 1987, as in the HTK book,
eq. 5.13. Slaney's scale and area normalisation: Slaney, "Auditory toolbox",
version 2, 1998: linear below 1 kHz, logarithmic above.
"""

import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_positive
from sonovox._internal.errors import ArgumentError, SonovoxWarning
from sonovox.dsp.eager import can_reuse_buffers
from sonovox.dsp.filter_bank import filter_spectrum, triangular_filters
from sonovox.dsp.frames import FilterBank

__all__ = ["MelScale", "create_fb_matrix", "hz_to_mel", "mel_to_hz", "melscale_fbanks"]

MEL_SCALES = ("htk", "slaney")

# Slaney's scale: 3 mel for 200 Hz up to 1 kHz, then 27 mel for a factor of 6.4.
_SLANEY_HZ_PER_MEL = 200.0 / 3.0
_SLANEY_KNEE_HZ = 1000.0
_SLANEY_KNEE_MEL = _SLANEY_KNEE_HZ / _SLANEY_HZ_PER_MEL
_SLANEY_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(frequency: float | NDArray[np.float64], mel_scale: str = "htk") -> NDArray[np.float64]:
    """Mel of a frequency, or of an array of them.

    Args:
        frequency: in Hz, not negative.
        mel_scale: `"htk"`: 2595 log10(1 + f / 700); `"slaney"`: linear to 1 kHz, logarithmic above.

    Raises:
        ChoiceError: an unknown scale.

    >>> round(float(hz_to_mel(1000.0)), 3), round(float(hz_to_mel(1000.0, "slaney")), 3)
    (999.986, 15.0)
    """
    check_choice("mel_scale", mel_scale, MEL_SCALES)
    hz = np.asarray(frequency, dtype=np.float64)
    if mel_scale == "htk":
        return 2595.0 * np.log10(1.0 + hz / 700.0)
    above = _SLANEY_KNEE_MEL + np.log(np.maximum(hz, _SLANEY_KNEE_HZ) / _SLANEY_KNEE_HZ) / _SLANEY_LOG_STEP
    return np.where(hz < _SLANEY_KNEE_HZ, hz / _SLANEY_HZ_PER_MEL, above)


def mel_to_hz(mel: float | NDArray[np.float64], mel_scale: str = "htk") -> NDArray[np.float64]:
    """Frequency in Hz of a mel, or of an array of them: the inverse of `hz_to_mel`.

    >>> round(float(mel_to_hz(2840.0)), 2), round(float(mel_to_hz(42.0, "slaney")), 2)
    (7999.82, 6400.0)
    """
    check_choice("mel_scale", mel_scale, MEL_SCALES)
    mels = np.asarray(mel, dtype=np.float64)
    if mel_scale == "htk":
        return 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    above = _SLANEY_KNEE_HZ * np.exp(_SLANEY_LOG_STEP * (np.maximum(mels, _SLANEY_KNEE_MEL) - _SLANEY_KNEE_MEL))
    return np.where(mels < _SLANEY_KNEE_MEL, mels * _SLANEY_HZ_PER_MEL, above)


def melscale_fbanks(
    n_freqs: int,
    f_min: float,
    f_max: float,
    n_mels: int,
    sample_rate: int,
    norm: str | None = None,
    mel_scale: str = "htk",
    *,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Triangular filters with corners at equal distances in mel.

    With the scale and norm `"slaney"` they are librosa's default filters.

    Args:
        n_freqs: bins of the spectrum, from 0 Hz to half the sample rate: `n_fft // 2 + 1`.
        f_min: lower corner of the first filter, in Hz.
        f_max: upper corner of the last filter, in Hz.
        n_mels: number of filters.
        sample_rate: in Hz. Bin k is at exactly `k * sample_rate / n_fft`, for odd rates too,
            where torchaudio rounds half the rate down.
        norm: None for a peak of 1, `"slaney"` for equal areas.
        mel_scale: see `hz_to_mel`.
        dtype: of the result, which is computed in float64; the default dtype if None.

    Returns:
        `(n_freqs, n_mels)`. Filters so narrow that no bin falls into them are
        columns of zeros, of which a `SonovoxWarning` tells.

    Raises:
        ArgumentError: `f_min` is not below `f_max`, or a count is not positive.

    >>> melscale_fbanks(5, 0.0, 4000.0, 2, 8000)
    tensor([[0.0000, 0.0000],
            [0.6759, 0.3241],
            [0.0000, 0.9055],
            [0.0000, 0.4528],
            [0.0000, 0.0000]])
    """
    check_positive("n_freqs", n_freqs)
    check_positive("n_mels", n_mels)
    check_positive("sample_rate", sample_rate, unit="in Hz")
    if norm is not None:
        check_choice("norm", norm, ["slaney"])
    if not 0.0 <= f_min < f_max:
        raise ArgumentError(
            f"f_min must be at least 0 and below f_max={f_max}, got {f_min}",
            hint="f_max is half the sample rate at most",
        )
    bins = np.linspace(0.0, sample_rate / 2, n_freqs)
    corners = mel_to_hz(np.linspace(hz_to_mel(f_min, mel_scale), hz_to_mel(f_max, mel_scale), n_mels + 2), mel_scale)
    filters = triangular_filters(bins, corners)
    _warn_of_empty(filters, n_freqs, sample_rate)
    if norm == "slaney":
        filters *= 2.0 / (corners[2:] - corners[:-2])
    return torch.tensor(filters, dtype=dtype or torch.get_default_dtype())


create_fb_matrix = melscale_fbanks  # its name in torchaudio up to 0.10


class MelScale(nn.Module):
    """Sum the bins of a spectrogram by mel filters, which it keeps as the buffer `fb`.

    Args:
        n_mels: number of filters.
        sample_rate: in Hz.
        f_min: lower corner of the first filter, in Hz.
        f_max: upper corner of the last filter, in Hz; half the sample rate if None.
        n_stft: bins of the spectrogram, `n_fft // 2 + 1`.
        norm: see `melscale_fbanks`.
        mel_scale: see `hz_to_mel`.

    Raises:
        ArgumentError: see `melscale_fbanks`; on a call, another number of bins than `n_stft`.

    >>> MelScale(n_mels=40, n_stft=257)(torch.ones(2, 257, 100)).shape
    torch.Size([2, 40, 100])
    """

    fb: Tensor

    def __init__(
        self,
        n_mels: int = 128,
        sample_rate: int = 16000,
        f_min: float = 0.0,
        f_max: float | None = None,
        n_stft: int = 201,
        norm: str | None = None,
        mel_scale: str = "htk",
    ) -> None:
        super().__init__()
        self.n_mels = n_mels
        self.sample_rate = sample_rate
        self.f_min = f_min
        self.f_max = sample_rate / 2 if f_max is None else f_max
        self.n_stft = n_stft
        self.norm = norm
        self.mel_scale = mel_scale
        self.register_buffer("fb", melscale_fbanks(n_stft, f_min, self.f_max, n_mels, sample_rate, norm, mel_scale))
        self._bank: FilterBank | None = None

    def forward(self, specgram: Tensor) -> Tensor:
        """Mel spectrogram `(..., n_mels, frames)` of `specgram`, `(..., n_stft, frames)`."""
        return filter_spectrum(specgram, self.fb, "n_stft")

    def filter_bank(self) -> FilterBank:
        """The filters as `power_spectra` takes them, prepared again whenever `fb` has changed."""
        if not can_reuse_buffers(self.fb):
            return FilterBank(self.fb)
        self._bank = FilterBank.of_buffer(self.fb, self._bank)
        return self._bank

    def extra_repr(self) -> str:
        return f"n_mels={self.n_mels}, sample_rate={self.sample_rate}, f_min={self.f_min}, f_max={self.f_max}"


def _warn_of_empty(filters: NDArray[np.float64], n_freqs: int, sample_rate: int) -> None:
    empty = np.flatnonzero(filters.max(axis=0) == 0.0)
    if len(empty) == 0:
        return
    named = ", ".join(str(index) for index in empty[:10]) + (", ..." if len(empty) > 10 else "")
    spacing = sample_rate / 2 / max(n_freqs - 1, 1)
    warnings.warn(
        f"{len(empty)} of {filters.shape[1]} mel filters are empty: {named}; no bin of the spectrum, one every "
        f"{spacing:.1f} Hz, falls into them; lower n_mels or raise n_fft (n_freqs={n_freqs} is n_fft // 2 + 1)",
        SonovoxWarning,
        stacklevel=3,
    )
