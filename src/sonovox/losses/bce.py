"""Binary cross-entropy of logits, by step or by item."""

from torch import Tensor
from torch.nn import functional as F

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError
from sonovox.losses.masking import reduce_loss, truncate

__all__ = ["bce_loss"]


def bce_loss(
    inputs: Tensor,
    targets: Tensor,
    length: Tensor | None = None,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: str = "mean",
    allowed_len_diff: int = 3,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Minus the log-probability of yes-or-no targets, in nats, over what is not padding.

    Args:
        inputs: `(batch,)`, `(batch, time)` or `(batch, time, labels)`, logits; a last dimension of 1
            that `targets` lack is left out.
        targets: of the shape of `inputs`, in [0, 1].
        length: `(batch,)`, shares of `time` in (0, 1]; None where nothing is padded.
        weight: factors that broadcast to the losses; one-dimensional ones are those of the items.
        pos_weight: factors of the part of the targets that is 1, of the last dimension.
        reduction: `"mean"`, `"sum"`, `"batchmean"`, `"batch"` or `"none"`, see `reduce_loss`.
        allowed_len_diff: steps by which the time of both may differ; the longer one is cut.
        label_smoothing: targets are drawn to 0.5 by this share, in [0, 1].

    Raises:
        ArgumentError: shapes that do not fit, lengths that are no shares.

    >>> import torch
    >>> bce_loss(torch.tensor([10.0, -6.0]), torch.tensor([1, 0]))
    tensor(0.0013)
    """
    check_floating("inputs", inputs)
    if inputs.dim() == targets.dim() + 1 and inputs.shape[-1] == 1:
        inputs = inputs.squeeze(-1)
    if inputs.dim() != targets.dim() or inputs.dim() == 0:
        raise ArgumentError(
            f"inputs and targets must have one shape, got {tuple(inputs.shape)} and {tuple(targets.shape)}"
        )
    if inputs.dim() >= 2:
        inputs, targets = truncate(inputs, targets, allowed_len_diff)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ArgumentError(f"label_smoothing must be from 0 to 1, got {label_smoothing}")
    targets = targets.to(inputs.dtype) * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if weight is not None and weight.dim() == 1 and inputs.dim() > 1:
        weight = weight.reshape(-1, *[1] * (inputs.dim() - 1))
    loss = F.binary_cross_entropy_with_logits(inputs, targets, weight, reduction="none", pos_weight=pos_weight)
    return reduce_loss(loss, length, reduction)
