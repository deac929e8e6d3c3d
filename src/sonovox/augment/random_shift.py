"""Shifts in time, frequency or channels, by a distance that is drawn for each item."""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.augment.item_random import ItemRandom

__all__ = ["RandomShift"]


class RandomShift(nn.Module):
    """Items shifted along a dimension; what leaves at one end comes in at the other.

    Args:
        min_shift: smallest shift, in steps of the dimension; below 0 towards its start.
        max_shift: largest.
        dim: 1 for time, 2 for features or channels.

    Raises:
        ArgumentError: an empty range, another dimension.

    >>> shifted, lengths = RandomShift(1, 1)(torch.tensor([[1.0, 2.0, 3.0, 0.0]]), torch.tensor([0.75]))
    >>> shifted, lengths
    (tensor([[0., 1., 2., 3.]]), tensor([1.]))
    """

    def __init__(self, min_shift: int = 0, max_shift: int = 0, dim: int = 1) -> None:
        super().__init__()
        if min_shift > max_shift or dim not in (1, 2):
            raise ArgumentError(
                f"min_shift <= max_shift and a dim of 1 or 2 were expected, got {min_shift}, {max_shift} and {dim}"
            )
        self.min_shift = min_shift
        self.max_shift = max_shift
        self.dim = dim

    def forward(
        self, waveforms: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """The items, and their lengths: longer by a shift in time, shorter by one below 0.

        Args:
            waveforms: `(batch, time)` or `(batch, time, channels)`.
            lengths: `(batch,)`, shares in (0, 1], or None.
            seeds: `(batch,)`, see `item_seeds`.

        Raises:
            ArgumentError: waveforms without the dimension.
        """
        if waveforms.dim() <= self.dim:
            raise ArgumentError(f"waveforms must have a dimension {self.dim}, got shape {tuple(waveforms.shape)}")
        size = waveforms.shape[self.dim]
        shift = ItemRandom(seeds, len(waveforms), waveforms.device).integers(self.min_shift, self.max_shift)
        place = torch.arange(size, device=waveforms.device)
        sources = (place - shift.unsqueeze(1)) % max(size, 1)  # (batch, size)
        for dim in range(1, waveforms.dim()):
            sources = sources if dim == self.dim else sources.unsqueeze(dim)
        shifted = waveforms.gather(self.dim, sources.expand_as(waveforms))
        if lengths is not None and self.dim == 1:
            lengths = (lengths + shift.to(lengths) / max(size, 1)).clamp(0.0, 1.0)
        return shifted, lengths

    def extra_repr(self) -> str:
        return f"min_shift={self.min_shift}, max_shift={self.max_shift}, dim={self.dim}"
