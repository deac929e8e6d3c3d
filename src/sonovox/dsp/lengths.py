"""Lengths of the items of a padded batch: as shares of the longest one, as counts, as masks.

The toolkit hands lengths around as shares in (0, 1] of the padded axis, so that they
stay right when the number of frames changes on the way through a model. Here is the
one place that turns a share into a count: by rounding, halves to even, unless
asked otherwise.
"""

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError

__all__ = ["length_to_mask", "lengths_to_counts"]


def length_to_mask(
    length: Tensor,
    max_len: int | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """A mask that is 1 where an item has values and 0 where it is padded.

    Args:
        length: `(batch,)`, counts (not shares; see `lengths_to_counts`).
        max_len: of the mask; the largest count when None. Give it under `torch.compile` and `torch.export`.
        dtype: of the mask; that of `length` when None. `torch.bool` for attention.
        device: of the mask; that of `length` when None.

    Returns:
        `(batch, max_len)`.

    Raises:
        ArgumentError: `length` is not one-dimensional.

    >>> length_to_mask(torch.tensor([1, 2, 3]))
    tensor([[1, 0, 0],
            [1, 1, 0],
            [1, 1, 1]])
    """
    if length.dim() != 1:
        raise ArgumentError(f"length must be (batch,), got shape {tuple(length.shape)}", hint="give one count an item")
    if max_len is None:
        max_len = int(length.max()) if length.numel() else 0
    mask = torch.arange(max_len, device=length.device) < length.unsqueeze(1)
    return mask.to(dtype=length.dtype if dtype is None else dtype, device=device)


# What a share may miss a whole count by and still mean it: float32 keeps 7 digits.
_SLACK = 0.01


def lengths_to_counts(lengths: Tensor, time: int, rounding: str = "nearest") -> Tensor:
    """The number of steps that each item of a padded batch has.

    Args:
        lengths: `(batch,)`, shares of the padded axis in (0, 1].
        time: size of the padded axis.
        rounding: of a share that ends within a step: to the `"nearest"` count, `"down"` (whole steps only) or
            `"up"` (a step that has begun counts). Shares of whole counts give these counts in all three.

    Returns:
        `(batch,)`, int64, from 0 to `time`.

    Raises:
        ChoiceError: an unknown `rounding`.

    >>> lengths_to_counts(torch.tensor([0.25, 1.0]), 143)
    tensor([ 36, 143])
    >>> lengths_to_counts(torch.tensor([0.25, 1.0]), 143, "down")
    tensor([ 35, 143])
    """
    check_choice("rounding", rounding, ["nearest", "down", "up"])
    # In bfloat16, all of 1001 steps would be 1000.
    steps = lengths.to(torch.promote_types(lengths.dtype, torch.float32)) * time
    if rounding == "down":
        steps = torch.floor(steps + _SLACK)
    elif rounding == "up":
        steps = torch.ceil(steps - _SLACK)
    else:
        steps = torch.round(steps)
    return steps.clamp(0, time).long()
