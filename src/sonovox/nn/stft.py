"""Short-time Fourier transform in the layout of the toolkit, `(batch, frames, bins, 2)`, and its inverse."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.frames import safe_power
from sonovox.dsp.inverse_spectrogram import inverse_spectrogram
from sonovox.dsp.spectrogram import spectrogram
from sonovox.nn.filter_properties import FilterProperties

__all__ = ["ISTFT", "STFT", "samples_of_ms", "spectral_magnitude"]


class STFT(nn.Module):
    """Spectrum of windows of a signal; real and imaginary part are the dimension after the bins.

    Args:
        sample_rate: in Hz.
        win_length: of the window, in ms.
        hop_length: from one frame to the next, in ms.
        n_fft: length of the Fourier transform, in samples.
        window_fn: makes a window of so many samples.
        normalized_stft: divide by the root of `n_fft`.
        center: put frame k around sample `k * hop`, padding both ends.
        pad_mode: of that padding: `"constant"` (zeros), `"reflect"`, `"replicate"` or `"circular"`.
        onesided: only the `n_fft // 2 + 1` bins up to half the sample rate.

    >>> STFT(sample_rate=16000)(torch.zeros(2, 16000)).shape
    torch.Size([2, 101, 201, 2])
    """

    window: Tensor

    def __init__(
        self,
        sample_rate: int,
        win_length: float = 25,
        hop_length: float = 10,
        n_fft: int = 400,
        window_fn: Callable[[int], Tensor] = torch.hamming_window,
        normalized_stft: bool = False,
        center: bool = True,
        pad_mode: str = "constant",
        onesided: bool = True,
    ) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.win_length = samples_of_ms(win_length, sample_rate)
        self.hop_length = samples_of_ms(hop_length, sample_rate)
        self.n_fft = n_fft
        self.normalized_stft = normalized_stft
        self.center = center
        self.pad_mode = pad_mode
        self.onesided = onesided
        self.register_buffer("window", window_fn(self.win_length), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, frames, bins, 2)` of `x`, `(batch, time)`; `(..., 2, channels)` of `(batch, time, channels)`."""
        several = x.dim() == 3
        spectrum = spectrogram(
            x.transpose(1, 2) if several else x,
            0,
            self.window,
            self.n_fft,
            self.hop_length,
            self.win_length,
            None,
            "frame_length" if self.normalized_stft else False,
            self.center,
            self.pad_mode,
            self.onesided,
            return_complex=False,
        )  # (batch[, channels], bins, frames, 2)
        spectrum = spectrum.transpose(-2, -3)
        return spectrum.movedim(1, -1) if several else spectrum

    def get_filter_properties(self) -> FilterProperties:
        """Window and step of the frames, in samples.

        Raises:
            ArgumentError: frames that do not lie around their sample, without `center`.
        """
        if not self.center:
            raise ArgumentError("center=True is needed for windows around their sample, got False", hint="set center")
        return FilterProperties(self.win_length, self.hop_length)


class ISTFT(nn.Module):
    """The signal of a spectrum that `STFT` made.

    Args:
        sample_rate: in Hz.
        n_fft: length of the Fourier transform, in samples; told by the number of bins if None.
        win_length: of the window, in ms.
        hop_length: from one frame to the next, in ms.
        window_fn: see `STFT`, as are `normalized_stft`, `center` and `onesided`.
        epsilon: takes no effect; samples that no window covers are refused.

    >>> wave = torch.randn(2, 1600)
    >>> torch.allclose(ISTFT(sample_rate=16000)(STFT(sample_rate=16000)(wave)), wave, atol=1e-5)
    True
    """

    window: Tensor

    def __init__(
        self,
        sample_rate: int,
        n_fft: int | None = None,
        win_length: float = 25,
        hop_length: float = 10,
        window_fn: Callable[[int], Tensor] = torch.hamming_window,
        normalized_stft: bool = False,
        center: bool = True,
        onesided: bool = True,
        epsilon: float = 1e-12,
    ) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.win_length = samples_of_ms(win_length, sample_rate)
        self.hop_length = samples_of_ms(hop_length, sample_rate)
        self.normalized_stft = normalized_stft
        self.center = center
        self.onesided = onesided
        self.epsilon = epsilon
        self.register_buffer("window", window_fn(self.win_length), persistent=False)

    def forward(self, x: Tensor, sig_length: int | None = None) -> Tensor:
        """`(batch, time)` of `x`, `(batch, frames, bins, 2)`; `(batch, time, channels)` of five dimensions.

        Args:
            x: as `STFT` gives it.
            sig_length: of the signal, in samples; what the frames cover if None.
        """
        several = x.dim() == 5
        if several:
            x = x.movedim(-1, 1)  # (batch, channels, frames, bins, 2)
        if x.shape[-1] != 2:
            raise ArgumentError(
                f"x must have shape (batch, frames, bins, 2), got {tuple(x.shape)}", hint="real and imaginary part last"
            )
        bins = x.shape[-2]
        signal = inverse_spectrogram(
            torch.view_as_complex(x.contiguous()).transpose(-1, -2),
            sig_length,
            0,
            self.window,
            self.n_fft or (2 * (bins - 1) if self.onesided else bins),
            self.hop_length,
            self.win_length,
            "frame_length" if self.normalized_stft else False,
            self.center,
            onesided=self.onesided,
        )
        return signal.transpose(1, 2) if several else signal


def spectral_magnitude(stft: Tensor, power: float = 1, log: bool = False, eps: float = 1e-14) -> Tensor:
    """`(re^2 + im^2) ** power` of a spectrum.

    Args:
        stft: `(..., 2)`, real and imaginary part last.
        power: 1 for power, 0.5 for magnitude.
        log: the natural logarithm of it.
        eps: added to the squares where `power` is below 1, and before the logarithm.

    Returns:
        The shape of `stft` without its last dimension.

    >>> spectral_magnitude(torch.tensor([[3.0, 4.0]]), power=0.5)
    tensor([5.])
    """
    squares = stft.square().sum(dim=-1)
    if power != 1:
        # A root has an infinite derivative at zero: eps moves it off there.
        squares = (squares + eps).pow(power) if power < 1 else safe_power(squares, power)
    return torch.log(squares + eps) if log else squares


def samples_of_ms(milliseconds: float, sample_rate: int) -> int:
    """The nearest number of samples.

    >>> samples_of_ms(25, 16000)
    400
    """
    return round(sample_rate / 1000 * milliseconds)
