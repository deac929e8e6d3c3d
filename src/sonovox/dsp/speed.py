"""Speed: a signal played faster or slower, and so higher or lower.

Ko et al., "Audio augmentation for speech recognition", Interspeech 2015.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.resample import resample

__all__ = ["Speed", "SpeedPerturbation", "speed"]


def speed(
    waveform: Tensor,
    orig_freq: int,
    factor: float,
    lengths: Tensor | None = None,
    *,
    resampling_method: str = "sinc_interp_hann",
) -> tuple[Tensor, Tensor | None]:
    """`waveform` played `factor` times as fast, and its lengths.

    It is resampled from `factor * orig_freq`, rounded to whole Hz, to `orig_freq`.

    Args:
        waveform: `(..., time)`, floating point.
        orig_freq: its sample rate, in Hz.
        factor: above 1 is faster, shorter and higher.
        lengths: `(...)`, samples of each item, or None.
        resampling_method: see `resample`; the default is torchaudio's, `"hq"` keeps more of the treble.

    Returns:
        `(..., ceil(time / factor))`, and the new lengths, rounded up likewise (None if none were given).

    Raises:
        ArgumentError: a factor or a rate that is not positive, lengths of another shape; see `resample`.

    >>> faster, lengths = speed(torch.ones(2, 8), 16000, 1.6, torch.tensor([8, 4]))
    >>> faster.shape, lengths
    (torch.Size([2, 5]), tensor([5, 3]))
    """
    check_positive("factor", factor, unit="as a ratio, such as 1.1")
    check_positive("orig_freq", orig_freq, unit="in Hz")
    if lengths is not None and lengths.shape != waveform.shape[:-1]:
        raise ArgumentError(
            f"lengths must have shape {tuple(waveform.shape[:-1])}, one for each item, got {tuple(lengths.shape)}"
        )
    source = round(factor * orig_freq)
    played = resample(waveform, source, orig_freq, resampling_method=resampling_method)
    if lengths is None:
        return played, None
    # Upwards, in integers: no rounding of a product in floating point.
    return played, -torch.div(-lengths * int(orig_freq), source, rounding_mode="floor")


class Speed(nn.Module):
    """Module twin of `speed`.

    Args:
        orig_freq: see `speed`, as are all others.

    >>> faster, _ = Speed(16000, 1.6)(torch.ones(2, 8))
    >>> faster.shape
    torch.Size([2, 5])
    """

    def __init__(self, orig_freq: int, factor: float, *, resampling_method: str = "sinc_interp_hann") -> None:
        super().__init__()
        check_positive("factor", factor, unit="as a ratio, such as 1.1")
        self.orig_freq = orig_freq
        self.factor = factor
        self.resampling_method = resampling_method

    def forward(self, waveform: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        return speed(waveform, self.orig_freq, self.factor, lengths, resampling_method=self.resampling_method)

    def extra_repr(self) -> str:
        return f"orig_freq={self.orig_freq}, factor={self.factor}"


class SpeedPerturbation(nn.Module):
    """`speed` by one of several factors, drawn anew at every call for the whole batch.

    Args:
        orig_freq: see `speed`.
        factors: to draw from, each as likely as the others.
        resampling_method: see `speed`.

    >>> perturbed, _ = SpeedPerturbation(16000, [0.8, 1.6])(torch.ones(2, 8))
    >>> perturbed.shape[-1] in (5, 10)
    True
    """

    def __init__(
        self, orig_freq: int, factors: Sequence[float], *, resampling_method: str = "sinc_interp_hann"
    ) -> None:
        super().__init__()
        if not factors:
            raise ArgumentError("factors must have at least one factor, got none", hint="for example [0.9, 1.0, 1.1]")
        self.speeders = nn.ModuleList(
            Speed(orig_freq, factor, resampling_method=resampling_method) for factor in factors
        )

    def forward(self, waveform: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        chosen = int(torch.randint(len(self.speeders), ()))
        return self.speeders[chosen](waveform, lengths)
