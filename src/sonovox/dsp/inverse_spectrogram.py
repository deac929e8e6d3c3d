"""Inverse spectrogram: the signal of a complex spectrogram.

Griffin and Lim, "Signal estimation from modified short-time Fourier transform",
IEEE Trans. ASSP 32, 1984; with the conventions of `torch.istft`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.frames import analysis_window
from sonovox.dsp.overlap_add import signal_of_spectra

__all__ = ["InverseSpectrogram", "inverse_spectrogram"]


def inverse_spectrogram(
    spectrogram: Tensor,
    length: int | None,
    pad: int,
    window: Tensor,
    n_fft: int,
    hop_length: int,
    win_length: int,
    normalized: bool | str,
    center: bool = True,
    pad_mode: str = "reflect",
    onesided: bool = True,
) -> Tensor:
    """The signal whose complex spectrogram is, or is nearest to, `spectrogram`.

    Args:
        spectrogram: complex, `(..., freq, frames)`, with `n_fft // 2 + 1` bins, or `n_fft` if not `onesided`.
        length: of the signal in samples; without it the end that filled no whole hop is lost.
        pad: zeros that the spectrogram was made with at both ends; they are cut off where a length is given,
            as in torchaudio.
        window: `(win_length,)`, that of the spectrogram.
        n_fft: length of the Fourier transform, in samples.
        hop_length: from one frame to the next, in samples.
        win_length: of the window, at most `n_fft`.
        normalized: how the spectrogram was, see `spectrogram`.
        center: whether frame k stands around sample `k * hop_length`.
        pad_mode: takes no effect; what was padded is cut off.
        onesided: whether only the bins up to half the sample rate are there; the others are not read, since
            those of a real signal repeat them.

    Returns:
        `(..., time)`, real.

    Raises:
        ArgumentError: not complex, another number of bins, no frame, or samples that no window covers.

    >>> from sonovox.dsp.spectrogram import spectrogram
    >>> wave, window = torch.arange(12.0), torch.hann_window(4)
    >>> complex_spectrum = spectrogram(wave, 0, window, 4, 2, 4, None, False)
    >>> inverse_spectrogram(complex_spectrum, 12, 0, window, 4, 2, 4, False).round(decimals=3)
    tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11.])
    """
    check_positive("hop_length", hop_length, unit="in samples")
    window = analysis_window(window, n_fft, win_length, normalized)
    bins = n_fft // 2 + 1 if onesided else n_fft
    if not spectrogram.is_complex():
        dtype = str(spectrogram.dtype).removeprefix("torch.")
        raise ArgumentError(
            f"spectrogram must be complex, got {dtype}",
            hint="make it with power=None, or use griffinlim where the phase is lost",
        )
    if spectrogram.dim() < 2 or spectrogram.shape[-2] != bins or spectrogram.shape[-1] == 0:
        raise ArgumentError(
            f"spectrogram must have shape (..., {bins}, frames) with at least one frame, "
            f"got {tuple(spectrogram.shape)}",
            hint=f"bins are {'n_fft // 2 + 1' if onesided else 'n_fft'}",
        )
    signal = signal_of_spectra(
        spectrogram[..., : n_fft // 2 + 1, :].transpose(-1, -2),
        window,
        hop_length,
        center=center,
        length=None if length is None else length + 2 * pad,
    )
    return signal[..., pad : pad + length] if length is not None else signal


class InverseSpectrogram(nn.Module):
    """Module twin of `inverse_spectrogram`; it keeps the window, as the buffer `window`.

    Args:
        n_fft: see `inverse_spectrogram`.
        win_length: `n_fft` if None.
        hop_length: `win_length // 2` if None.
        pad: see `inverse_spectrogram`.
        window_fn: makes the window from `win_length` and `wkwargs`.
        normalized: see `inverse_spectrogram`, as are `center`, `pad_mode` and `onesided`.
        wkwargs: further arguments of `window_fn`.

    >>> InverseSpectrogram(n_fft=512)(torch.zeros(2, 257, 10, dtype=torch.complex64), 2400).shape
    torch.Size([2, 2400])
    """

    window: Tensor

    def __init__(
        self,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        pad: int = 0,
        window_fn: Callable[..., Tensor] = torch.hann_window,
        normalized: bool | str = False,
        wkwargs: Mapping[str, Any] | None = None,
        center: bool = True,
        pad_mode: str = "reflect",
        onesided: bool = True,
    ) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.win_length = n_fft if win_length is None else win_length
        self.hop_length = self.win_length // 2 if hop_length is None else hop_length
        self.pad = pad
        self.normalized = normalized
        self.center = center
        self.pad_mode = pad_mode
        self.onesided = onesided
        self.register_buffer("window", window_fn(self.win_length, **(wkwargs or {})))

    def forward(self, spectrogram: Tensor, length: int | None = None) -> Tensor:
        return inverse_spectrogram(
            spectrogram,
            length,
            self.pad,
            self.window,
            self.n_fft,
            self.hop_length,
            self.win_length,
            self.normalized,
            self.center,
            self.pad_mode,
            self.onesided,
        )

    def extra_repr(self) -> str:
        return f"n_fft={self.n_fft}, win_length={self.win_length}, hop_length={self.hop_length}"
