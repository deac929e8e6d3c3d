"""Greedy search for CTC: the most probable label of each frame, repetitions merged, blanks left out.

A. Graves et al., "Connectionist temporal classification: labelling unsegmented sequence data with
recurrent neural networks", ICML 2006, section 3.2 (best path decoding).
"""

import itertools
from collections.abc import Hashable, Iterable
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts

__all__ = ["ctc_greedy_decode", "filter_ctc_output"]


def ctc_greedy_decode(probabilities: Tensor, seq_lens: Tensor, blank_id: int = -1) -> list[list[int]]:
    """The labels that each item spells, as whole numbers.

    Args:
        probabilities: `(batch, frames, labels)`; logarithms of them or logits do as well.
        seq_lens: `(batch,)`, shares of the longest item in (0, 1].
        blank_id: index of the blank; a negative one counts from the end.

    Returns:
        A list for each item, of different lengths.

    Raises:
        ArgumentError: shapes that do not belong together, or a blank beyond the labels.

    >>> spelled = torch.nn.functional.one_hot(torch.tensor([[0, 1, 1, 0, 1, 2], [2, 2, 1, 0, 0, 0]]))
    >>> ctc_greedy_decode(spelled, torch.tensor([1.0, 0.5]), blank_id=0)
    [[1, 1, 2], [2, 1]]
    """
    if probabilities.dim() != 3 or seq_lens.shape != probabilities.shape[:1]:
        raise ArgumentError(
            f"probabilities must be (batch, frames, labels) and seq_lens (batch,), "
            f"got {tuple(probabilities.shape)} and {tuple(seq_lens.shape)}",
            hint="seq_lens has the share of the longest item, one for each",
        )
    _, frames, labels = probabilities.shape
    if not -labels <= blank_id < labels:
        raise ArgumentError(f"blank_id must be one of {labels} labels, got {blank_id}", hint="-1 is the last one")
    best = probabilities.argmax(dim=-1)  # (batch, frames)
    before = torch.nn.functional.pad(best, (1, 0), value=-1)[:, :frames]
    counts = lengths_to_counts(seq_lens.to(best.device), frames)
    kept = (best != blank_id % labels) & (best != before) & length_to_mask(counts, frames, torch.bool)
    # One copy to the host for the whole batch.
    spelled = iter(best[kept].tolist())
    return [list(itertools.islice(spelled, count)) for count in kept.sum(dim=1).tolist()]


def filter_ctc_output(string_pred: Iterable[Hashable], blank_id: Any = -1) -> list[Any]:
    """The labels that the frames of one item spell.

    Args:
        string_pred: a label of any kind for each frame.
        blank_id: the label that is the blank.

    >>> filter_ctc_output(["a", "a", "blank", "b", "b", "blank", "b"], blank_id="blank")
    ['a', 'b', 'b']
    """
    return [label for label, _ in itertools.groupby(string_pred) if label != blank_id]
