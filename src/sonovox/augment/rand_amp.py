"""Random amplitude: each waveform is brought to a peak that is drawn for it."""

from torch import Tensor, nn

from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import check_range, finished, peaks, prepared

__all__ = ["RandAmp"]


class RandAmp(nn.Module):
    """Waveforms with a peak of their own each, uniform between two bounds; silence stays silent.

    Args:
        amp_low: lowest peak.
        amp_high: highest peak.

    Raises:
        ArgumentError: an empty range.

    >>> import torch
    >>> RandAmp(2.0, 2.0)(torch.tensor([[0.1, -0.2], [0.4, 0.1]]))
    tensor([[ 1.0000, -2.0000],
            [ 2.0000,  0.5000]])
    """

    def __init__(self, amp_low: float = 0.5, amp_high: float = 1.5) -> None:
        super().__init__()
        check_range("amp", amp_low, amp_high)
        self.amp_low = amp_low
        self.amp_high = amp_high

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype.

        Args:
            waveforms: `(batch, time)` or `(batch, time, channels)`, floating point.
            lengths: `(batch,)`, shares in (0, 1]; padding stays zero and does not count.
            seeds: `(batch,)`, see `item_seeds`.
        """
        signal = prepared(waveforms, lengths)
        random = ItemRandom(seeds, len(waveforms), waveforms.device)
        peak = peaks(signal.samples)
        gain = random.uniform(self.amp_low, self.amp_high, 1, 1) / peak.masked_fill(peak == 0, 1.0)
        return finished(signal.samples * gain, waveforms)

    def extra_repr(self) -> str:
        return f"amp_low={self.amp_low}, amp_high={self.amp_high}"
