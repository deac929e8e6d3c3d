"""Bands of frequency that are filtered out of waveforms."""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import check_range, finished, prepared
from sonovox.dsp.convolve import fftconvolve
from sonovox.dsp.eager import first_samples

__all__ = ["DropFreq"]

_TAPS = 101  # of the filter of a band: edges are 0.11 of the Nyquist frequency wide


class DropFreq(nn.Module):
    """Waveforms without some bands of frequency; their number and places are drawn for each item.

    A band is stopped by a filter of 101 taps without delay, the difference of two low-pass filters with
    Blackman's window, which is 6 dB down at both edges.

    Args:
        drop_freq_low: lowest middle of a band, as a share of half the sample rate.
        drop_freq_high: highest.
        drop_freq_count_low: fewest bands of an item.
        drop_freq_count_high: most.
        drop_freq_width: from the middle of a band to its edges, as a share of half the sample rate.
        epsilon: no middle is below this share.

    Raises:
        ArgumentError: an empty range, or one below 0; a middle above 1; a width that is not positive.

    >>> wave = torch.sin(torch.pi * 0.3 * torch.arange(1000.0)).unsqueeze(0)  # at 0.3 of half the sample rate
    >>> DropFreq(0.3, 0.3, 1, 1)(wave)[0, 200:800].abs().amax() < 0.01
    tensor(True)
    """

    def __init__(
        self,
        drop_freq_low: float = 1e-14,
        drop_freq_high: float = 1,
        drop_freq_count_low: int = 1,
        drop_freq_count_high: int = 3,
        drop_freq_width: float = 0.05,
        epsilon: float = 1e-12,
    ) -> None:
        super().__init__()
        check_range("drop_freq", drop_freq_low, drop_freq_high, 0.0)
        check_range("drop_freq_count", drop_freq_count_low, drop_freq_count_high, 0)
        if drop_freq_high > 1.0 or not drop_freq_width > 0.0:
            raise ArgumentError(
                f"drop_freq_high must be at most 1 and drop_freq_width above 0, got {drop_freq_high} "
                f"and {drop_freq_width}",
                hint="frequencies are shares of half the sample rate: 1000 Hz at 16 kHz are 0.125",
            )
        self.drop_freq_low = drop_freq_low
        self.drop_freq_high = drop_freq_high
        self.drop_freq_count_low = drop_freq_count_low
        self.drop_freq_count_high = drop_freq_count_high
        self.drop_freq_width = drop_freq_width
        self.epsilon = epsilon

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype; for the arguments see `RandAmp.forward`."""
        samples, _, inside = prepared(waveforms, lengths)
        most = self.drop_freq_count_high
        if samples.numel() == 0 or most == 0:
            return finished(samples, waveforms, inside)
        random = ItemRandom(seeds, len(samples), samples.device)
        is_one = torch.arange(most, device=samples.device) < random.integers(self.drop_freq_count_low, most, 1)
        middles = random.uniform(self.drop_freq_low, self.drop_freq_high, most).clamp_min(self.epsilon)
        filters = _all_in_one(_band_stop(middles, self.drop_freq_width), is_one)
        filtered = fftconvolve(samples.mT, filters.unsqueeze(1).to(samples.dtype))
        delay = (filters.shape[1] - 1) // 2
        return finished(first_samples(filtered[..., delay:], samples.shape[1]).mT, waveforms, inside)

    def extra_repr(self) -> str:
        return (
            f"drop_freq={self.drop_freq_low}..{self.drop_freq_high}, "
            f"drop_freq_count={self.drop_freq_count_low}..{self.drop_freq_count_high}, "
            f"drop_freq_width={self.drop_freq_width}"
        )


def _band_stop(middles: Tensor, width: float) -> Tensor:
    """`(..., 101)`: what lies below `middles - width`, and what lies above `middles + width`."""
    below, above = _low_pass(middles - width), _low_pass(middles + width)
    impulse = torch.zeros_like(above)
    impulse[..., _TAPS // 2] = 1.0
    return below + impulse - above


def _low_pass(cutoffs: Tensor) -> Tensor:
    """`(..., 101)` of windowed sincs; nothing at all for a cutoff of 0 or below, an impulse for one of 1."""
    cutoffs = cutoffs.clamp(0.0, 1.0).unsqueeze(-1)
    place = torch.arange(_TAPS, device=cutoffs.device) - _TAPS // 2
    window = torch.blackman_window(_TAPS, periodic=False, device=cutoffs.device)
    return cutoffs * torch.sinc(cutoffs * place) * window


def _all_in_one(filters: Tensor, is_one: Tensor) -> Tensor:
    """`(batch, taps)`: one after the other those of `(batch, filters, taps)` that `is_one` marks."""
    impulse = torch.zeros_like(filters)
    impulse[..., _TAPS // 2] = 1.0
    filters = torch.where(is_one.unsqueeze(-1), filters, impulse)
    size = filters.shape[1] * (_TAPS - 1) + 1
    n_fft = 1 << (size - 1).bit_length()
    return torch.fft.irfft(torch.fft.rfft(filters, n_fft).prod(1), n_fft)[:, :size]
