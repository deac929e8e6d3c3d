"""CTC loss: minus the log-probability of a transcript, summed over all its alignments with blanks.

Graves et al., "Connectionist temporal classification: labelling unsegmented sequence data
with recurrent neural networks", ICML 2006. The sum over alignments is torch's own.
"""

from torch import Tensor
from torch.nn import functional as F

from sonovox._internal.checks import check_choice, check_floating
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts
from sonovox.dsp.transcripts import checked_transcripts
from sonovox.losses.masking import REDUCTIONS, can_look_at_values, check_lengths_are_shares

__all__ = ["ctc_loss"]


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lens: Tensor,
    target_lens: Tensor,
    blank_index: int,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability of each transcript, in nats.

    A transcript that is longer than its frames allow has no alignment; its loss and
    its gradient are 0, so that one bad item does not spoil a batch.

    Args:
        log_probs: `(batch, time, classes)`, log-probabilities.
        targets: `(batch, labels)`, the transcripts, integers in `[0, classes)`, none of them the blank.
            What lies beyond `target_lens` is not looked at.
        input_lens: `(batch,)`, shares of `time` in (0, 1].
        target_lens: `(batch,)`, shares of `labels` in (0, 1].
        blank_index: class of the blank; negative values count from the end.
        reduction: `"mean"` (each item by its number of labels, then over the items), `"sum"`,
            `"batchmean"` (the sum over the number of items), `"batch"` (each item by its number of
            labels, `(batch,)`), or `"none"`.

    Raises:
        ArgumentError: shapes that do not fit, lengths that are no shares, blanks among the targets.

    >>> import torch
    >>> log_probs = torch.full((1, 2, 3), 1 / 3).log()  # two frames, one label: three alignments of nine
    >>> ctc_loss(log_probs, torch.tensor([[2]]), torch.ones(1), torch.ones(1), blank_index=0)
    tensor(1.0986)
    """
    check_choice("reduction", reduction, REDUCTIONS)
    check_floating("log_probs", log_probs)
    if log_probs.dim() != 3 or targets.dim() != 2 or len(targets) != len(log_probs):
        raise ArgumentError(
            "log_probs must be (batch, time, classes) and targets (batch, labels), "
            f"got shapes {tuple(log_probs.shape)} and {tuple(targets.shape)}"
        )
    batch, time, classes = log_probs.shape
    if not -classes <= blank_index < classes:
        raise ArgumentError(f"blank_index must be a class in [{-classes}, {classes}), got {blank_index}")
    blank = blank_index % classes
    check_lengths_are_shares("input_lens", input_lens, batch)
    check_lengths_are_shares("target_lens", target_lens, batch)

    frames = lengths_to_counts(input_lens.to(log_probs.device), time)
    labels = lengths_to_counts(target_lens.to(log_probs.device), targets.shape[1])
    transcripts = targets.to(log_probs.device).long()
    if can_look_at_values():
        transcripts = checked_transcripts(transcripts, labels, classes, blank)
    losses = F.ctc_loss(
        log_probs.transpose(0, 1), transcripts, frames, labels, blank=blank, reduction="none", zero_infinity=True
    )
    if reduction == "none":
        return losses
    if reduction in ("sum", "batchmean"):
        return losses.sum() / (batch if reduction == "batchmean" else 1)
    by_label = losses / labels.clamp(min=1)
    return by_label.mean() if reduction == "mean" else by_label
