"""Pitch shift: the same speed at another pitch.

The signal is stretched in time by the phase vocoder, and played faster or slower
by resampling. Smith, "Digital audio resampling", CCRMA, 2002: the windowed sinc is
evaluated at each output sample, so that a semitone, whose ratio of rates has large
terms, needs a few taps a sample and no table of all its phases.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_floating, check_positive, check_time_axis
from sonovox.dsp.eager import first_samples
from sonovox.dsp.inverse_spectrogram import inverse_spectrogram
from sonovox.dsp.phase_vocoder import phase_vocoder
from sonovox.dsp.spectrogram import spectrogram

__all__ = ["PitchShift", "pitch_shift"]

# torchaudio's default filter: zero crossings to each side, and cutoff as a part of the lower Nyquist frequency.
ZERO_CROSSINGS = 6
ROLLOFF = 0.99


def pitch_shift(
    waveform: Tensor,
    sample_rate: int,
    n_steps: int,
    bins_per_octave: int = 12,
    n_fft: int = 512,
    win_length: int | None = None,
    hop_length: int | None = None,
    window: Tensor | None = None,
) -> Tensor:
    """`waveform` with its pitch moved by `n_steps`.

    Args:
        waveform: `(..., time)`, floating point; half precision is computed in float32.
        sample_rate: in Hz.
        n_steps: how far, up if positive, in steps.
        bins_per_octave: steps in an octave.
        n_fft: length of the Fourier transform, in samples.
        win_length: of the window, in samples; `n_fft` if None.
        hop_length: from one frame to the next, in samples; `win_length // 4` if None.
        window: `(win_length,)`; Hann's if None.

    Returns:
        The shape and the dtype of `waveform`.

    Raises:
        ArgumentError: a signal shorter than half a transform; see `spectrogram`.

    >>> tone = torch.sin(2 * torch.pi * 500 / 8000 * torch.arange(8000))
    >>> torch.fft.rfft(pitch_shift(tone, 8000, 12)).abs().argmax()  # an octave above 500 Hz
    tensor(1000)
    """
    check_time_axis("waveform", waveform)
    check_floating("waveform", waveform)
    check_positive("sample_rate", sample_rate, unit="in Hz")
    check_positive("bins_per_octave", bins_per_octave)
    length = n_fft if win_length is None else win_length
    hop = length // 4 if hop_length is None else hop_length
    signal = waveform.to(torch.float64 if waveform.dtype == torch.float64 else torch.float32)
    window = torch.hann_window(length, device=waveform.device) if window is None else window
    window = window.to(signal.dtype)
    rate = 2.0 ** (-n_steps / bins_per_octave)
    time = waveform.shape[-1]
    spectrum = spectrogram(signal, 0, window, n_fft, hop, length, None, False)
    stretched = phase_vocoder(spectrum, rate, spectrum.real.new_zeros(n_fft // 2 + 1, 1))
    longer = round(time / rate)
    played = inverse_spectrogram(stretched, longer, 0, window, n_fft, hop, length, False)
    # The rate is a whole number of Hz, as in torchaudio: at 16 kHz this is within a tenth of a cent.
    shifted = _resample(played, int(sample_rate / rate), sample_rate)
    shifted = F.pad(shifted, (0, max(0, time - shifted.shape[-1])))
    return first_samples(shifted, time).to(waveform.dtype)


class PitchShift(nn.Module):
    """Module twin of `pitch_shift`; it keeps the window, as the buffer `window`.

    Args:
        sample_rate: see `pitch_shift`, as are `n_steps`, `bins_per_octave`, `n_fft`, `win_length` and `hop_length`.
        window_fn: makes the window from `win_length` and `wkwargs`.
        wkwargs: further arguments of `window_fn`.

    >>> PitchShift(16000, 4)(torch.zeros(2, 16000)).shape
    torch.Size([2, 16000])
    """

    window: Tensor

    def __init__(
        self,
        sample_rate: int,
        n_steps: int,
        bins_per_octave: int = 12,
        n_fft: int = 512,
        win_length: int | None = None,
        hop_length: int | None = None,
        window_fn: Callable[..., Tensor] = torch.hann_window,
        wkwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.n_steps = n_steps
        self.bins_per_octave = bins_per_octave
        self.n_fft = n_fft
        self.win_length = n_fft if win_length is None else win_length
        self.hop_length = self.win_length // 4 if hop_length is None else hop_length
        self.register_buffer("window", window_fn(self.win_length, **(wkwargs or {})))

    def forward(self, waveform: Tensor) -> Tensor:
        return pitch_shift(
            waveform,
            self.sample_rate,
            self.n_steps,
            self.bins_per_octave,
            self.n_fft,
            self.win_length,
            self.hop_length,
            self.window,
        )

    def extra_repr(self) -> str:
        return f"sample_rate={self.sample_rate}, n_steps={self.n_steps}, bins_per_octave={self.bins_per_octave}"


def _resample(signal: Tensor, orig: int, new: int) -> Tensor:
    """Samples at the times `n / new` of a signal at the rate `orig`, by torchaudio's default filter."""
    divisor = math.gcd(orig, new)
    orig, new = orig // divisor, new // divisor
    if orig == new:
        return signal
    cutoff = min(orig, new) * ROLLOFF
    reach = math.ceil(ZERO_CROSSINGS * orig / cutoff)
    time = signal.shape[-1]
    ticks = torch.arange((time * new + orig - 1) // orig, device=signal.device) * orig
    nearest = ticks // new
    taps = torch.arange(-reach, reach + 2, device=signal.device)
    # Distance from each output sample to the input samples around it, in units of 1 / cutoff.
    fractions = (ticks - nearest * new).double() / new
    distances = ((taps - fractions[:, None]) * (cutoff / orig)).clamp(-ZERO_CROSSINGS, ZERO_CROSSINGS)
    bell = torch.cos(distances * (math.pi / 2 / ZERO_CROSSINGS)).square()
    weights = (torch.sinc(distances) * bell * (cutoff / orig)).to(signal.dtype)  # (time out, taps)
    padded = F.pad(signal, (reach, reach + 1))
    around = padded.unfold(-1, len(taps), 1).index_select(-2, nearest)  # (..., time out, taps)
    return (around * weights).sum(-1)
