"""Waveforms put together from pieces of several items of the batch.

Proposed for recordings of brain waves: Al-Saegh et al., "CutCat: an augmentation method
for EEG classification", Neural Networks 141, 2021.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.augment.item_random import ItemRandom

__all__ = ["CutCat"]


class CutCat(nn.Module):
    """Waveforms cut into pieces of one length, with every n-th piece taken from the item n places before.

    A piece keeps its place in time. The items of the batch should be of one class and one length.

    Args:
        min_num_segments: fewest pieces of an item; their number is drawn for each item.
        max_num_segments: most.

    Raises:
        ArgumentError: an empty range, or one below 1.

    >>> CutCat(3, 3)(torch.tensor([[0.0] * 6, [1.0] * 6, [2.0] * 6]))
    tensor([[0., 0., 2., 2., 1., 1.],
            [1., 1., 0., 0., 2., 2.],
            [2., 2., 1., 1., 0., 0.]])
    """

    def __init__(self, min_num_segments: int = 2, max_num_segments: int = 10) -> None:
        super().__init__()
        if not 1 <= min_num_segments <= max_num_segments:
            raise ArgumentError(
                f"1 <= min_num_segments <= max_num_segments was expected, got {min_num_segments} and {max_num_segments}"
            )
        self.min_num_segments = min_num_segments
        self.max_num_segments = max_num_segments

    def forward(self, waveforms: Tensor, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype.

        Args:
            waveforms: `(batch, time)` or `(batch, time, channels)`.
            seeds: `(batch,)`, of the number of pieces; what is in them depends on the batch. See `item_seeds`.

        Raises:
            ArgumentError: waveforms without time.
        """
        if waveforms.dim() < 2:
            raise ArgumentError(f"waveforms must be (batch, time, ...), got shape {tuple(waveforms.shape)}")
        batch, time = waveforms.shape[:2]
        random = ItemRandom(seeds, batch, waveforms.device)
        pieces = random.integers(self.min_num_segments, self.max_num_segments, 1)
        place = torch.arange(time, device=waveforms.device)
        piece = place * pieces // max(time, 1)  # (batch, time)
        items = torch.arange(batch, device=waveforms.device).unsqueeze(1)
        return waveforms[(items - piece) % max(batch, 1), place]

    def extra_repr(self) -> str:
        return f"min_num_segments={self.min_num_segments}, max_num_segments={self.max_num_segments}"
