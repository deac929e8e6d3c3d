"""Accuracy of classes, by step or by item."""

from collections.abc import Mapping

from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts

__all__ = ["AccuracyStats", "count_correct"]


class AccuracyStats:
    """The share of right classes over the batches of a stage.

    >>> import torch
    >>> stats = AccuracyStats()
    >>> stats.append(torch.tensor([[[0.9, 0.1], [0.2, 0.8]]]).log(), torch.tensor([[0, 0]]))
    >>> stats.summarize()
    0.5
    """

    def __init__(self) -> None:
        self.correct = 0
        self.total = 0

    def append(self, log_probabilities: Tensor, targets: Tensor, length: Tensor | None = None) -> None:
        """Add a batch; for the arguments see `count_correct`."""
        correct, total = count_correct(log_probabilities, targets, length)
        self.correct += correct
        self.total += total

    def summarize(self) -> float:
        """The accuracy, from 0 to 1.

        Raises:
            ArgumentError: nothing was appended.
        """
        if not self.total:
            raise ArgumentError("there is nothing to summarise", hint="append a batch first")
        return self.correct / self.total

    def state_dict(self) -> dict[str, int]:
        """What was counted; the counts of several processes add up."""
        return {"correct": self.correct, "total": self.total}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on from `state`, that of `state_dict`."""
        self.correct, self.total = state["correct"], state["total"]


def count_correct(log_probabilities: Tensor, targets: Tensor, length: Tensor | None = None) -> tuple[int, int]:
    """How many steps have the target as their likeliest class, and how many there are.

    Args:
        log_probabilities: `(batch, ..., classes)`; any score that grows with the probability will do.
        targets: `(batch, ...)`, integers.
        length: `(batch,)`, shares of the time, the second dimension, in (0, 1]; None where nothing is padded.

    Raises:
        ArgumentError: shapes that do not fit.

    >>> import torch
    >>> count_correct(torch.tensor([[[0.9, 0.1], [0.2, 0.8]]]), torch.tensor([[0, 0]]), torch.tensor([0.5]))
    (1, 1)
    """
    if log_probabilities.shape[:-1] != targets.shape or (length is not None and targets.dim() < 2):
        raise ArgumentError(
            "log_probabilities must be (batch, time, classes) and targets (batch, time), "
            f"got shapes {tuple(log_probabilities.shape)} and {tuple(targets.shape)}"
        )
    is_correct = log_probabilities.argmax(-1) == targets
    if length is None:
        return int(is_correct.sum()), is_correct.numel()
    time = targets.shape[1]
    mask = length_to_mask(lengths_to_counts(length.to(targets.device), time, "up"), time)
    mask = mask.reshape(*mask.shape, *[1] * (targets.dim() - 2)).expand_as(targets).bool()
    return int((is_correct & mask).sum()), int(mask.sum())
