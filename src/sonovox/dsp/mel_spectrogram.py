"""Mel spectrogram: a spectrogram summed by mel filters.

Davis and Mermelstein, "Comparison of parametric representations for monosyllabic
word recognition", IEEE Trans. ASSP 28, 1980; the filters are those of `dsp.mel`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import constant
from sonovox.dsp.frames import FilterBank, analysis_window, power_spectra
from sonovox.dsp.mel import MelScale, melscale_fbanks
from sonovox.dsp.spectrogram import Spectrogram

__all__ = ["MelSpectrogram", "mel_spectrogram"]


def mel_spectrogram(
    waveform: Tensor,
    sample_rate: int = 16000,
    n_fft: int = 400,
    win_length: int | None = None,
    hop_length: int | None = None,
    f_min: float = 0.0,
    f_max: float | None = None,
    pad: int = 0,
    n_mels: int = 128,
    window_fn: Callable[..., Tensor] = torch.hann_window,
    power: float = 2.0,
    normalized: bool | str = False,
    wkwargs: Mapping[str, Any] | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    onesided: bool | None = None,
    norm: str | None = None,
    mel_scale: str = "htk",
) -> Tensor:
    """Spectrogram summed by mel filters.

    Args:
        waveform: `(..., time)`, floating point.
        sample_rate: in Hz.
        n_fft: length of the Fourier transform, in samples.
        win_length: of the window, in samples; `n_fft` if None.
        hop_length: from one frame to the next, in samples; `win_length // 2` if None.
        f_min: lower corner of the first filter, in Hz.
        f_max: upper corner of the last filter, in Hz; half the sample rate if None.
        pad: zeros to add at both ends, in samples.
        n_mels: number of filters.
        window_fn: makes the window from `win_length` and `wkwargs`.
        power: exponent of the magnitude before the filters.
        normalized: see `spectrogram`, as are `center` and `pad_mode`.
        wkwargs: further arguments of `window_fn`.
        center: put frame k around sample `k * hop_length`.
        pad_mode: of the padding at both ends.
        onesided: takes no effect; filters need the bins up to half the sample rate.
        norm: see `melscale_fbanks`.
        mel_scale: see `hz_to_mel`.

    Returns:
        `(..., n_mels, frames)`, a transposed view.

    Raises:
        ArgumentError: see `spectrogram` and `melscale_fbanks`.

    >>> tone = torch.sin(2 * torch.pi * 440 / 16000 * torch.arange(1600))
    >>> mel_spectrogram(tone, n_mels=10)[:, 4].round()
    tensor([   75., 13119.,  1806.,     0.,     0.,     0.,     0.,     0.,     0.,     0.])
    """
    _check_onesided(onesided)
    length = n_fft if win_length is None else win_length
    hop = length // 2 if hop_length is None else hop_length
    f_max = sample_rate / 2 if f_max is None else f_max
    window = analysis_window(window_fn(length, **(wkwargs or {})).to(waveform.device), n_fft, length, normalized)
    dtype = torch.float64 if waveform.dtype == torch.float64 else torch.float32
    bank = _filter_bank(n_fft // 2 + 1, f_min, f_max, n_mels, sample_rate, norm, mel_scale, dtype, waveform.device)
    padded = F.pad(waveform, (pad, pad)) if pad else waveform
    features = power_spectra(padded, window, hop, center=center, pad_mode=pad_mode, power=power, bank=bank)
    return features.transpose(-1, -2)


class MelSpectrogram(nn.Module):
    """Module twin of `mel_spectrogram`; it keeps the window and the filters, as buffers of its two parts.

    Args:
        sample_rate: see `mel_spectrogram`, as for all others.

    >>> MelSpectrogram(n_mels=40)(torch.zeros(2, 16000)).shape
    torch.Size([2, 40, 81])
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
        n_mels: int = 128,
        window_fn: Callable[..., Tensor] = torch.hann_window,
        power: float = 2.0,
        normalized: bool | str = False,
        wkwargs: Mapping[str, Any] | None = None,
        center: bool = True,
        pad_mode: str = "reflect",
        onesided: bool | None = None,
        norm: str | None = None,
        mel_scale: str = "htk",
    ) -> None:
        super().__init__()
        _check_onesided(onesided)
        self.spectrogram = Spectrogram(
            n_fft, win_length, hop_length, pad, window_fn, power, normalized, wkwargs, center, pad_mode
        )
        self.mel_scale = MelScale(n_mels, sample_rate, f_min, f_max, n_fft // 2 + 1, norm, mel_scale)
        self.power = power

    def forward(self, waveform: Tensor) -> Tensor:
        stft = self.spectrogram
        window = analysis_window(stft.window, stft.n_fft, stft.win_length, stft.normalized)
        features = power_spectra(
            F.pad(waveform, (stft.pad, stft.pad)) if stft.pad else waveform,
            window,
            stft.hop_length,
            center=stft.center,
            pad_mode=stft.pad_mode,
            power=self.power,
            bank=self.mel_scale.filter_bank(),
        )
        return features.transpose(-1, -2)


@constant
def _filter_bank(
    n_freqs: int,
    f_min: float,
    f_max: float,
    n_mels: int,
    sample_rate: int,
    norm: str | None,
    mel_scale: str,
    dtype: torch.dtype,
    device: torch.device,
) -> FilterBank:
    filters = melscale_fbanks(n_freqs, f_min, f_max, n_mels, sample_rate, norm, mel_scale, dtype=dtype)
    return FilterBank(filters.to(device))


def _check_onesided(onesided: bool | None) -> None:
    if onesided is False:
        raise ArgumentError(
            "onesided=False has no mel filters, which end at half the sample rate", hint="leave onesided away"
        )
