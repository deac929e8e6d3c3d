"""Polarity: waveforms turned upside down, as by a cable with its wires exchanged.

Rommel et al., "CADDA: class-wise automatic differentiable data augmentation for EEG signals", ICLR 2022.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.augment.item_random import ItemRandom

__all__ = ["SignFlip"]


class SignFlip(nn.Module):
    """Items with their sign changed, each with the same probability.

    Args:
        flip_prob: of an item, 0 to 1.

    Raises:
        ArgumentError: no probability.

    >>> SignFlip(1.0)(torch.tensor([[1.0, -2.0]]))
    tensor([[-1.,  2.]])
    """

    def __init__(self, flip_prob: float = 0.5) -> None:
        super().__init__()
        if not 0.0 <= flip_prob <= 1.0:
            raise ArgumentError(f"flip_prob must be 0 to 1, got {flip_prob}")
        self.flip_prob = flip_prob

    def forward(self, waveform: Tensor, *, seeds: Tensor | None = None) -> Tensor:
        """The items.

        Args:
            waveform: `(batch, ...)`, of any type that has a sign.
            seeds: `(batch,)`, see `item_seeds`.
        """
        random = ItemRandom(seeds, len(waveform), waveform.device)
        flipped = random.uniform(0.0, 1.0, *(1 for _ in waveform.shape[1:])) < self.flip_prob
        return torch.where(flipped, -waveform, waveform)

    def extra_repr(self) -> str:
        return f"flip_prob={self.flip_prob}"
