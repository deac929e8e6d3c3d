"""The path of least cost through the columns of a table, with a quadratic penalty on its jumps.

Viterbi's search. Among `n` states that lie on a line, going from state j to state i
costs `(i - j)^2` times a factor. A building block of pitch tracking, not part of the
faces of `dsp`.
"""

import math

import torch
from torch import Tensor

__all__ = ["smooth_path"]


def smooth_path(cost: Tensor, penalty: float) -> Tensor:
    """The states of the path with the least sum of costs and penalties.

    It has no derivative, and is one operation in compiled and exported programs.

    Args:
        cost: `(..., frames, states)`, floating point; what it costs to be in a state.
        penalty: of a jump by one state; by n states n^2 times that.

    Returns:
        `(..., frames)`, integers.

    >>> cost = torch.tensor([[0.0, 1.0, 1.0], [1.0, 1.0, 0.5], [0.0, 1.0, 1.0]])
    >>> smooth_path(cost, 0.01), smooth_path(cost, 0.2)
    (tensor([0, 2, 0]), tensor([0, 0, 0]))
    """
    return _smooth_path(cost.detach().contiguous(), penalty)


@torch.library.custom_op("sonovox::smooth_path", mutates_args=())
def _smooth_path(cost: Tensor, penalty: float) -> Tensor:
    *leading, frames, n = cost.shape
    items = cost.reshape(math.prod(leading), frames, n)
    state = torch.arange(n, device=cost.device, dtype=cost.dtype)
    jumps = penalty * (state[:, None] - state).square()
    sums = items.new_empty(len(items), n, n)  # (item, to, from)
    totals = torch.empty_like(items)
    before = items.new_zeros(len(items), n)
    for frame in range(frames):
        # The least sum is five times cheaper than the place of it, which is needed along one path only.
        torch.add(before[:, None], jumps, out=sums)
        total = sums.amin(dim=-1) + items[:, frame]
        before = total - total.amin(dim=-1, keepdim=True)  # sums of many frames would lose digits
        totals[:, frame] = before
    path = torch.empty(len(items), frames, dtype=torch.int64, device=cost.device)
    reach = items.new_zeros(len(items), n)
    for frame in reversed(range(frames)):
        here = (totals[:, frame] + reach).argmin(dim=-1)
        path[:, frame] = here
        reach = jumps[here]
    return path.view(*leading, frames)


@_smooth_path.register_fake
def _(cost: Tensor, penalty: float) -> Tensor:
    return cost.new_empty(cost.shape[:-1], dtype=torch.int64)


@_smooth_path.register_vmap
def _(info: object, in_dims: tuple[int | None, ...], cost: Tensor, penalty: float) -> tuple[Tensor, int]:
    return _smooth_path(cost.movedim(in_dims[0] or 0, 0), penalty), 0
