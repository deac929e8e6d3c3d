"""Log-mel features and cepstra of signals, as speech recipes take them.

Davis and Mermelstein, "Comparison of parametric representations for monosyllabic
word recognition", IEEE Trans. ASSP 28, 1980.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.frames import analysis_window, power_spectra
from sonovox.nn.filter_properties import FilterProperties
from sonovox.nn.filterbank import Filterbank
from sonovox.nn.frame_features import DCT, ContextWindow, Deltas
from sonovox.nn.stft import STFT

__all__ = ["Fbank", "MFCC"]


class Fbank(nn.Module):
    """Logarithms of mel powers of each frame, in decibels, at most 80 below the loudest of the item.

    Args:
        deltas: slopes and slopes of slopes follow the features.
        context: each frame comes with its neighbours.
        requires_grad: centres and widths of the filters are trained.
        sample_rate: in Hz.
        f_min: lower end of the first filter, in Hz.
        f_max: upper end of the last filter, in Hz; half the sample rate if None.
        n_fft: length of the Fourier transform, in samples.
        n_mels: number of filters.
        filter_shape: see `Filterbank`, as are `param_change_factor` and `param_rand_factor`.
        left_frames: neighbours before a frame.
        right_frames: neighbours after it.
        win_length: of the window, in ms.
        hop_length: from one frame to the next, in ms.

    Raises:
        ArgumentError: see `Filterbank`.

    >>> tone = torch.sin(2 * torch.pi * 440 / 16000 * torch.arange(1600)).unsqueeze(0)
    >>> Fbank(n_mels=8)(tone)[0, 5].round()
    tensor([ 31.,  41., -39., -39., -39., -39., -39., -39.])
    """

    def __init__(
        self,
        deltas: bool = False,
        context: bool = False,
        requires_grad: bool = False,
        sample_rate: int = 16000,
        f_min: float = 0,
        f_max: float | None = None,
        n_fft: int = 400,
        n_mels: int = 40,
        filter_shape: str = "triangular",
        param_change_factor: float = 1.0,
        param_rand_factor: float = 0.0,
        left_frames: int = 5,
        right_frames: int = 5,
        win_length: float = 25,
        hop_length: float = 10,
    ) -> None:
        super().__init__()
        self.deltas = deltas
        self.context = context
        self.requires_grad = requires_grad
        self.compute_STFT = STFT(sample_rate, win_length, hop_length, n_fft)
        self.compute_fbanks = Filterbank(
            n_mels=n_mels,
            filter_shape=filter_shape,
            f_min=f_min,
            f_max=sample_rate / 2 if f_max is None else f_max,
            n_fft=n_fft,
            sample_rate=sample_rate,
            param_change_factor=param_change_factor,
            param_rand_factor=param_rand_factor,
            freeze=not requires_grad,
        )
        self.compute_deltas = Deltas(input_size=n_mels)
        self.context_window = ContextWindow(left_frames, right_frames)

    def forward(self, wav: Tensor) -> Tensor:
        """`(batch, frames, features)` of `wav`, `(batch, time)`; `(..., channels)` of `(batch, time, channels)`."""
        features = _log_mels(wav, self.compute_STFT, self.compute_fbanks)
        return _with_neighbours(features, self.compute_deltas, self.context_window, self.deltas, self.context)

    def get_filter_properties(self) -> FilterProperties:
        """Window and step of the frames, in samples; slopes and context not counted."""
        return self.compute_STFT.get_filter_properties()


class MFCC(nn.Module):
    """Cepstral coefficients: a cosine transform of the features of `Fbank`, by default with slopes and context.

    Args:
        deltas: see `Fbank`, as are all others.
        n_mfcc: coefficients, at most `n_mels`.

    >>> MFCC(deltas=False, context=False, n_mfcc=13)(torch.zeros(2, 16000)).shape
    torch.Size([2, 101, 13])
    """

    def __init__(
        self,
        deltas: bool = True,
        context: bool = True,
        requires_grad: bool = False,
        sample_rate: int = 16000,
        f_min: float = 0,
        f_max: float | None = None,
        n_fft: int = 400,
        n_mels: int = 23,
        n_mfcc: int = 20,
        filter_shape: str = "triangular",
        param_change_factor: float = 1.0,
        param_rand_factor: float = 0.0,
        left_frames: int = 5,
        right_frames: int = 5,
        win_length: float = 25,
        hop_length: float = 10,
    ) -> None:
        super().__init__()
        if n_mfcc > n_mels:
            raise ArgumentError(
                f"n_mfcc must be at most n_mels={n_mels}, got {n_mfcc}", hint="lower it or raise n_mels"
            )
        self.deltas = deltas
        self.context = context
        self.requires_grad = requires_grad
        self.compute_STFT = STFT(sample_rate, win_length, hop_length, n_fft)
        self.compute_fbanks = Filterbank(
            n_mels=n_mels,
            filter_shape=filter_shape,
            f_min=f_min,
            f_max=sample_rate / 2 if f_max is None else f_max,
            n_fft=n_fft,
            sample_rate=sample_rate,
            param_change_factor=param_change_factor,
            param_rand_factor=param_rand_factor,
            freeze=not requires_grad,
        )
        self.compute_dct = DCT(input_size=n_mels, n_out=n_mfcc)
        self.compute_deltas = Deltas(input_size=n_mfcc)
        self.context_window = ContextWindow(left_frames, right_frames)

    def forward(self, wav: Tensor) -> Tensor:
        """`(batch, frames, features)` of `wav`, `(batch, time)`; `(..., channels)` of `(batch, time, channels)`."""
        features = self.compute_dct(_log_mels(wav, self.compute_STFT, self.compute_fbanks))
        return _with_neighbours(features, self.compute_deltas, self.context_window, self.deltas, self.context)


def _log_mels(wav: Tensor, stft: STFT, filterbank: Filterbank) -> Tensor:
    # What STFT, spectral_magnitude and Filterbank give in turn, without the spectra in memory.
    if wav.dim() not in (2, 3):
        raise ArgumentError(
            f"wav must have shape (batch, time[, channels]), got {tuple(wav.shape)}",
            hint="wav.unsqueeze(0) for one item",
        )
    several = wav.dim() == 3
    powers = power_spectra(
        wav.transpose(1, 2) if several else wav,
        analysis_window(stft.window, stft.n_fft, stft.win_length),
        stft.hop_length,
        center=stft.center,
        pad_mode=stft.pad_mode,
        bank=filterbank.filter_bank(),
    )
    features = filterbank.decibels(powers)
    return features.movedim(1, -1) if several else features


def _with_neighbours(
    features: Tensor, deltas: Deltas, context_window: ContextWindow, with_deltas: bool, with_context: bool
) -> Tensor:
    if with_deltas:
        slopes = deltas(features)
        features = torch.cat((features, slopes, deltas(slopes)), dim=2)
    return context_window(features) if with_context else features
