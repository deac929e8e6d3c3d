"""Batches without their padding: the true steps of all items in one row, for work that has no use for padding.

Of a batch of recordings between half the longest and the longest, a quarter is
padding. Layers that look at one step at a time cost less on a row without it; where
steps look at each other, each item is taken by itself. It is done on CPUs, where time
goes with the number of steps; shapes depend on the lengths, so that a compiler, which
wants them fixed, is given the padded batch.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

__all__ = ["pack", "pays", "unpack"]

# Below this share of padding, cutting costs more than it saves.
_LEAST_PADDING = 0.03


def pays(x: Tensor, counts: Tensor) -> bool:
    """Whether to leave the padding of `x` `[batch, steps, ...]` out; `counts` `[batch]` are the true steps.

    >>> pays(torch.zeros(2, 100, 4), torch.tensor([100, 50])), pays(torch.zeros(2, 100, 4), torch.tensor([100, 99]))
    (True, False)
    """
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        return False
    return int(counts.sum()) < (1 - _LEAST_PADDING) * x.shape[0] * x.shape[1]


def pack(x: Tensor, spans: Sequence[int]) -> Tensor:
    """The first `spans[i]` steps of each item of `x` `[batch, steps, channels]`, in one row `[1, all, channels]`.

    >>> pack(torch.arange(6.0).view(2, 3, 1), [3, 1]).flatten()
    tensor([0., 1., 2., 3.])
    """
    return torch.cat([item[:span] for item, span in zip(x, spans, strict=True)]).unsqueeze(0)


def unpack(x: Tensor, spans: Sequence[int], steps: int) -> Tensor:
    """What `pack` made, as `[batch, steps, channels]` with zeros for padding.

    >>> unpack(torch.arange(1.0, 5.0).view(1, 4, 1), [3, 1], steps=4)[..., 0]
    tensor([[1., 2., 3., 0.],
            [4., 0., 0., 0.]])
    """
    padded = pad_sequence(list(x[0].split(list(spans))), batch_first=True)
    return F.pad(padded, (0, 0, 0, steps - padded.shape[1]))
