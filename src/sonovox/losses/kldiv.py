"""Kullback-Leibler divergence of predictions from smoothed targets.

A target gives its class the probability `1 - label_smoothing`, and spreads the rest
evenly over the other classes (Vaswani et al., "Attention is all you need", NeurIPS
2017, section 5.4, in the form of the Annotated Transformer).
"""

import math

from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.losses.masking import reduce_loss
from sonovox.losses.nll import checked_classes, nll_loss

__all__ = ["kldiv_loss"]


def kldiv_loss(
    log_probabilities: Tensor,
    targets: Tensor,
    length: Tensor | None = None,
    label_smoothing: float = 0.0,
    allowed_len_diff: int = 3,
    pad_idx: int = 0,
    reduction: str = "mean",
) -> Tensor:
    """The divergence of the predictions from the smoothed targets, in nats, over what is not padding.

    SpeechBrain 1.1.2 sums where `reduction` says mean, and leaves out `length`; this function
    does what the names say.

    Args:
        log_probabilities: `(batch, classes)` or `(batch, time, classes)`.
        targets: `(batch,)` or `(batch, time)`, integers in `[0, classes)`.
        length: `(batch,)`, shares of `time` in (0, 1]; None where nothing is padded, or only by `pad_idx`.
        label_smoothing: share of a target's probability that goes to the other classes, in [0, 1].
            With 0 this is `nll_loss`, and targets of `pad_idx` count like others.
        allowed_len_diff: steps by which the time of both may differ; the longer one is cut.
        pad_idx: with smoothing, targets of this class are padding.
        reduction: `"mean"`, `"sum"`, `"batchmean"`, `"batch"` or `"none"`, see `reduce_loss`.

    Raises:
        ArgumentError: as `nll_loss`, and a smoothing without a second class.

    >>> import torch
    >>> log_probabilities = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.7, 0.2]]).log()
    >>> kldiv_loss(log_probabilities, torch.tensor([1, 1]), label_smoothing=0.2, reduction="batch")
    tensor([1.4556, 0.0375])
    """
    if not label_smoothing:
        return nll_loss(log_probabilities, targets, length, allowed_len_diff=allowed_len_diff, reduction=reduction)
    log_probabilities, targets = checked_classes(log_probabilities, targets, length, allowed_len_diff)
    others = log_probabilities.shape[-1] - 1
    if not 0.0 < label_smoothing <= 1.0 or others < 1:
        raise ArgumentError(
            f"label_smoothing must be from 0 to 1 with two classes or more, got {label_smoothing} with {others + 1}"
        )
    # sum of q (log q - log p) with q = 1 - smoothing at the target and share elsewhere
    keep, share = 1.0 - label_smoothing, label_smoothing / others
    place = targets.unsqueeze(-1)
    loss = label_smoothing * math.log(share) - share * log_probabilities.scatter(-1, place, 0.0).sum(-1)
    if keep:
        loss = loss + keep * (math.log(keep) - log_probabilities.gather(-1, place).squeeze(-1))
    return reduce_loss(loss, length, reduction, mask=targets != pad_idx)
