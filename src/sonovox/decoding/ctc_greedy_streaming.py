"""Greedy search for CTC, chunk by chunk; see `ctc_greedy`."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError

__all__ = ["CTCGreedyStreamingContext", "ctc_greedy_decode_streaming"]


@dataclass
class CTCGreedyStreamingContext:
    """What is remembered of the chunks before.

    Args:
        last: the label of each item's last frame, `(batch,)`; None at first.
        frames: so many came before.
        token_frames: of the tokens of the last chunk, the first frame of each, counted from the beginning.
    """

    last: Tensor | None = None
    frames: int = 0
    token_frames: list[list[int]] = field(default_factory=list)


def ctc_greedy_decode_streaming(
    probabilities: Tensor, context: CTCGreedyStreamingContext, blank_id: int = -1
) -> list[list[int]]:
    """The labels that the next frames of each item spell; joined, they are what `ctc_greedy_decode` gives.

    Args:
        probabilities: `(batch, frames, labels)`; logarithms of them or logits do as well.
        context: of the signal; it is changed.
        blank_id: index of the blank; a negative one counts from the end.

    Raises:
        ArgumentError: another shape, a batch of another size than before, or a blank beyond the labels.

    >>> context, spelled = CTCGreedyStreamingContext(), torch.nn.functional.one_hot(torch.tensor([[1, 1, 1, 0, 1, 2]]))
    >>> [ctc_greedy_decode_streaming(part, context, blank_id=0) for part in spelled.split(2, dim=1)]
    [[[1]], [[]], [[1, 2]]]
    """
    if probabilities.dim() != 3:
        raise ArgumentError(f"probabilities must be (batch, frames, labels), got {tuple(probabilities.shape)}")
    batch, frames, labels = probabilities.shape
    if not -labels <= blank_id < labels:
        raise ArgumentError(f"blank_id must be one of {labels} labels, got {blank_id}", hint="-1 is the last one")
    if context.last is not None and len(context.last) != batch:
        raise ArgumentError(
            f"the batch must stay of {len(context.last)} items, got {batch}", hint="a new context for other signals"
        )
    if frames == 0:
        context.token_frames = [[] for _ in range(batch)]
        return [[] for _ in range(batch)]
    best = probabilities.argmax(dim=-1)
    last = best.new_full((batch,), -1) if context.last is None else context.last
    before = torch.cat((last.unsqueeze(1), best[:, :-1]), dim=1)
    kept = (best != blank_id % labels) & (best != before)
    context.last = best[:, -1]
    context.token_frames = [
        [context.frames + frame for frame in row.nonzero().squeeze(1).tolist()] for row in kept.cpu()
    ]
    context.frames += frames
    return [labels_[mask].tolist() for labels_, mask in zip(best.cpu(), kept.cpu(), strict=True)]
