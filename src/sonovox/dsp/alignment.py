"""Forced alignment: which frames speak which token of a known transcript.

The best path through the states of connectionist temporal classification (Graves et
al., ICML 2006, section 4.1), found by Viterbi's algorithm.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError
from sonovox._kernels.ctc_paths import ctc_paths
from sonovox.dsp.transcripts import check_lengths, checked_transcripts

__all__ = ["TokenSpan", "forced_align", "merge_tokens"]


def forced_align(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | None = None,
    target_lengths: Tensor | None = None,
    blank: int = 0,
) -> tuple[Tensor, Tensor]:
    """The most probable token of each frame, given the transcript, and its log-probability.

    Between paths of equal probability the one is taken that, read from the end, stays in
    its token rather than leaving it. The search adds in float64.

    Args:
        log_probs: `(..., time, classes)`, log-probabilities of a CTC model, floating point.
        targets: `(..., labels)`, the transcripts, integers in `[0, classes)`, none of them `blank`.
            What lies beyond `target_lengths` is not looked at.
        input_lengths: `(...)`, frames of each item; all of them if None.
        target_lengths: `(...)`, labels of each item; all of them if None.
        blank: class of the blank.

    Returns:
        The tokens, `(..., time)` in the dtype of `targets`, and `log_probs` at these tokens, `(..., time)`,
        through which gradients flow. Beyond `input_lengths` they are `blank` and 0.

    Raises:
        ArgumentError: shapes that do not fit, lengths beyond the tensors, blanks among the targets,
            fewer frames than the labels need (one each, and one between two that are equal).

    >>> probs = torch.tensor([[0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.7, 0.2, 0.1], [0.3, 0.1, 0.6]])
    >>> tokens, scores = forced_align(probs.log(), torch.tensor([1, 2]))
    >>> tokens, scores.exp()
    (tensor([1, 1, 0, 2]), tensor([0.8000, 0.7000, 0.7000, 0.6000]))
    """
    check_floating("log_probs", log_probs)
    if log_probs.dim() < 2:
        raise ArgumentError(f"log_probs must be (..., time, classes), got shape {tuple(log_probs.shape)}")
    leading, (time, classes) = log_probs.shape[:-2], log_probs.shape[-2:]
    if not 0 <= blank < classes:
        raise ArgumentError(f"blank must be a class from 0 to {classes - 1}, got {blank}")
    if targets.shape[:-1] != leading or targets.dim() == 0:
        raise ArgumentError(
            f"targets must be (..., labels) with the leading dimensions {tuple(leading)} of log_probs, "
            f"got shape {tuple(targets.shape)}",
            hint="give each item its transcript, padded to the longest, with target_lengths",
        )
    frames = torch.full(leading, time, device=log_probs.device) if input_lengths is None else input_lengths
    labels = (
        torch.full(leading, targets.shape[-1], device=log_probs.device) if target_lengths is None else target_lengths
    )
    for name, tensor, shape in (
        ("targets", targets, targets.shape),
        ("input_lengths", frames, leading),
        ("target_lengths", labels, leading),
    ):
        if tensor.is_floating_point() or tensor.is_complex():
            raise ArgumentError(f"{name} must be integers, got {tensor.dtype}", hint="convert with .long()")
        if tensor.shape != shape:
            raise ArgumentError(f"{name} must have shape {tuple(shape)}, one for each item, got {tuple(tensor.shape)}")
    count = math.prod(leading)
    flat = log_probs.detach().reshape(count, time, classes)
    best = _best_paths(
        flat, targets.reshape(count, targets.shape[-1]), frames.reshape(count), labels.reshape(count), blank
    )
    paths = best.reshape(*leading, time)
    scores = log_probs.gather(-1, paths.unsqueeze(-1)).squeeze(-1)
    if input_lengths is not None:
        beyond = torch.arange(time, device=paths.device) >= input_lengths.unsqueeze(-1)
        scores = scores.masked_fill(beyond, 0.0)
    return paths.to(targets.dtype), scores


@dataclass
class TokenSpan:
    """A token and the frames in which it is spoken.

    Attributes:
        token: its class.
        start: first frame.
        end: the frame after the last.
        score: mean score of its frames.

    >>> len(TokenSpan(token=7, start=2, end=5, score=0.9))
    3
    """

    token: int
    start: int
    end: int
    score: float

    def __len__(self) -> int:
        """Number of frames."""
        return self.end - self.start


def merge_tokens(tokens: Tensor, scores: Tensor, blank: int = 0) -> list[TokenSpan] | list:
    """The spans of what `forced_align` gives for each frame: equal neighbours are joined, blanks left out.

    Args:
        tokens: `(..., time)`, integers.
        scores: `(..., time)`, floating point; probabilities or their logarithms.
        blank: class of the blank.

    Returns:
        The spans of an item in order; nested lists of them for leading dimensions.

    Raises:
        ArgumentError: the shapes differ, scores that are integers.

    >>> merge_tokens(torch.tensor([1, 1, 0, 2]), torch.tensor([0.5, 1.0, 0.9, 0.25]))
    [TokenSpan(token=1, start=0, end=2, score=0.75), TokenSpan(token=2, start=3, end=4, score=0.25)]
    """
    check_floating("scores", scores)
    if tokens.shape != scores.shape or tokens.dim() == 0:
        raise ArgumentError(
            f"tokens and scores must both be (..., time), got shapes {tuple(tokens.shape)} and {tuple(scores.shape)}"
        )
    if tokens.dim() > 1:
        return [merge_tokens(*item, blank) for item in zip(tokens, scores, strict=True)]
    values, counts = torch.unique_consecutive(tokens, return_counts=True)
    ends = counts.cumsum(0)
    spans = zip(values.tolist(), (ends - counts).tolist(), ends.tolist(), strict=True)
    return [
        TokenSpan(token, start, end, scores[start:end].mean().item()) for token, start, end in spans if token != blank
    ]


# One operation, because compiled, exported and vmapped programs should not hold the loop over
# the frames, whose number changes with every batch.
@torch.library.custom_op("sonovox::ctc_best_paths", mutates_args=())
def _best_paths(
    log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int
) -> Tensor:
    """The token of each frame, `(batch, time)`, int64; `blank` beyond the lengths."""
    input_lengths, target_lengths = input_lengths.long(), target_lengths.long()
    _, time, classes = log_probs.shape
    targets = _checked_targets(targets.long(), input_lengths, target_lengths, time, classes, blank)
    return ctc_paths(log_probs, targets, input_lengths, target_lengths, blank)


def _checked_targets(
    targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, time: int, classes: int, blank: int
) -> Tensor:
    check_lengths("input_lengths", input_lengths, 0, time)
    inside = checked_transcripts(targets, target_lengths, classes, blank)
    beyond = torch.arange(targets.shape[1], device=targets.device) >= target_lengths[:, None]
    repeats = ((inside[:, 1:] == inside[:, :-1]) & ~beyond[:, 1:]).sum(1)
    short = input_lengths < target_lengths + repeats
    if bool(short.any()):
        item = int(short.nonzero()[0])
        raise ArgumentError(
            f"item {item} has {int(input_lengths[item])} frames, and its {int(target_lengths[item])} labels with "
            f"{int(repeats[item])} repeats need {int(target_lengths[item] + repeats[item])}",
            hint="check the transcript, or use a model with more frames a second",
        )
    return inside


@_best_paths.register_fake
def _(log_probs, targets, input_lengths, target_lengths, blank):  # type: ignore[no-untyped-def]
    return log_probs.new_empty(log_probs.shape[:2], dtype=torch.long)


@_best_paths.register_vmap
def _(info, in_dims, log_probs, targets, input_lengths, target_lengths, blank):  # type: ignore[no-untyped-def]
    size = info.batch_size
    tensors = [
        (tensor.unsqueeze(0).expand(size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)).flatten(0, 1)
        for tensor, dim in zip((log_probs, targets, input_lengths, target_lengths), in_dims, strict=False)
    ]
    return _best_paths(*tensors, blank).unflatten(0, (size, -1)), 0
