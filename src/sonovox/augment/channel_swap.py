"""Channels that change places, as cables do."""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import check_channels

__all__ = ["ChannelSwap"]


class ChannelSwap(nn.Module):
    """Waveforms of which some channels, drawn for each item, have changed places in a ring.

    Args:
        min_swap: fewest channels that change places; with 1 none does.
        max_swap: most.

    Raises:
        ArgumentError: an empty range.

    >>> torch.equal(ChannelSwap(2, 2)(torch.tensor([[[1.0, 2.0]]])), torch.tensor([[[2.0, 1.0]]]))
    True
    """

    def __init__(self, min_swap: int = 0, max_swap: int = 0) -> None:
        super().__init__()
        if not 0 <= min_swap <= max_swap:
            raise ArgumentError(f"0 <= min_swap <= max_swap was expected, got {min_swap} and {max_swap}")
        self.min_swap = min_swap
        self.max_swap = max_swap

    def forward(self, waveforms: Tensor, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype.

        Args:
            waveforms: `(batch, time, channels)`.
            seeds: `(batch,)`, see `item_seeds`.

        Raises:
            ArgumentError: waveforms without channels, or with fewer than `max_swap`.
        """
        check_channels(waveforms)
        channels = waveforms.shape[2]
        if self.max_swap > channels:
            raise ArgumentError(f"max_swap must be at most {channels}, the channels, got {self.max_swap}")
        random = ItemRandom(seeds, len(waveforms), waveforms.device)
        count = random.integers(self.min_swap, self.max_swap, 1)
        shuffled = random.uniform(0.0, 1.0, channels).argsort(1)  # the first `count` are those that move
        place = torch.arange(channels, device=waveforms.device)
        follower = shuffled.gather(1, torch.where(place < count, (place + 1) % count.clamp_min(1), place))
        sources = torch.empty_like(shuffled).scatter_(1, shuffled, follower)
        return waveforms.gather(2, sources.unsqueeze(1).expand_as(waveforms))

    def extra_repr(self) -> str:
        return f"min_swap={self.min_swap}, max_swap={self.max_swap}"
