"""Negative log-likelihood of classes, by step or by item, with label smoothing.

The smoothing is that of Szegedy et al., "Rethinking the Inception architecture for
computer vision", CVPR 2016, section 7: of the probability of 1 that a target gives
its class, `label_smoothing` is spread evenly over all classes.
"""

from torch import Tensor
from torch.nn import functional as F

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError
from sonovox.losses.masking import can_look_at_values, reduce_loss, steps_mask, truncate

__all__ = ["checked_classes", "nll_loss"]


def nll_loss(
    log_probabilities: Tensor,
    targets: Tensor,
    length: Tensor | None = None,
    label_smoothing: float = 0.0,
    allowed_len_diff: int = 3,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability of the target classes, in nats, over what is not padding.

    Args:
        log_probabilities: `(batch, classes)` or `(batch, time, classes)`.
        targets: `(batch,)` or `(batch, time)`, integers in `[0, classes)`. What lies beyond `length` is
            not looked at.
        length: `(batch,)`, shares of `time` in (0, 1]; None where nothing is padded.
        label_smoothing: share of the target's probability that goes to all classes, in [0, 1].
        allowed_len_diff: steps by which the time of both may differ; the longer one is cut.
        weight: `(classes,)`, factors of the classes. The mean is over steps, not over weights.
        reduction: `"mean"`, `"sum"`, `"batchmean"`, `"batch"` or `"none"`, see `reduce_loss`.

    Raises:
        ArgumentError: shapes that do not fit, lengths that are no shares, targets that are no class.

    >>> import torch
    >>> log_probabilities = torch.tensor([[0.9, 0.1], [0.1, 0.9]]).log()
    >>> nll_loss(log_probabilities, torch.tensor([0, 0]), reduction="batch")
    tensor([0.1054, 2.3026])
    """
    log_probabilities, targets = checked_classes(log_probabilities, targets, length, allowed_len_diff)
    loss = F.nll_loss(log_probabilities.movedim(-1, 1), targets, weight=weight, reduction="none")
    if label_smoothing:
        if not 0.0 <= label_smoothing <= 1.0:
            raise ArgumentError(f"label_smoothing must be from 0 to 1, got {label_smoothing}")
        loss = (1.0 - label_smoothing) * loss - label_smoothing * log_probabilities.mean(-1)
    return reduce_loss(loss, length, reduction)


def checked_classes(
    log_probabilities: Tensor, targets: Tensor, length: Tensor | None, allowed_len_diff: int
) -> tuple[Tensor, Tensor]:
    """Both with the same time, and targets of class 0 at the padding, so that all can serve as an index.

    Raises:
        ArgumentError: see `nll_loss`.

    >>> import torch
    >>> checked_classes(torch.zeros(1, 3, 5), torch.tensor([[4, -1]]), torch.tensor([0.5]), 1)[1]
    tensor([[4, 0]])
    """
    check_floating("log_probabilities", log_probabilities)
    if log_probabilities.dim() not in (2, 3) or targets.dim() != log_probabilities.dim() - 1:
        raise ArgumentError(
            "log_probabilities must be (batch, classes) with targets (batch,), or (batch, time, classes) with "
            f"(batch, time), got shapes {tuple(log_probabilities.shape)} and {tuple(targets.shape)}"
        )
    if targets.dim() == 2:
        log_probabilities, targets = truncate(log_probabilities, targets, allowed_len_diff)
    if len(targets) != len(log_probabilities):
        raise ArgumentError(f"targets must be {len(log_probabilities)} items, got {len(targets)}")
    targets = targets.long()
    mask = steps_mask(targets, length)
    if mask is not None:
        targets = targets.masked_fill(~mask, 0)
    classes = log_probabilities.shape[-1]
    if can_look_at_values() and bool(((targets < 0) | (targets >= classes)).any()):
        raise ArgumentError(f"targets must be classes from 0 to {classes - 1}, got {targets.unique().tolist()}")
    return log_probabilities, targets
