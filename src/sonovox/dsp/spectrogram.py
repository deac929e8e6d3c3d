"""Spectrogram: the short-time Fourier transform, or a power of its magnitude.

Allen and Rabiner, "A unified approach to short-time Fourier analysis and
synthesis", Proc. IEEE 65, 1977; with the conventions of `torch.stft`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox.dsp.frames import analysis_window, power_spectra, short_time_spectra

__all__ = ["Spectrogram", "spectrogram"]


def spectrogram(
    waveform: Tensor,
    pad: int,
    window: Tensor,
    n_fft: int,
    hop_length: int,
    win_length: int,
    power: float | None,
    normalized: bool | str,
    center: bool = True,
    pad_mode: str = "reflect",
    onesided: bool = True,
    return_complex: bool | None = None,
) -> Tensor:
    """Spectrogram of each signal in `waveform`.

    Args:
        waveform: `(..., time)`, floating point. Half precision is computed, and
            returned, in float32, since powers soon pass the range of float16.
        pad: zeros to add at both ends, in samples.
        window: `(win_length,)`.
        n_fft: length of the Fourier transform, in samples.
        hop_length: from one frame to the next, in samples.
        win_length: of the window, at most `n_fft`; it stands in the middle of the frame.
        power: 2 for power, 1 for magnitude, or another positive exponent; None for the complex spectrum.
        normalized: divide the spectrum by the root of the window's energy (True or `"window"`),
            or by the root of `n_fft` (`"frame_length"`), before the power is taken.
        center: put frame k around sample `k * hop_length`, padding both ends.
        pad_mode: of that padding: `"reflect"`, `"constant"` (zeros), `"replicate"` or `"circular"`.
        onesided: only the bins up to half the sample rate.
        return_complex: with `power=None`, False gives real and imaginary part as a last dimension of 2.

    Returns:
        `(..., freq, frames)`, with `freq = n_fft // 2 + 1` bins, or `n_fft` if not `onesided`.
        It is a transposed view: frames are contiguous in memory.

    Raises:
        ArgumentError: too few samples, a window of another length, a dtype of integers.

    >>> tone = torch.tensor([1.0, 0.0, -1.0, 0.0]).repeat(3)  # a quarter of the sample rate
    >>> spectrogram(tone, 0, torch.ones(4), 4, 4, 4, 2.0, False, center=False)
    tensor([[0., 0., 0.],
            [4., 4., 4.],
            [0., 0., 0.]])
    """
    if power is not None:
        check_positive("power", power)
    window = analysis_window(window, n_fft, win_length, normalized)
    if pad:
        waveform = F.pad(waveform, (pad, pad))
    if power is not None:
        frames_first = power_spectra(
            waveform, window, hop_length, center=center, pad_mode=pad_mode, power=power, onesided=onesided
        )
        return frames_first.transpose(-1, -2)
    spectra = short_time_spectra(waveform, window, hop_length, center=center, pad_mode=pad_mode, onesided=onesided)
    spectrum = spectra.transpose(-1, -2)
    return torch.view_as_real(spectrum) if return_complex is False else spectrum


class Spectrogram(nn.Module):
    """Module twin of `spectrogram`; it keeps the window, as the buffer `window`.

    Args:
        n_fft: see `spectrogram`.
        win_length: `n_fft` if None.
        hop_length: `win_length // 2` if None.
        pad: see `spectrogram`.
        window_fn: makes the window from `win_length` and `wkwargs`.
        power: see `spectrogram`, as are `normalized`, `center`, `pad_mode`, `onesided` and `return_complex`.
        wkwargs: further arguments of `window_fn`.

    >>> Spectrogram(n_fft=512, hop_length=160)(torch.zeros(2, 16000)).shape
    torch.Size([2, 257, 101])
    """

    window: Tensor

    def __init__(
        self,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        pad: int = 0,
        window_fn: Callable[..., Tensor] = torch.hann_window,
        power: float | None = 2.0,
        normalized: bool | str = False,
        wkwargs: Mapping[str, Any] | None = None,
        center: bool = True,
        pad_mode: str = "reflect",
        onesided: bool = True,
        return_complex: bool | None = None,
    ) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.win_length = n_fft if win_length is None else win_length
        self.hop_length = self.win_length // 2 if hop_length is None else hop_length
        self.pad = pad
        self.power = power
        self.normalized = normalized
        self.center = center
        self.pad_mode = pad_mode
        self.onesided = onesided
        self.return_complex = return_complex
        self.register_buffer("window", window_fn(self.win_length, **(wkwargs or {})))

    def forward(self, waveform: Tensor) -> Tensor:
        return spectrogram(
            waveform,
            self.pad,
            self.window,
            self.n_fft,
            self.hop_length,
            self.win_length,
            self.power,
            self.normalized,
            self.center,
            self.pad_mode,
            self.onesided,
            self.return_complex,
        )

    def extra_repr(self) -> str:
        return f"n_fft={self.n_fft}, win_length={self.win_length}, hop_length={self.hop_length}, power={self.power}"
