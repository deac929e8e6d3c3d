"""What the losses have in common: masks over padded steps, and reductions that leave the padding out.

A step that has begun counts: 0.55 of 11 steps are 7, as in SpeechBrain's losses.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts

__all__ = [
    "REDUCTIONS",
    "can_look_at_values",
    "check_lengths_are_shares",
    "compute_masked_loss",
    "reduce_loss",
    "steps_mask",
    "truncate",
]

REDUCTIONS = ("mean", "sum", "batchmean", "batch", "none")


def compute_masked_loss(
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    predictions: Tensor,
    targets: Tensor,
    length: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """An elementwise loss, reduced over what is not padding.

    Args:
        loss_fn: of predictions and targets, without a reduction, `(batch, time, ...)` or `(batch,)`.
        predictions: `(batch, time, ...)`.
        targets: `(batch, time, ...)`.
        length: `(batch,)`, shares of `time` in (0, 1]; None where nothing is padded.
        reduction: see `reduce_loss`.

    >>> square = lambda a, b: (a - b) ** 2
    >>> x = torch.tensor([[1.0, 2.0], [3.0, 9.0]])
    >>> compute_masked_loss(square, x, torch.zeros(2, 2), length=torch.tensor([1.0, 0.5]))
    tensor(4.6667)
    """
    return reduce_loss(loss_fn(predictions, targets), length, reduction)


def reduce_loss(
    loss: Tensor, length: Tensor | None = None, reduction: str = "mean", *, mask: Tensor | None = None
) -> Tensor:
    """Losses of steps as one number, or one an item, over what is not padding.

    Padded steps count nothing, whatever stands there, NaN and infinity included.

    Args:
        loss: `(batch,)` or `(batch, time, ...)`.
        length: `(batch,)`, shares of `time` in (0, 1]; None where nothing is padded.
        reduction: `"mean"` over all elements of the batch, `"sum"`, `"batchmean"` (the sum over the
            number of items), `"batch"` (the mean of each item, `(batch,)`), or `"none"` (`loss` with
            zeros at the padding).
        mask: True for the elements that count, of a shape that broadcasts to that of `loss`; beside `length`.

    Raises:
        ArgumentError: another reduction; lengths that are no shares.

    >>> loss = torch.tensor([[1.0, 2.0], [3.0, 9.0]])
    >>> reduce_loss(loss, torch.tensor([1.0, 0.5]), "batch")
    tensor([1.5000, 3.0000])
    """
    check_choice("reduction", reduction, REDUCTIONS)
    masks = [each for each in (steps_mask(loss, length), mask) if each is not None]
    counted = torch.ones_like(loss, dtype=torch.bool)
    for each in masks:
        counted = counted & each
    if masks:
        loss = loss.masked_fill(~counted, 0.0)
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if reduction == "batchmean":
        return loss.sum() / loss.shape[0]
    if reduction == "mean":
        return loss.sum() / counted.sum().clamp(min=1)
    rows = loss.unsqueeze(-1).flatten(1), counted.unsqueeze(-1).flatten(1)
    return rows[0].sum(1) / rows[1].sum(1).clamp(min=1)


def steps_mask(loss: Tensor, length: Tensor | None) -> Tensor | None:
    """True where an element of `(batch, time, ...)` is no padding, `(batch, time, 1, ...)`; None without lengths.

    Raises:
        ArgumentError: lengths that are no shares, or for something that has no time axis.

    >>> steps_mask(torch.zeros(2, 4), torch.tensor([0.5, 1.0]))
    tensor([[ True,  True, False, False],
            [ True,  True,  True,  True]])
    """
    if length is None:
        return None
    if loss.dim() < 2:
        raise ArgumentError(
            f"length needs (batch, time, ...), got a loss of shape {tuple(loss.shape)}",
            hint="leave length out where an item has one prediction",
        )
    check_lengths_are_shares("length", length, len(loss))
    time = loss.shape[1]
    mask = length_to_mask(lengths_to_counts(length.to(loss.device), time, "up"), time, dtype=torch.bool)
    return mask.reshape(*mask.shape, *[1] * (loss.dim() - 2))


def check_lengths_are_shares(name: str, length: Tensor, batch: int) -> None:
    """Refuse lengths that are not one share in (0, 1] for each of `batch` items.

    Values are not looked at inside of `torch.compile`, `torch.export` and `vmap`.

    Raises:
        ArgumentError: with all the lengths.

    >>> check_lengths_are_shares("length", torch.tensor([12.0, 7.0]), 2)
    Traceback (most recent call last):
    sonovox._internal.errors.ArgumentError: length must be shares of the padded axis, from 0 to 1, got [12.0, 7.0]; ...
    """
    if length.shape != (batch,):
        raise ArgumentError(f"{name} must be one share an item, ({batch},), got shape {tuple(length.shape)}")
    # A share that was made by a division in float32 may pass 1 by its rounding error.
    if can_look_at_values() and bool(((length < 0) | (length > 1 + 1e-5) | length.isnan()).any()):
        raise ArgumentError(
            f"{name} must be shares of the padded axis, from 0 to 1, got {length.tolist()}",
            hint="divide counts by the size of the axis",
        )


def can_look_at_values() -> bool:
    """Whether tensors hold numbers here, which they do not while a program is traced or vmapped.

    >>> can_look_at_values()
    True
    """
    return not torch.compiler.is_compiling() and not torch._C._are_functorch_transforms_active()


def truncate(predictions: Tensor, targets: Tensor, allowed_len_diff: int = 3) -> tuple[Tensor, Tensor]:
    """Both with the time axis of the shorter one.

    Args:
        predictions: `(batch, time, ...)`.
        targets: `(batch, time, ...)`; its time may differ a little, by the rounding of strides.
        allowed_len_diff: the largest difference, in steps.

    Raises:
        ArgumentError: the difference is larger.

    >>> [tuple(x.shape) for x in truncate(torch.zeros(2, 7, 4), torch.zeros(2, 5))]
    [(2, 5, 4), (2, 5)]
    """
    given, wanted = predictions.shape[1], targets.shape[1]
    if abs(given - wanted) > allowed_len_diff:
        raise ArgumentError(
            f"predictions and targets must differ by at most {allowed_len_diff} steps, got {given} and {wanted}",
            hint="check the strides between them, or raise allowed_len_diff",
        )
    steps = min(given, wanted)
    return predictions[:, :steps], targets[:, :steps]
