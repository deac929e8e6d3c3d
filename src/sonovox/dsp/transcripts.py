"""Checks of padded transcripts, for losses and alignments. A building block of `dsp`, not part of its faces."""

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError

__all__ = ["check_lengths", "checked_transcripts"]


def check_lengths(name: str, lengths: Tensor, low: int, high: int) -> None:
    """Refuse lengths outside `low` to `high`.

    Raises:
        ArgumentError: with all the lengths.

    >>> check_lengths("target_lengths", torch.tensor([3, 9]), 0, 7)
    Traceback (most recent call last):
    sonovox._internal.errors.ArgumentError: target_lengths must be from 0 to 7, got [3, 9]
    """
    if bool(((lengths < low) | (lengths > high)).any()):
        raise ArgumentError(f"{name} must be from {low} to {high}, got {lengths.tolist()}")


def checked_transcripts(targets: Tensor, lengths: Tensor, classes: int, blank: int) -> Tensor:
    """`targets` with another class than the blank beyond their lengths, so that all can serve as an index.

    Args:
        targets: `(batch, labels)`, int64.
        lengths: `(batch,)`.
        classes: how many there are.
        blank: one of them, which must not be among the targets.

    Raises:
        ArgumentError: a blank, or what is no class, within the lengths; lengths beyond the tensor.

    >>> checked_transcripts(torch.tensor([[3, 1], [2, -1]]), torch.tensor([2, 1]), classes=4, blank=0)
    tensor([[3, 1],
            [2, 1]])
    """
    check_lengths("target_lengths", lengths, 0, targets.shape[1])
    beyond = torch.arange(targets.shape[1], device=targets.device) >= lengths[:, None]
    inside = targets.masked_fill(beyond, (blank + 1) % classes)
    if bool((inside == blank).any()):
        item, place = (inside == blank).nonzero()[0].tolist()
        raise ArgumentError(
            f"targets must not hold the blank {blank}, got it in item {item} at place {place}",
            hint="leave blanks out of the transcripts, or name another class by blank=",
        )
    if bool(((inside < 0) | (inside >= classes)).any()):
        raise ArgumentError(f"targets must be classes from 0 to {classes - 1}, got {inside.unique().tolist()}")
    return inside
