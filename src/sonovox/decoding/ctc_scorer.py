"""CTC as a scorer of prefixes: how probable is it that an utterance begins with these tokens?

Watanabe et al., "Hybrid CTC/attention architecture for end-to-end speech recognition",
IEEE JSTSP 2017, algorithm 2. The recursions over frames are first-order and linear, so
they are sums of exponentials, which are computed for all frames at once; the forward
variables are computed for the hypotheses alone that were chosen, not for all that could be.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.decoding.scorer_builder import BaseScorerInterface
from sonovox.dsp.lengths import length_to_mask

__all__ = ["CTCScorer"]

_LOWEST = -1e20
_INF = float("inf")
_NOTHING = torch.empty(0)


@dataclass(eq=False)
class _Prefixes:
    """What is known of each item, and of each row's prefix; logarithms in float64."""

    log_probs: Tensor  # (items, time, tokens)
    scaled: Tensor  # (items, time, tokens), probabilities over the largest of each token; empty until needed
    largest: Tensor  # (items, 1, tokens), its logarithm
    frames: Tensor  # (items,)
    nonblank: Tensor  # (rows, time), of the paths that spell the prefix and end with its last token
    blank: Tensor  # (rows, time), and of those that end with blank
    prefix: Tensor  # (rows,), of all that begin with the prefix
    length: int = 0
    # From here: between `score` and `permute_mem`.
    scores: Tensor = _NOTHING  # (rows, tokens), of the prefixes with one token more
    last: Tensor = _NOTHING  # (rows,)
    before: Tensor = _NOTHING  # (rows, time), of all paths that may be followed by another token at a frame
    before_same: Tensor = _NOTHING  # (rows, time), and by the last one again
    visible: Tensor | None = None  # (rows, time), frames inside the window; None where there is no window


class CTCScorer(BaseScorerInterface):
    """Log-probabilities of the next token in prefixes that CTC gives.

    Args:
        ctc_fc: gives scores of tokens of the encoder's states.
        blank_index: the blank.
        eos_index: the end: the whole utterance is what was said.
        ctc_window_size: look at so many frames before and after where the attention of an item's hypotheses peaks; 0
            for all. What a prefix spells beyond its window is given up, too. (SpeechBrain takes the peaks of the whole
            batch, where an item depends on the others.)

    Raises:
        ArgumentError: a window without attention.

    >>> scorer = CTCScorer(nn.Identity(), blank_index=0, eos_index=2)
    >>> frames = torch.tensor([[[0.4, 0.5, 0.1], [0.7, 0.2, 0.1]]]).log()
    >>> memory = scorer.reset_mem(frames, torch.tensor([2]))
    >>> scorer.score(torch.tensor([1]), memory, None, None)[0].exp()  # 0.5 + 0.4 * 0.2, and 0.4 * 0.7 for the end
    tensor([[0.0000, 0.5800, 0.2800]])
    """

    permutes_candidates = True

    def __init__(self, ctc_fc: nn.Module, blank_index: int, eos_index: int, ctc_window_size: int = 0) -> None:
        self.ctc_fc = ctc_fc
        self.blank_index = blank_index
        self.eos_index = eos_index
        self.ctc_window_size = ctc_window_size

    @torch.no_grad()
    def reset_mem(self, x: Tensor, enc_lens: Tensor) -> _Prefixes:
        """The empty prefix of each item; the first call of `score` makes one of them for each row.

        Args:
            x: the encoder's states, `(items, time, features)`.
            enc_lens: their counts of steps, `(items,)`.
        """
        # -1e4 instead of -inf: sums over frames stay numbers.
        log_probs = self.ctc_fc(x).double().log_softmax(dim=-1).clamp(min=-1e4)
        blank = log_probs[:, :, self.blank_index].cumsum(dim=1)
        nothing = torch.full_like(blank, -_INF)
        largest = log_probs.amax(dim=1, keepdim=True)
        return _Prefixes(
            log_probs, log_probs[:0], largest, enc_lens.to(x.device), nothing, blank, blank.new_zeros(len(blank))
        )

    @torch.no_grad()
    def score(
        self, inp_tokens: Tensor, memory: _Prefixes, candidates: Tensor | None, attn: Tensor | None
    ) -> tuple[Tensor, _Prefixes]:
        """See `BaseScorerInterface.score`; tokens beyond `candidates` get a score that rules them out."""
        rows, (items, time, tokens) = inp_tokens.shape[0], memory.log_probs.shape
        beam = rows // items
        if memory.length == 0 and memory.prefix.shape[0] != rows:
            nonblank, blank, prefix = (
                x.repeat_interleave(beam, dim=0) for x in (memory.nonblank, memory.blank, memory.prefix)
            )
            memory = replace(memory, nonblank=nonblank, blank=blank, prefix=prefix)
        spelled = torch.logaddexp(memory.nonblank, memory.blank)
        visible = self._visible(memory, beam, attn)
        start = 0.0 if memory.length == 0 else -_INF
        before, before_same = (
            nn.functional.pad(paths[:, :-1], (1, 0), value=start).masked_fill(~visible, -_INF)
            for paths in (spelled, memory.blank)
        )
        if candidates is None:
            if not len(memory.scaled):
                memory = replace(memory, scaled=(memory.log_probs - memory.largest).exp())
            scores = _sum_of_paths(before.view(items, beam, time), memory.scaled, memory.largest).view(rows, tokens)
        else:
            scores = before.new_full((rows, tokens), _LOWEST)
            following = _of_tokens(memory.log_probs, candidates.view(items, -1)).reshape(rows, -1, time)
            scores.scatter_(1, candidates, (before.unsqueeze(1) + following).logsumexp(dim=2))
        last = inp_tokens.unsqueeze(1)
        # The last token once more needs a blank between.
        again = (before_same + _of_tokens(memory.log_probs, last.view(items, -1)).reshape(rows, time)).logsumexp(dim=1)
        scores.scatter_(1, last, torch.where(scores.gather(1, last) == _LOWEST, _LOWEST, again.unsqueeze(1)))
        if self.blank_index != self.eos_index:
            scores[:, self.blank_index] = _LOWEST
        end = (memory.frames.repeat_interleave(beam) - 1).clamp(min=0).unsqueeze(1)
        scores[:, self.eos_index] = spelled.gather(1, end).squeeze(1)
        scores = scores.clamp(min=_LOWEST)
        after = replace(memory, scores=scores, last=inp_tokens, before=before, before_same=before_same)
        if self.ctc_window_size > 0:
            after.visible = visible
        return (scores - memory.prefix.unsqueeze(1)).float(), after

    def permute_mem(self, memory: _Prefixes, index: Tensor) -> _Prefixes:
        """The prefixes that were chosen; `index` as in `ScorerBuilder.permute_scorer_mem`."""
        items, _, tokens = memory.log_probs.shape
        beam = index.shape[1]
        first_row = torch.arange(items, device=index.device).unsqueeze(1) * beam
        rows, chosen = (index // tokens + first_row).flatten(), index % tokens
        same = (chosen.flatten() == memory.last[rows]).unsqueeze(1)
        before = torch.where(same, memory.before_same[rows], memory.before[rows])
        spoken = _of_tokens(memory.log_probs, chosen).flatten(0, 1)
        silent = memory.log_probs[:, :, self.blank_index].repeat_interleave(beam, dim=0)
        nonblank = _recursion(before, spoken)
        blank = _recursion(nn.functional.pad(nonblank[:, :-1], (1, 0), value=-_INF), silent)
        if memory.visible is not None:
            nonblank, blank = (paths.masked_fill(~memory.visible[rows], -_INF) for paths in (nonblank, blank))
        return replace(
            memory,
            nonblank=nonblank,
            blank=blank,
            prefix=memory.scores.view(items, -1).gather(1, index).flatten(),
            length=memory.length + 1,
            scores=_NOTHING,
            last=_NOTHING,
            before=_NOTHING,
            before_same=_NOTHING,
            visible=None,
        )

    def keep_items(self, memory: _Prefixes, items: Tensor, rows: Tensor) -> _Prefixes:
        """The prefixes of `items`, that is of `rows`."""
        return replace(
            memory,
            log_probs=memory.log_probs[items],
            scaled=memory.scaled[items] if len(memory.scaled) else memory.scaled,
            largest=memory.largest[items],
            frames=memory.frames[items],
            nonblank=memory.nonblank[rows],
            blank=memory.blank[rows],
            prefix=memory.prefix[rows],
        )

    def _visible(self, memory: _Prefixes, beam: int, attn: Tensor | None) -> Tensor:
        """Frames at which the next token may be said, `(rows, time)`."""
        items, time, _ = memory.log_probs.shape
        visible = length_to_mask(memory.frames, time, torch.bool)
        if self.ctc_window_size > 0:
            if attn is None:
                raise ArgumentError(
                    "ctc_window_size needs a decoder that says where it listened", hint="give ctc_window_size=0"
                )
            peaks = attn.argmax(dim=1).view(items, beam)
            frame = torch.arange(time, device=attn.device)
            first = peaks.amin(dim=1, keepdim=True) - self.ctc_window_size
            beyond = peaks.amax(dim=1, keepdim=True) + self.ctc_window_size
            # A window that begins at the second frame has the first one, too: a prefix can only begin there.
            visible = visible & ((frame >= first) | ((frame == 0) & (first <= 1))) & (frame < beyond)
        return visible.repeat_interleave(beam, dim=0)


def _of_tokens(log_probs: Tensor, tokens: Tensor) -> Tensor:
    """`(items, count, time)` of `(items, time, tokens)` and tokens `(items, count)`."""
    time = log_probs.shape[1]
    return log_probs.gather(2, tokens.unsqueeze(1).expand(-1, time, -1)).transpose(1, 2)


def _sum_of_paths(before: Tensor, scaled: Tensor, largest: Tensor) -> Tensor:
    """`logsumexp` over frames of `before` `(items, beam, time)` and the probabilities of each token, by a product."""
    top = before.amax(dim=2, keepdim=True).clamp(min=_LOWEST)
    return torch.bmm((before - top).exp(), scaled).clamp(min=torch.finfo(scaled.dtype).tiny).log() + top + largest


def _recursion(entering: Tensor, staying: Tensor) -> Tensor:
    """`r[t] = log(exp(r[t - 1]) + exp(entering[t])) + staying[t]`, of `(rows, time)`."""
    summed = staying.cumsum(dim=1)
    return summed + (entering - summed + staying).logcumsumexp(dim=1)
