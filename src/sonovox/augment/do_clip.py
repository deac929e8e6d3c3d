"""Clipping: what a waveform loses when it is recorded too loudly."""

from torch import Tensor, nn

from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import check_range, finished, peaks, prepared

__all__ = ["DoClip"]


class DoClip(nn.Module):
    """Waveforms limited at a share of their own peak each, uniform between two bounds.

    Args:
        clip_low: smallest share of the peak that is left.
        clip_high: largest.

    Raises:
        ArgumentError: an empty range, or one below 0.

    >>> import torch
    >>> DoClip()(torch.tensor([[0.1, -0.2], [0.4, 0.1]]))
    tensor([[ 0.1000, -0.1000],
            [ 0.2000,  0.1000]])
    """

    def __init__(self, clip_low: float = 0.5, clip_high: float = 0.5) -> None:
        super().__init__()
        check_range("clip", clip_low, clip_high, 0.0)
        self.clip_low = clip_low
        self.clip_high = clip_high

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype; for the arguments see `RandAmp.forward`."""
        signal = prepared(waveforms, lengths)
        random = ItemRandom(seeds, len(waveforms), waveforms.device)
        limit = random.uniform(self.clip_low, self.clip_high, 1, 1) * peaks(signal.samples)
        return finished(signal.samples.clamp(-limit, limit), waveforms)

    def extra_repr(self) -> str:
        return f"clip_low={self.clip_low}, clip_high={self.clip_high}"
