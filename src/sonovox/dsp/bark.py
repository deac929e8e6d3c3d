"""Bark scale and bark filters: critical bands of hearing.

Traunmüller, "Analytical expressions for the tonotopic sensory scale", J. Acoust.
Soc. Am. 88, 1990; Schroeder, Atal and Hall, "Optimizing digital speech coders by
exploiting masking properties of the human ear", J. Acoust. Soc. Am. 66, 1979;
Wang, Sekey and Gersho, "An objective measure for predicting subjective quality of
speech coders", IEEE J. Sel. Areas Commun. 10, 1992.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.filter_bank import filter_spectrum, triangular_filters
from sonovox.dsp.spectrogram import Spectrogram

__all__ = ["BarkScale", "BarkSpectrogram", "bark_to_hz", "barkscale_fbanks", "hz_to_bark"]

# Width in Hz of the arcus sinus hyperbolicus, and its factor.
_ASINH_SCALES = {"schroeder": (650.0, 7.0), "wang": (600.0, 6.0)}
BARK_SCALES = ("schroeder", "traunmuller", "wang")


def hz_to_bark(frequency: float | NDArray[np.float64], bark_scale: str = "traunmuller") -> NDArray[np.float64]:
    """Bark of a frequency, or of an array of them.

    Args:
        frequency: in Hz, not negative.
        bark_scale: `"traunmuller"`: 26.81 f / (1960 + f) - 0.53, corrected below 2 and above 20.1 bark;
            `"schroeder"`: 7 asinh(f / 650); `"wang"`: 6 asinh(f / 600).

    Raises:
        ChoiceError: an unknown scale.

    >>> round(float(hz_to_bark(1000.0)), 3), round(float(hz_to_bark(1000.0, "schroeder")), 3)
    (8.527, 8.511)
    """
    check_choice("bark_scale", bark_scale, BARK_SCALES)
    hz = np.asarray(frequency, dtype=np.float64)
    if bark_scale in _ASINH_SCALES:
        width, factor = _ASINH_SCALES[bark_scale]
        return factor * np.arcsinh(hz / width)
    bark = 26.81 * hz / (1960.0 + hz) - 0.53
    return np.where(bark < 2.0, 0.85 * bark + 0.3, np.where(bark > 20.1, 1.22 * bark - 4.422, bark))


def bark_to_hz(bark: float | NDArray[np.float64], bark_scale: str = "traunmuller") -> NDArray[np.float64]:
    """Frequency in Hz of a bark, or of an array of them: the inverse of `hz_to_bark`.

    >>> round(float(bark_to_hz(8.527)))
    1000
    """
    check_choice("bark_scale", bark_scale, BARK_SCALES)
    barks = np.asarray(bark, dtype=np.float64)
    if bark_scale in _ASINH_SCALES:
        width, factor = _ASINH_SCALES[bark_scale]
        return width * np.sinh(barks / factor)
    plain = np.where(barks < 2.0, (barks - 0.3) / 0.85, np.where(barks > 20.1, (barks + 4.422) / 1.22, barks))
    return 1960.0 * (plain + 0.53) / (26.28 - plain)


def barkscale_fbanks(
    n_freqs: int,
    f_min: float,
    f_max: float,
    n_barks: int,
    sample_rate: int,
    bark_scale: str = "traunmuller",
) -> Tensor:
    """Triangular filters with corners at equal distances in bark, and a peak of 1.

    Args:
        n_freqs: bins of the spectrum, from 0 Hz to half the sample rate: `n_fft // 2 + 1`.
        f_min: lower corner of the first filter, in Hz.
        f_max: upper corner of the last filter, in Hz.
        n_barks: number of filters.
        sample_rate: in Hz.
        bark_scale: see `hz_to_bark`.

    Returns:
        `(n_freqs, n_barks)` in the default dtype.

    Raises:
        ArgumentError: `f_min` is not below `f_max`, or a count is not positive.

    >>> barkscale_fbanks(5, 0.0, 4000.0, 2, 8000)
    tensor([[0.0000, 0.0000],
            [0.6045, 0.3955],
            [0.0000, 0.8395],
            [0.0000, 0.4197],
            [0.0000, 0.0000]])
    """
    check_positive("n_freqs", n_freqs)
    check_positive("n_barks", n_barks)
    check_positive("sample_rate", sample_rate, unit="in Hz")
    if not 0.0 <= f_min < f_max:
        raise ArgumentError(
            f"f_min must be at least 0 and below f_max={f_max}, got {f_min}",
            hint="f_max is half the sample rate at most",
        )
    low, high = hz_to_bark(f_min, bark_scale), hz_to_bark(f_max, bark_scale)
    corners = bark_to_hz(np.linspace(low, high, n_barks + 2), bark_scale)
    filters = triangular_filters(np.linspace(0.0, sample_rate / 2, n_freqs), corners)
    return torch.tensor(filters, dtype=torch.get_default_dtype())


class BarkScale(nn.Module):
    """Sum the bins of a spectrogram by bark filters, which it keeps as the buffer `fb`.

    Args:
        n_barks: number of filters.
        sample_rate: in Hz.
        f_min: lower corner of the first filter, in Hz.
        f_max: upper corner of the last filter, in Hz; half the sample rate if None.
        n_stft: bins of the spectrogram, `n_fft // 2 + 1`.
        bark_scale: see `hz_to_bark`.

    >>> BarkScale(n_barks=24, n_stft=257)(torch.ones(2, 257, 100)).shape
    torch.Size([2, 24, 100])
    """

    fb: Tensor

    def __init__(
        self,
        n_barks: int = 128,
        sample_rate: int = 16000,
        f_min: float = 0.0,
        f_max: float | None = None,
        n_stft: int = 201,
        bark_scale: str = "traunmuller",
    ) -> None:
        super().__init__()
        self.n_barks = n_barks
        self.sample_rate = sample_rate
        f_max = sample_rate / 2 if f_max is None else f_max
        self.register_buffer("fb", barkscale_fbanks(n_stft, f_min, f_max, n_barks, sample_rate, bark_scale))

    def forward(self, specgram: Tensor) -> Tensor:
        """Bark spectrogram `(..., n_barks, frames)` of `specgram`, `(..., n_stft, frames)`."""
        return filter_spectrum(specgram, self.fb, "n_stft")

    def extra_repr(self) -> str:
        return f"n_barks={self.n_barks}, sample_rate={self.sample_rate}"


class BarkSpectrogram(nn.Module):
    """Spectrogram summed by bark filters.

    Args:
        sample_rate: in Hz.
        n_fft: see `Spectrogram`, as are `win_length`, `hop_length`, `pad`, `window_fn`, `power`, `normalized`,
            `wkwargs`, `center` and `pad_mode`.
        f_min: see `BarkScale`, as are `f_max`, `n_barks` and `bark_scale`.

    >>> BarkSpectrogram(n_barks=24)(torch.zeros(2, 16000)).shape
    torch.Size([2, 24, 81])
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        f_min: float = 0.0,
        f_max: float | None = None,
        pad: int = 0,
        n_barks: int = 128,
        window_fn: Callable[..., Tensor] = torch.hann_window,
        power: float = 2.0,
        normalized: bool | str = False,
        wkwargs: Mapping[str, Any] | None = None,
        center: bool = True,
        pad_mode: str = "reflect",
        bark_scale: str = "traunmuller",
    ) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(
            n_fft, win_length, hop_length, pad, window_fn, power, normalized, wkwargs, center, pad_mode
        )
        self.bark_scale = BarkScale(n_barks, sample_rate, f_min, f_max, n_fft // 2 + 1, bark_scale)

    def forward(self, waveform: Tensor) -> Tensor:
        return self.bark_scale(self.spectrogram(waveform))
