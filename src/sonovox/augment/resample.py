"""Resampling of padded batches, `[batch, time]` or `[batch, time, channels]`."""

from torch import Tensor, nn

from sonovox.augment.signal import finished, prepared
from sonovox.dsp.resample import Resample as ResampleLastAxis

__all__ = ["Resample"]


class Resample(nn.Module):
    """Waveforms at another sample rate; their lengths, as shares, stay what they were.

    Args:
        orig_freq: see `sonovox.functional.resample`, as are all others; the method is torchaudio's here.

    >>> import torch
    >>> Resample(16000, 8000)(torch.zeros(2, 1000)).shape
    torch.Size([2, 500])
    """

    def __init__(
        self,
        orig_freq: float = 16000,
        new_freq: float = 16000,
        resampling_method: str = "sinc_interp_hann",
        lowpass_filter_width: int = 6,
        rolloff: float = 0.99,
        beta: float | None = None,
    ) -> None:
        super().__init__()
        self.resample = ResampleLastAxis(orig_freq, new_freq, resampling_method, lowpass_filter_width, rolloff, beta)

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`(batch, ceil(time * new_freq / orig_freq))`, in the dtype of the waveforms.

        Args:
            waveforms: `(batch, time)` or `(batch, time, channels)`, floating point.
            lengths: `(batch,)`, shares in (0, 1]; padding stays zero.
        """
        resampled = self.resample(prepared(waveforms, lengths).samples.mT).mT
        if lengths is None:
            return finished(resampled, waveforms)
        return finished(resampled, waveforms, prepared(resampled, lengths).inside)
