"""Chroma: how strong each of the notes of an octave is, whatever the octave.

Filters as in Ellis, "Chroma feature analysis and synthesis", LabROSA, 2007:
a bell around each note in every octave, weighted by a bell over octaves.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox.dsp.filter_bank import filter_spectrum
from sonovox.dsp.spectrogram import Spectrogram

__all__ = ["ChromaScale", "ChromaSpectrogram", "chroma_filterbank"]


def chroma_filterbank(
    sample_rate: int,
    n_freqs: int,
    n_chroma: int,
    *,
    tuning: float = 0.0,
    ctroct: float = 5.0,
    octwidth: float | None = 2.0,
    norm: float = 2.0,
    base_c: bool = True,
) -> Tensor:
    """Filters that sum the bins of a spectrum into notes; those of `librosa.filters.chroma`, transposed.

    Args:
        sample_rate: in Hz.
        n_freqs: bins of the spectrum, `n_fft // 2 + 1`.
        n_chroma: notes of an octave; 12 is usual.
        tuning: how far the instrument is from 440 Hz, in notes.
        ctroct: centre of the weight over octaves; 5 is around 440 Hz times 2, octave 0 starts at 27.5 Hz.
        octwidth: width of it, in octaves; None weights all alike.
        norm: of each bin's weights over the notes.
        base_c: start with C; with A otherwise.

    Returns:
        `(n_freqs, n_chroma)` in the default dtype.

    Raises:
        ArgumentError: a count or a rate that is not positive.

    >>> chroma_filterbank(16000, 201, 12)[11].argmax()  # 440 Hz is an A, the tenth note from C
    tensor(9)
    """
    check_positive("sample_rate", sample_rate, unit="in Hz")
    check_positive("n_freqs", n_freqs)
    check_positive("n_chroma", n_chroma)
    spacing = sample_rate / 2 / max(n_freqs - 1, 1)
    frequencies = spacing * torch.arange(1, n_freqs + 1, dtype=torch.float64)
    lowest_a = 27.5 * 2.0 ** (tuning / n_chroma)
    notes = n_chroma * torch.log2(frequencies / lowest_a)
    # 0 Hz has no note; one and a half octaves below the first bin it weighs next to nothing.
    notes = torch.cat((notes[:1] - 1.5 * n_chroma, notes))
    widths = notes.diff().clamp(min=1.0)[:, None]
    notes = notes[:-1, None]
    half = round(n_chroma / 2)
    distances = torch.remainder(notes - torch.arange(n_chroma) + half, n_chroma) - half
    filters = F.normalize(torch.exp(-0.5 * (2.0 * distances / widths).square()), p=norm, dim=1)
    if octwidth is not None:
        filters *= torch.exp(-0.5 * ((notes / n_chroma - ctroct) / octwidth).square())
    if base_c:
        filters = filters.roll(-3 * (n_chroma // 12), dims=1)
    return filters.to(torch.get_default_dtype())


class ChromaScale(nn.Module):
    """Sum the bins of a spectrogram into notes, by filters that it keeps as the buffer `fb`.

    Args:
        sample_rate: see `chroma_filterbank`, as for all others.

    >>> ChromaScale(16000, 201)(torch.ones(2, 201, 100)).shape
    torch.Size([2, 12, 100])
    """

    fb: Tensor

    def __init__(
        self,
        sample_rate: int,
        n_freqs: int,
        *,
        n_chroma: int = 12,
        tuning: float = 0.0,
        ctroct: float = 5.0,
        octwidth: float | None = 2.0,
        norm: float = 2.0,
        base_c: bool = True,
    ) -> None:
        super().__init__()
        filters = chroma_filterbank(
            sample_rate,
            n_freqs,
            n_chroma,
            tuning=tuning,
            ctroct=ctroct,
            octwidth=octwidth,
            norm=norm,
            base_c=base_c,
        )
        self.register_buffer("fb", filters)

    def forward(self, specgram: Tensor) -> Tensor:
        """Chroma `(..., n_chroma, frames)` of `specgram`, `(..., n_freqs, frames)`."""
        return filter_spectrum(specgram, self.fb, "n_freqs")

    def extra_repr(self) -> str:
        return f"n_freqs={self.fb.shape[0]}, n_chroma={self.fb.shape[1]}"


class ChromaSpectrogram(nn.Module):
    """Spectrogram summed into notes.

    Args:
        sample_rate: in Hz.
        n_fft: see `Spectrogram`, as are `win_length`, `hop_length`, `pad`, `window_fn`, `power`, `normalized`,
            `wkwargs`, `center` and `pad_mode`.
        n_chroma: see `chroma_filterbank`, as are `tuning`, `ctroct`, `octwidth`, `norm` and `base_c`.

    >>> ChromaSpectrogram(16000, 1024)(torch.zeros(2, 16000)).shape
    torch.Size([2, 12, 32])
    """

    def __init__(
        self,
        sample_rate: int,
        n_fft: int,
        *,
        win_length: int | None = None,
        hop_length: int | None = None,
        pad: int = 0,
        window_fn: Callable[..., Tensor] = torch.hann_window,
        power: float = 2.0,
        normalized: bool | str = False,
        wkwargs: Mapping[str, Any] | None = None,
        center: bool = True,
        pad_mode: str = "reflect",
        n_chroma: int = 12,
        tuning: float = 0.0,
        ctroct: float = 5.0,
        octwidth: float | None = 2.0,
        norm: float = 2.0,
        base_c: bool = True,
    ) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(
            n_fft, win_length, hop_length, pad, window_fn, power, normalized, wkwargs, center, pad_mode
        )
        self.chroma_scale = ChromaScale(
            sample_rate,
            n_fft // 2 + 1,
            n_chroma=n_chroma,
            tuning=tuning,
            ctroct=ctroct,
            octwidth=octwidth,
            norm=norm,
            base_c=base_c,
        )

    def forward(self, waveform: Tensor) -> Tensor:
        return self.chroma_scale(self.spectrogram(waveform))
