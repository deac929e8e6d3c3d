"""Transducer (RNN-T) loss with lengths as shares; the loss itself is `dsp.rnnt`."""

from torch import Tensor

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts
from sonovox.dsp.rnnt import rnnt_loss
from sonovox.losses.masking import REDUCTIONS, check_lengths_are_shares

__all__ = ["transducer_loss"]


def transducer_loss(
    logits: Tensor,
    targets: Tensor,
    input_lens: Tensor,
    target_lens: Tensor,
    blank_index: int,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability of each transcript under a transducer, in nats.

    Graves, "Sequence transduction with recurrent neural networks", 2012. It is computed
    on any device, in float64 inside.

    Args:
        logits: `(batch, time, labels + 1, classes)`, what the joiner gives, unnormalised.
        targets: `(batch, labels)`, the transcripts, integers in `[0, classes)`, none of them the blank.
        input_lens: `(batch,)`, shares of `time` in (0, 1].
        target_lens: `(batch,)`, shares of `labels` in (0, 1].
        blank_index: class of the blank.
        reduction: `"mean"` over the items (also named `"batchmean"`), `"sum"`, or one for each item
            (`"batch"` or `"none"`).

    Raises:
        ArgumentError: shapes that do not fit, lengths that are no shares, blanks among the targets.

    >>> import torch
    >>> logits = torch.zeros(1, 2, 2, 3)  # two frames, one label: two alignments of three steps
    >>> transducer_loss(logits, torch.tensor([[1]]), torch.ones(1), torch.ones(1), blank_index=0)
    tensor(2.6027)
    """
    check_choice("reduction", reduction, REDUCTIONS)
    if logits.dim() != 4 or targets.dim() != 2:
        raise ArgumentError(
            "logits must be (batch, time, labels + 1, classes) and targets (batch, labels), "
            f"got shapes {tuple(logits.shape)} and {tuple(targets.shape)}"
        )
    check_lengths_are_shares("input_lens", input_lens, len(logits))
    check_lengths_are_shares("target_lens", target_lens, len(logits))
    return rnnt_loss(
        logits,
        targets.to(logits.device).long(),
        lengths_to_counts(input_lens.to(logits.device), logits.shape[1]),
        lengths_to_counts(target_lens.to(logits.device), targets.shape[1]),
        blank=blank_index,
        reduction={"batchmean": "mean", "batch": "none"}.get(reduction, reduction),
    )
