"""The share of wrong classes, by step or by item; it has no gradient."""

from torch import Tensor

from sonovox.losses.masking import reduce_loss
from sonovox.losses.nll import checked_classes

__all__ = ["classification_error"]


def classification_error(
    probabilities: Tensor,
    targets: Tensor,
    length: Tensor | None = None,
    allowed_len_diff: int = 3,
    reduction: str = "mean",
) -> Tensor:
    """How often the likeliest class is not the target, over what is not padding.

    Args:
        probabilities: `(batch, classes)` or `(batch, time, classes)`; any score that grows with them will do.
        targets: `(batch,)` or `(batch, time)`, integers in `[0, classes)`.
        length: `(batch,)`, shares of `time` in (0, 1]; None where nothing is padded.
        allowed_len_diff: steps by which the time of both may differ; the longer one is cut.
        reduction: `"mean"`, `"sum"`, `"batchmean"`, `"batch"` or `"none"`, see `reduce_loss`.

    Raises:
        ArgumentError: shapes that do not fit, lengths that are no shares, targets that are no class.

    >>> import torch
    >>> classification_error(torch.tensor([[[0.9, 0.1], [0.1, 0.9]]]), torch.tensor([[1, 1]]))
    tensor(0.5000)
    """
    probabilities, targets = checked_classes(probabilities, targets, length, allowed_len_diff)
    return reduce_loss((probabilities.argmax(-1) != targets).to(probabilities.dtype), length, reduction)
