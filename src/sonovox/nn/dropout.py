"""Dropout of whole channels.

Tompson et al., "Efficient object localization using convolutional networks", CVPR 2015.
"""

from torch import Tensor, nn

__all__ = ["Dropout2d"]


class Dropout2d(nn.Module):
    """Set whole channels of `(batch, time, freq, channels)` to zero in training, and scale the others up.

    Args:
        drop_rate: probability that a channel of an item is zero.
        inplace: write into the input.

    >>> import torch
    >>> kept = Dropout2d(0.5)(torch.ones(8, 5, 4, 3))
    >>> kept.unique(), bool((kept == kept[:, :1, :1]).all())
    (tensor([0., 2.]), True)
    """

    def __init__(self, drop_rate: float, inplace: bool = False) -> None:
        super().__init__()
        self.drop = nn.Dropout2d(p=drop_rate, inplace=inplace)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(x.transpose(1, -1)).transpose(1, -1)
