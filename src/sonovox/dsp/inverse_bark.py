"""Inverse bark scale: a spectrogram whose bark spectrogram is the one given.

Of the many, the one of least energy, without negative powers (`InverseFilterBank`).
"""

from torch import Tensor

from sonovox.dsp.bark import barkscale_fbanks
from sonovox.dsp.inverse_filter_bank import InverseFilterBank

__all__ = ["InverseBarkScale"]


class InverseBarkScale(InverseFilterBank):
    """Spectrograms of bark spectrograms, in the least squares and not negative.

    torchaudio's prototype searched for them by gradients; the settings of that search are left out.

    Args:
        n_stft: bins of the spectrogram, `n_fft // 2 + 1`.
        n_barks: number of filters.
        sample_rate: in Hz.
        f_min: lower corner of the first filter, in Hz.
        f_max: upper corner of the last filter, in Hz; half the sample rate if None.
        bark_scale: see `hz_to_bark`.

    Raises:
        ArgumentError: see `barkscale_fbanks`; on a call, another number of filters than `n_barks`.

    >>> import torch
    >>> InverseBarkScale(n_stft=201, n_barks=24)(torch.ones(2, 24, 100)).shape
    torch.Size([2, 201, 100])
    """

    def __init__(
        self,
        n_stft: int,
        n_barks: int = 128,
        sample_rate: int = 16000,
        f_min: float = 0.0,
        f_max: float | None = None,
        *,
        bark_scale: str = "traunmuller",
    ) -> None:
        f_max = sample_rate / 2 if f_max is None else f_max
        super().__init__(barkscale_fbanks(n_stft, f_min, f_max, n_barks, sample_rate, bark_scale))
        self.n_barks = n_barks
        self.sample_rate = sample_rate

    def forward(self, barkspec: Tensor) -> Tensor:
        """Spectrogram `(..., n_stft, frames)` of `barkspec`, `(..., n_barks, frames)`."""
        return self.bins_of("barkspec", barkspec, "n_barks")

    def extra_repr(self) -> str:
        return f"n_barks={self.n_barks}, sample_rate={self.sample_rate}"
