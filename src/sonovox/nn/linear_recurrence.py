"""The recurrence `c[t] = a[t] c[t-1] + b[t]`, of moving averages and quasi-recurrent networks.

One operation of torch, so that it compiles, and exports for any number of steps.
Its gradient is the same recurrence backwards in time. A building block of the
layers, not a layer.
"""

from typing import Any

import torch
from torch import Tensor

__all__ = ["linear_recurrence"]


def linear_recurrence(decay: Tensor, values: Tensor, first: Tensor) -> Tensor:
    """`c[t] = decay[t] * c[t-1] + values[t]` along the second dimension, with `c[-1] = first`.

    Args:
        decay: `(batch, time, features)`.
        values: `(batch, time, features)`.
        first: `(batch, features)`.

    Returns:
        `(batch, time, features)`.

    >>> linear_recurrence(torch.full((1, 3, 1), 0.5), torch.ones(1, 3, 1), torch.zeros(1, 1))[0, :, 0]
    tensor([1.0000, 1.5000, 1.7500])
    """
    return _recurrence(decay, values, first)


@torch.library.custom_op("sonovox::linear_recurrence", mutates_args=())
def _recurrence(decay: Tensor, values: Tensor, first: Tensor) -> Tensor:
    result = torch.empty_like(values, memory_format=torch.contiguous_format)
    state = first
    for a, b, out in zip(decay.unbind(1), values.unbind(1), result.unbind(1), strict=True):
        state = torch.addcmul(b, a, state, out=out)
    return result


@_recurrence.register_fake
def _(decay: Tensor, values: Tensor, first: Tensor) -> Tensor:
    return torch.empty_like(values, memory_format=torch.contiguous_format)


def _keep(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor) -> None:
    decay, _, first = inputs
    ctx.save_for_backward(decay, first, output)


def _gradient(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    decay, first, states = ctx.saved_tensors
    # g[t] = gradient[t] + decay[t+1] g[t+1]: from the last step to the first
    following = torch.cat((decay[:, 1:], torch.zeros_like(decay[:, :1])), dim=1)
    total = linear_recurrence(following.flip(1), gradient.flip(1), torch.zeros_like(first)).flip(1)
    before = torch.cat((first.unsqueeze(1), states[:, :-1]), dim=1)
    return total * before, total, total[:, 0] * decay[:, 0]


_recurrence.register_autograd(_gradient, setup_context=_keep)
