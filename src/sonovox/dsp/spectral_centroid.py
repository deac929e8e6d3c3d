"""Spectral centroid: the mean frequency of each frame, weighted by magnitude.

Grey and Gordon, "Perceptual effects of spectral modifications on musical timbres",
J. Acoust. Soc. Am. 63, 1978. Both sums, of weighted and of plain magnitudes, come
from one product with the two columns `[frequency, 1]`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_positive, check_time_axis
from sonovox.dsp.eager import constant
from sonovox.dsp.frames import FilterBank, analysis_window, power_spectra

__all__ = ["SpectralCentroid", "spectral_centroid"]


def spectral_centroid(
    waveform: Tensor, sample_rate: int, pad: int, window: Tensor, n_fft: int, hop_length: int, win_length: int
) -> Tensor:
    """Centroid of each frame, in Hz.

    Args:
        waveform: `(..., time)`, floating point; half precision is computed in float32.
        sample_rate: in Hz.
        pad: zeros to add at both ends, in samples.
        window: `(win_length,)`.
        n_fft: length of the Fourier transform, in samples.
        hop_length: from one frame to the next, in samples.
        win_length: of the window, at most `n_fft`.

    Returns:
        `(..., frames)`, 0 to half the sample rate; 0 for a silent frame.

    Raises:
        ArgumentError: see `spectrogram`.

    >>> tone = torch.sin(2 * torch.pi * 1000 / 8000 * torch.arange(400))
    >>> spectral_centroid(tone, 8000, 0, torch.hann_window(80), 80, 40, 80)[1:-1].mean().round()
    tensor(1000.)
    """
    check_positive("sample_rate", sample_rate, unit="in Hz")
    check_time_axis("waveform", waveform)
    dtype = torch.float64 if waveform.dtype == torch.float64 else torch.float32
    bank = _frequency_and_one(sample_rate, n_fft, dtype, waveform.device)
    padded = F.pad(waveform, (pad, pad)) if pad else waveform
    window = analysis_window(window, n_fft, win_length)
    weighted, total = power_spectra(padded, window, hop_length, power=1.0, bank=bank).unbind(-1)
    silent = total == 0
    return weighted / total.masked_fill(silent, 1.0)


class SpectralCentroid(nn.Module):
    """Module twin of `spectral_centroid`; it keeps the window, as the buffer `window`.

    Args:
        sample_rate: in Hz.
        n_fft: see `spectral_centroid`.
        win_length: `n_fft` if None.
        hop_length: `win_length // 2` if None.
        pad: see `spectral_centroid`.
        window_fn: makes the window from `win_length` and `wkwargs`.
        wkwargs: further arguments of `window_fn`.

    >>> SpectralCentroid(16000)(torch.zeros(2, 16000)).shape
    torch.Size([2, 81])
    """

    window: Tensor

    def __init__(
        self,
        sample_rate: int,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        pad: int = 0,
        window_fn: Callable[..., Tensor] = torch.hann_window,
        wkwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.win_length = n_fft if win_length is None else win_length
        self.hop_length = self.win_length // 2 if hop_length is None else hop_length
        self.pad = pad
        self.register_buffer("window", window_fn(self.win_length, **(wkwargs or {})))

    def forward(self, waveform: Tensor) -> Tensor:
        return spectral_centroid(
            waveform, self.sample_rate, self.pad, self.window, self.n_fft, self.hop_length, self.win_length
        )

    def extra_repr(self) -> str:
        return f"sample_rate={self.sample_rate}, n_fft={self.n_fft}, hop_length={self.hop_length}"


@constant
def _frequency_and_one(sample_rate: int, n_fft: int, dtype: torch.dtype, device: torch.device) -> FilterBank:
    frequencies = torch.arange(n_fft // 2 + 1, dtype=torch.float64) * (sample_rate / n_fft)
    columns = torch.stack((frequencies, torch.ones_like(frequencies)), dim=1)
    return FilterBank(columns.to(device, dtype))
