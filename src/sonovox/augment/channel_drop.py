"""Channels that fall silent, as broken microphones do."""

from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import check_channels, finished, prepared

__all__ = ["ChannelDrop"]


class ChannelDrop(nn.Module):
    """Waveforms of which channels are zero, each channel of each item with the same probability.

    Args:
        drop_rate: probability of a channel, 0 to 1.

    Raises:
        ArgumentError: no probability.

    >>> import torch
    >>> ChannelDrop(1.0)(torch.ones(1, 2, 3))
    tensor([[[0., 0., 0.],
             [0., 0., 0.]]])
    """

    def __init__(self, drop_rate: float = 0.1) -> None:
        super().__init__()
        if not 0.0 <= drop_rate <= 1.0:
            raise ArgumentError(f"drop_rate must be 0 to 1, got {drop_rate}")
        self.drop_rate = drop_rate

    def forward(self, waveforms: Tensor, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype.

        Args:
            waveforms: `(batch, time, channels)`, floating point.
            seeds: `(batch,)`, see `item_seeds`.

        Raises:
            ArgumentError: waveforms without channels.
        """
        check_channels(waveforms)
        signal = prepared(waveforms, None)
        random = ItemRandom(seeds, len(waveforms), waveforms.device)
        dropped = random.uniform(0.0, 1.0, 1, waveforms.shape[2]) < self.drop_rate
        return finished(signal.samples.masked_fill(dropped, 0.0), waveforms)

    def extra_repr(self) -> str:
        return f"drop_rate={self.drop_rate}"
