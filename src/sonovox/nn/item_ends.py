"""Items of a padded batch that go on past their own end, so that a convolution sees no padding.

A building block of the layers, not a layer.
"""

import torch
from torch import Tensor

__all__ = ["reflect_at_ends"]


def reflect_at_ends(x: Tensor, counts: Tensor, amount: int) -> Tensor:
    """`(batch, channels, time + 2 amount)`: each item reflected at its first and at its own last step.

    What `torch.nn.functional.pad` with mode `"reflect"` gives for each item alone. Items of fewer than
    `amount + 1` steps, for which that fails, go on with their first step. Past `amount` steps behind its end,
    the values of an item mean nothing.

    Args:
        x: `(batch, channels, time)`.
        counts: steps of each item, `(batch,)`, from 1 to `time`.
        amount: steps to add at both ends.

    >>> x = torch.tensor([[[1.0, 2.0, 3.0, 4.0]], [[5.0, 6.0, 7.0, 0.0]]])
    >>> reflect_at_ends(x, torch.tensor([4, 3]), 1)
    tensor([[[2., 1., 2., 3., 4., 3.]],
    <BLANKLINE>
            [[6., 5., 6., 7., 6., 5.]]])
    """
    batch, channels, time = x.shape
    steps = torch.arange(-amount, time + amount, device=x.device).abs()
    last = (counts - 1).unsqueeze(1)
    source = torch.minimum(steps, 2 * last - steps).clamp(min=0)  # (batch, time + 2 amount)
    # A short item that is reflected at its first step may pass its last one.
    source = torch.minimum(source, last)
    return x.gather(2, source.unsqueeze(1).expand(batch, channels, -1))
