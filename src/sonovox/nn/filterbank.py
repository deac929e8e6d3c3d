"""Mel filters with centres and widths, fixed or trained.

The filters of SpeechBrain: centres at equal distances in HTK's mel, each filter as
wide as the distance to the centre below it, on both sides, so that triangles are
symmetric (those of `dsp.mel` fall to the centre above). Only three shapes of one
formula, which is differentiable in centres and widths. Training them: Ravanelli
and Bengio, "Speaker recognition from raw waveform with SincNet", SLT 2018.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import can_reuse_buffers, full_precision
from sonovox.dsp.frames import FilterBank
from sonovox.dsp.mel import hz_to_mel, mel_to_hz

__all__ = ["Filterbank", "band_filters", "decibels_of_items"]

FILTER_SHAPES = ("triangular", "rectangular", "gaussian")


class Filterbank(nn.Module):
    """Sums of the bins of a power spectrum by mel filters, in decibels.

    Args:
        n_mels: number of filters.
        log_mel: decibels; otherwise the sums.
        filter_shape: `"triangular"`, `"rectangular"` or `"gaussian"`, see `band_filters`.
        f_min: lower end of the first filter, in Hz.
        f_max: upper end of the last filter, in Hz, at most half the sample rate.
        n_fft: the spectrum has `n_fft // 2 + 1` bins.
        sample_rate: in Hz.
        power_spectrogram: 2 where the spectrum is a power (10 dB a decade), 1 for a magnitude (20 dB).
        amin: smaller sums count as this, so that silence is finite.
        ref_value: 0 dB.
        top_db: each item is limited to so many dB below its loudest.
        param_change_factor: with `freeze=False`, how fast centres and widths train beside other parameters.
        param_rand_factor: with `freeze=False`, centres and widths are scaled at random by up to this share in training.
        freeze: filters are fixed; otherwise `f_central` and `band` are parameters, as shares of the sample rate.

    Raises:
        ArgumentError: `f_min` is not below `f_max`; another shape.

    >>> Filterbank(n_mels=2, n_fft=16)(torch.ones(1, 1, 9))
    tensor([[[-0.3869,  3.3501]]])
    """

    f_central: Tensor
    band: Tensor
    all_freqs: Tensor
    fbank_matrix: Tensor

    def __init__(
        self,
        n_mels: int = 40,
        log_mel: bool = True,
        filter_shape: str = "triangular",
        f_min: float = 0,
        f_max: float = 8000,
        n_fft: int = 400,
        sample_rate: int = 16000,
        power_spectrogram: float = 2,
        amin: float = 1e-10,
        ref_value: float = 1.0,
        top_db: float = 80.0,
        param_change_factor: float = 1.0,
        param_rand_factor: float = 0.0,
        freeze: bool = True,
    ) -> None:
        super().__init__()
        check_positive("n_mels", n_mels)
        check_choice("filter_shape", filter_shape, FILTER_SHAPES)
        if not 0 <= f_min < f_max:
            raise ArgumentError(
                f"f_min must be at least 0 and below f_max={f_max}, got {f_min}", hint="both are frequencies in Hz"
            )
        self.n_mels = n_mels
        self.log_mel = log_mel
        self.filter_shape = filter_shape
        self.f_min = f_min
        self.f_max = f_max
        self.n_fft = n_fft
        self.sample_rate = sample_rate
        self.power_spectrogram = power_spectrogram
        self.amin = amin
        self.ref_value = ref_value
        self.top_db = top_db
        self.param_change_factor = param_change_factor
        self.param_rand_factor = param_rand_factor
        self.freeze = freeze
        self._bank: FilterBank | None = None

        corners = torch.from_numpy(mel_to_hz(np.linspace(hz_to_mel(f_min), hz_to_mel(f_max), n_mels + 2)))
        centres, widths = corners[1:-1], corners.diff()[:-1]
        bins = torch.linspace(0, sample_rate // 2, n_fft // 2 + 1, dtype=torch.float64)
        dtype = torch.get_default_dtype()
        if freeze:
            filters = band_filters(bins, centres, widths, filter_shape)
            self.register_buffer("fbank_matrix", filters.to(dtype), persistent=False)
        else:
            scale = sample_rate * param_change_factor**2
            self.f_central = nn.Parameter((centres / scale).to(dtype))
            self.band = nn.Parameter((widths / scale).to(dtype))
            self.register_buffer("all_freqs", bins.to(dtype), persistent=False)

    def forward(self, spectrogram: Tensor) -> Tensor:
        """`(batch, frames, n_mels)` of `spectrogram`, `(batch, frames, bins)`; channels may follow the bins."""
        filters = self.filters()
        if spectrogram.dim() not in (3, 4) or spectrogram.shape[2] != filters.shape[0]:
            raise ArgumentError(
                f"spectrogram must have shape (batch, frames, {filters.shape[0]}[, channels]), "
                f"got {tuple(spectrogram.shape)}",
                hint="set n_fft so that it has n_fft // 2 + 1 bins",
            )
        several = spectrogram.dim() == 4
        with full_precision(spectrogram):
            sums = (spectrogram.movedim(-1, 1) if several else spectrogram) @ filters.to(spectrogram.dtype)
            features = self.decibels(sums) if self.log_mel else sums
        return features.movedim(1, -1) if several else features

    def filters(self) -> Tensor:
        """The weights, `(bins, n_mels)`."""
        if self.freeze:
            return self.fbank_matrix
        scale = self.sample_rate * self.param_change_factor**2
        centres, widths = self.f_central * scale, self.band * scale
        if self.training and self.param_rand_factor:
            change = 1 + self.param_rand_factor * (2 * torch.rand(2, device=centres.device) - 1)
            centres, widths = centres * change[0], widths * change[1]
        return band_filters(self.all_freqs, centres, widths, self.filter_shape)

    def filter_bank(self) -> FilterBank:
        """The weights as `dsp.frames.power_spectra` takes them; fixed ones are prepared once."""
        filters = self.filters()
        if not (self.freeze and can_reuse_buffers(filters)):
            return FilterBank(filters)
        self._bank = FilterBank.of_buffer(filters, self._bank)
        return self._bank

    def decibels(self, sums: Tensor) -> Tensor:
        """Decibels of `(batch, ..., frames, n_mels)`, see `decibels_of_items`."""
        multiplier = 10.0 if self.power_spectrogram == 2 else 20.0
        return decibels_of_items(sums, multiplier, self.amin, self.ref_value, self.top_db)

    def extra_repr(self) -> str:
        return f"n_mels={self.n_mels}, {self.filter_shape}, f_min={self.f_min}, f_max={self.f_max}"


def band_filters(bins: Tensor, centres: Tensor, widths: Tensor, shape: str) -> Tensor:
    """Filters around centres.

    Args:
        bins: frequencies of the bins of a spectrum, `(bins,)`.
        centres: `(filters,)`, in the unit of `bins`.
        widths: `(filters,)`.
        shape: `"triangular"`: 1 at the centre, 0 one width away from it; `"rectangular"`: 1 up to one width;
            `"gaussian"`: a normal density's shape with half the width as deviation, 1 at the centre.

    Returns:
        `(bins, filters)`.

    >>> band_filters(torch.arange(5.0), torch.tensor([2.0]), torch.tensor([2.0]), "triangular")[:, 0]
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    distance = (bins[:, None] - centres) / widths
    if shape == "triangular":
        return (1 - distance.abs()).clamp(min=0)
    if shape == "rectangular":
        return (distance.abs() <= 1).to(distance.dtype)
    return torch.exp(-0.5 * (2 * distance).square())


def decibels_of_items(x: Tensor, multiplier: float, amin: float, ref_value: float, top_db: float) -> Tensor:
    """`multiplier * log10(x / ref_value)`, each item limited to `top_db` below its loudest.

    Unlike `dsp.units.amplitude_to_DB`, the last two dimensions are an item.

    Args:
        x: `(..., frames, features)`, not negative. It may be overwritten where nothing is recorded for a gradient.
        multiplier: 10 for powers, 20 for magnitudes.
        amin: smaller values count as this.
        ref_value: 0 dB; at least `amin`.
        top_db: positive.

    >>> decibels_of_items(torch.tensor([[[1.0], [0.0]], [[0.01], [0.1]]]), 10.0, 1e-10, 1.0, 80.0)[..., 0]
    tensor([[  0., -80.],
            [-20., -10.]])
    """
    reference = multiplier * math.log10(max(amin, ref_value))
    if 0 in x.shape:
        return x
    if not can_reuse_buffers(x):
        decibels = multiplier * x.clamp(min=amin).log10() - reference
        return torch.maximum(decibels, decibels.amax(dim=(-2, -1), keepdim=True) - top_db)
    decibels = x.clamp_(min=amin).log10_().mul_(multiplier)
    if reference:
        decibels.sub_(reference)
    return torch.maximum(decibels, decibels.amax(dim=(-2, -1), keepdim=True) - top_db, out=decibels)
