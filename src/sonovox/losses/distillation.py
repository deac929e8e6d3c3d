"""Losses of a student that learns from the predictions of a teacher.

Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015; for
CTC the teacher's best path is taken as the transcript.
"""

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts
from sonovox.losses.ctc import ctc_loss
from sonovox.losses.masking import check_lengths_are_shares, reduce_loss

__all__ = ["ce_kd", "ctc_loss_kd", "nll_loss_kd"]


def ctc_loss_kd(
    log_probs: Tensor,
    targets: Tensor,
    input_lens: Tensor,
    blank_index: int,
    device: torch.device | str | None = None,
) -> Tensor:
    """CTC loss of what a teacher hears, the mean over the items, each by its number of labels.

    Args:
        log_probs: `(batch, time, classes)`, log-probabilities of the student.
        targets: `(batch, time, classes)`, probabilities of the teacher, or what grows with them.
        input_lens: `(batch,)`, shares of `time` in (0, 1].
        blank_index: class of the blank.
        device: accepted for SpeechBrain's calls; that of `log_probs` is taken.

    Raises:
        ArgumentError: shapes that differ, lengths that are no shares.

    >>> log_probs = torch.full((1, 2, 3), 1 / 3).log()
    >>> ctc_loss_kd(log_probs, torch.tensor([[[0.9, 0.1, 0.0], [0.0, 0.2, 0.8]]]), torch.ones(1), blank_index=0)
    tensor(1.0986)
    """
    _check_shapes(log_probs, targets)
    check_lengths_are_shares("input_lens", input_lens, len(log_probs))
    time = log_probs.shape[1]
    path = targets.argmax(-1)  # (batch, time)
    inside = length_to_mask(lengths_to_counts(input_lens.to(path.device), time), time, dtype=torch.bool)
    is_label = inside & (path != blank_index % log_probs.shape[-1])
    is_label[:, 1:] &= path[:, 1:] != path[:, :-1]
    # A stable sort brings the labels to the front in their order.
    order = is_label.to(torch.uint8).argsort(dim=1, descending=True, stable=True)
    share = is_label.sum(1) / time
    return ctc_loss(log_probs, path.gather(1, order), input_lens, share, blank_index)


def ce_kd(inp: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of a teacher's probabilities with a student's log-probabilities, `(items,)`, in nats.

    Args:
        inp: `(items, classes)`, log-probabilities of the student.
        target: `(items, classes)`, probabilities of the teacher.

    >>> ce_kd(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.2, 0.8]]))
    tensor([0.6931])
    """
    return -(target * inp).sum(1)


def nll_loss_kd(probabilities: Tensor, targets: Tensor, rel_lab_lengths: Tensor) -> Tensor:
    """Cross-entropy of a teacher's probabilities at each step, the mean over what is not padding, in nats.

    Args:
        probabilities: `(batch, time, classes)`, log-probabilities of the student.
        targets: `(batch, time, classes)`, probabilities of the teacher.
        rel_lab_lengths: `(batch,)`, shares of `time` in (0, 1].

    Raises:
        ArgumentError: shapes that differ, lengths that are no shares.

    >>> student, teacher = torch.full((1, 2, 2), 0.5).log(), torch.tensor([[[0.2, 0.8], [0.6, 0.4]]])
    >>> nll_loss_kd(student, teacher, torch.ones(1))
    tensor(0.6931)
    """
    _check_shapes(probabilities, targets)
    check_lengths_are_shares("rel_lab_lengths", rel_lab_lengths, len(targets))
    time = targets.shape[1]
    mask = length_to_mask(lengths_to_counts(rel_lab_lengths.to(targets.device), time), time, dtype=torch.bool)
    losses = ce_kd(probabilities.flatten(0, 1), targets.flatten(0, 1)).unflatten(0, (-1, time))
    return reduce_loss(losses, mask=mask)


def _check_shapes(student: Tensor, teacher: Tensor) -> None:
    if student.shape != teacher.shape or student.dim() != 3:
        raise ArgumentError(
            "student and teacher must have one shape (batch, time, classes), "
            f"got {tuple(student.shape)} and {tuple(teacher.shape)}"
        )
