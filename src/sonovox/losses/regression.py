"""Differences between signals or features and their targets, absolute and squared."""

from torch import Tensor
from torch.nn import functional as F

from sonovox._internal.errors import ArgumentError
from sonovox.losses.masking import reduce_loss, truncate

__all__ = ["l1_loss", "mse_loss"]


def l1_loss(
    predictions: Tensor,
    targets: Tensor,
    length: Tensor | None = None,
    allowed_len_diff: int = 3,
    reduction: str = "mean",
) -> Tensor:
    """The absolute difference, over what is not padding.

    Args:
        predictions: `(batch, time, ...)`.
        targets: of the same shape.
        length: `(batch,)`, shares of `time` in (0, 1]; None where nothing is padded.
        allowed_len_diff: steps by which the time of both may differ; the longer one is cut.
        reduction: `"mean"`, `"sum"`, `"batchmean"`, `"batch"` or `"none"`, see `reduce_loss`.

    Raises:
        ArgumentError: shapes that do not fit, lengths that are no shares.

    >>> import torch
    >>> l1_loss(torch.tensor([[0.9, 0.1, 0.1]]), torch.tensor([[0.0, 1.0, 0.0]]))
    tensor(0.6333)
    """
    predictions, targets = _of_one_shape(predictions, targets, allowed_len_diff)
    return reduce_loss(F.l1_loss(predictions, targets, reduction="none"), length, reduction)


def mse_loss(
    predictions: Tensor,
    targets: Tensor,
    length: Tensor | None = None,
    allowed_len_diff: int = 3,
    reduction: str = "mean",
) -> Tensor:
    """The squared difference, over what is not padding. For the arguments and errors see `l1_loss`.

    >>> import torch
    >>> mse_loss(torch.tensor([[0.9, 0.1, 0.1]]), torch.tensor([[0.0, 1.0, 0.0]]))
    tensor(0.5433)
    """
    predictions, targets = _of_one_shape(predictions, targets, allowed_len_diff)
    return reduce_loss(F.mse_loss(predictions, targets, reduction="none"), length, reduction)


def _of_one_shape(predictions: Tensor, targets: Tensor, allowed_len_diff: int) -> tuple[Tensor, Tensor]:
    if predictions.dim() >= 2 and targets.dim() >= 2:
        predictions, targets = truncate(predictions, targets, allowed_len_diff)
    if predictions.shape != targets.shape:  # torch would broadcast, and average over pairs that nobody meant
        raise ArgumentError(
            f"predictions and targets must have one shape, got {tuple(predictions.shape)} and {tuple(targets.shape)}"
        )
    return predictions, targets
