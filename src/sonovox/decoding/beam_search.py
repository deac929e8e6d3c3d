"""Beam search over decoders of tokens, with scorers.

Its steps are those of Watanabe et al., "Hybrid CTC/attention architecture for end-to-end
speech recognition", IEEE JSTSP 2017, section III.B; the limit of how far attention may
move and the threshold of the end are of Hannun et al., "Sequence-to-sequence speech
recognition with time-depth separable convolutions", Interspeech 2019, section 3.3.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.decoding.scorer_builder import ScorerBuilder
from sonovox.decoding.seq2seq import S2SBaseSearcher

__all__ = ["BeamSearchState", "S2SBeamSearcher"]


@dataclass
class BeamSearchState:
    """One search between two steps; rows are the hypotheses of the items that are still searched.

    Attributes:
        items: which items of the batch are still searched, `(items,)`.
        tokens: of the living hypotheses, `(rows, steps)`.
        log_probs: of these tokens after the decoder, scorers apart, `(rows, steps)`.
        scores: of the living hypotheses, sums, `(rows,)`; -inf for one that has ended.
        normalised: the scores by which the last step has chosen, `(rows,)`.
        memory: the decoder's.
        scorer_memory: the scorers'.
        peaks: where the decoder listened most, `(rows,)`; only with a limit of attention.
        enc_states: `(rows, time, features)`.
        enc_lens: `(rows,)`.
        step: steps that were taken.
        max_steps: steps after which the search is cut.
        min_steps: steps before which no hypothesis ends.
        ended: how many hypotheses of each item have ended, `(batch,)`.
        ended_tokens: `(batch, beam, max_steps)`, 0 where there is none.
        ended_log_probs: `(batch, beam, max_steps)`, 0 where there is none.
        ended_steps: how many tokens they have, with the end, `(batch, beam)`.
        ended_scores: `(batch, beam)`, -inf where there is none.
    """

    items: Tensor
    tokens: Tensor
    log_probs: Tensor
    scores: Tensor
    normalised: Tensor
    memory: Any
    scorer_memory: Any
    peaks: Tensor
    enc_states: Tensor
    enc_lens: Tensor
    step: int
    max_steps: int
    min_steps: int
    ended: Tensor
    ended_tokens: Tensor
    ended_log_probs: Tensor
    ended_steps: Tensor
    ended_scores: Tensor


class S2SBeamSearcher(S2SBaseSearcher):
    """The best of many hypotheses that grow side by side.

    An item is done, and leaves the batch, when as many of its hypotheses have ended as the beam is wide. Where the
    search is cut before, the living ones fill its list, as they are.

    Args:
        bos_index: see `S2SBaseSearcher`, as are the next three.
        eos_index: see `bos_index`.
        min_decode_ratio: see `bos_index`.
        max_decode_ratio: see `bos_index`.
        beam_size: hypotheses of each item.
        scorer: adds its scores to the decoder's; None for the decoder alone.
        return_topk: give `topk` hypotheses of each item, padded.
        topk: how many, at most `beam_size`.
        using_eos_threshold: take the end for possible only where `eos_threshold` allows it.
        eos_threshold: the end's log-probability must be above this times the best one's.
        length_normalization: compare scores divided by the number of tokens.
        using_max_attn_shift: forbid steps by which attention jumps.
        max_attn_shift: the encoder's steps that it may move, either way.
        minus_inf: the score of what is forbidden.

    Raises:
        ArgumentError: a beam or `topk` that cannot be, scorers that do not go with these settings.
    """

    def __init__(
        self,
        bos_index: int,
        eos_index: int,
        min_decode_ratio: float,
        max_decode_ratio: float,
        beam_size: int,
        scorer: ScorerBuilder | None = None,
        return_topk: bool = False,
        topk: int = 1,
        using_eos_threshold: bool = True,
        eos_threshold: float = 1.5,
        length_normalization: bool = True,
        using_max_attn_shift: bool = False,
        max_attn_shift: int = 60,
        minus_inf: float = -1e20,
    ) -> None:
        super().__init__(bos_index, eos_index, min_decode_ratio, max_decode_ratio)
        check_positive("beam_size", beam_size)
        if not 1 <= topk <= beam_size:
            raise ArgumentError(
                f"topk must be between 1 and beam_size = {beam_size}, got {topk}", hint="widen the beam"
            )
        self.beam_size = beam_size
        self.scorer = scorer
        self.return_topk = return_topk
        self.topk = topk
        self.using_eos_threshold = using_eos_threshold
        self.eos_threshold = eos_threshold
        self.length_normalization = length_normalization
        self.using_max_attn_shift = using_max_attn_shift
        self.max_attn_shift = max_attn_shift
        self.minus_inf = minus_inf
        if scorer is not None:
            scorer.check(bos_index, eos_index, length_normalization)

    @torch.no_grad()
    def forward(self, enc_states: Tensor, wav_len: Tensor) -> tuple[Any, Tensor, Tensor, Tensor]:
        """The best hypotheses of each item.

        Args:
            enc_states: `(batch, time, features)`.
            wav_len: shares of the longest item, `(batch,)`.

        Returns:
            Lists of tokens without the end; their shares of the longest hypothesis with its end, `(batch,)`;
            scores, `(batch,)`; log-probabilities of the tokens, scorers apart, `(batch, steps)`. With
            `return_topk` the first are tokens `(batch, topk, steps)`, padded with 0, and all others have the axis
            `topk`, too. The share of a hypothesis that was cut misses its last token, as if that were the end.
        """
        state = self.init_beam_search_data(enc_states, wav_len)
        while state.step < state.max_steps and state.items.numel():
            self.search_step(state)
        if state.step and state.items.numel():
            # As in SpeechBrain, one that ended in the very last step is listed a second time while there is room.
            self._end(state, state.normalised.isfinite())
        tokens, lengths, scores, log_probs = self._best(state)
        if self.return_topk:
            return tokens, lengths, scores, log_probs
        counts = torch.round(lengths[:, 0] * tokens.shape[2]).long().tolist()
        hyps = [row[:count] for row, count in zip(tokens[:, 0].tolist(), counts, strict=True)]
        return hyps, lengths[:, 0], scores[:, 0], log_probs[:, 0]

    def init_beam_search_data(self, enc_states: Tensor, wav_len: Tensor) -> BeamSearchState:
        """A search before its first step; see `forward`."""
        counts, min_steps, max_steps = self._begin(enc_states, wav_len)
        batch, device, beam = enc_states.shape[0], enc_states.device, self.beam_size
        rows = batch * beam
        # All hypotheses of an item are equal at first: one of them goes on.
        scores = torch.full((batch, beam), float("-inf"), device=device)
        scores[:, 0] = 0.0
        return BeamSearchState(
            items=torch.arange(batch, device=device),
            tokens=torch.empty(rows, 0, dtype=torch.long, device=device),
            log_probs=torch.empty(rows, 0, device=device),
            scores=scores.flatten(),
            normalised=scores.flatten(),
            memory=self.reset_mem(rows, device),
            scorer_memory=None if self.scorer is None else self.scorer.reset_scorer_mem(enc_states, counts),
            peaks=torch.zeros(rows, dtype=torch.long, device=device),
            enc_states=enc_states.repeat_interleave(beam, dim=0),
            enc_lens=counts.repeat_interleave(beam),
            step=0,
            max_steps=max_steps,
            min_steps=min_steps,
            ended=torch.zeros(batch, dtype=torch.long, device=device),
            ended_tokens=torch.zeros(batch, beam, max_steps, dtype=torch.long, device=device),
            ended_log_probs=torch.zeros(batch, beam, max_steps, device=device),
            ended_steps=torch.ones(batch, beam, dtype=torch.long, device=device),
            ended_scores=torch.full((batch, beam), float("-inf"), device=device),
        )

    def search_step(self, state: BeamSearchState) -> None:
        """Add a token to each hypothesis of `state`, keep the best, and let go of the items that are done."""
        last = (
            state.tokens[:, -1]
            if state.step
            else torch.full((state.scores.shape[0],), self.bos_index, device=state.scores.device)
        )
        decoded, state.memory, attn = self.forward_step(last, state.memory, state.enc_states, state.enc_lens)
        decoded = decoded.float()
        if self.scorer is not None:
            decoded = decoded * self.scorer.decoder_weight
        log_probs = self._allowed(decoded.clone(), attn, state)
        if self.scorer is not None:
            log_probs, state.scorer_memory = self.scorer.score(
                last, state.scorer_memory, attn, log_probs, self.beam_size
            )

        vocabulary = log_probs.shape[1]
        sums = state.scores.unsqueeze(1) + log_probs
        divisor = state.step + 1 if self.length_normalization else 1
        items = state.items.numel()
        # (items, beam): of all continuations of an item's hypotheses, the best.
        normalised, candidates = (sums / divisor).view(items, -1).topk(self.beam_size, dim=-1)
        first_row = torch.arange(items, device=sums.device).unsqueeze(1) * self.beam_size
        predecessors = (candidates // vocabulary + first_row).flatten()
        tokens = (candidates % vocabulary).flatten()

        state.memory = self.permute_mem(state.memory, predecessors)
        if self.scorer is not None:
            state.scorer_memory = self.scorer.permute_scorer_mem(state.scorer_memory, predecessors, candidates)
        state.peaks = state.peaks[predecessors]
        state.tokens = torch.cat((state.tokens[predecessors], tokens.unsqueeze(1)), dim=1)
        said = decoded.view(items, -1).gather(1, candidates).flatten()
        state.log_probs = torch.cat((state.log_probs[predecessors], said.unsqueeze(1)), dim=1)
        state.normalised = normalised.flatten()
        state.step += 1

        # A beam that is wider than what there is to choose from has room for hypotheses that are none.
        is_end = (tokens == self.eos_index) & state.normalised.isfinite()
        self._end(state, is_end)
        state.scores = (state.normalised * divisor).masked_fill(is_end, float("-inf"))
        self._drop_done(state)

    def _allowed(self, log_probs: Tensor, attn: Tensor | None, state: BeamSearchState) -> Tensor:
        """The decoder's scores without what these settings forbid."""
        if self.using_max_attn_shift:
            if attn is None:
                raise ArgumentError(
                    "using_max_attn_shift needs a decoder that says where it listened", hint="switch it off"
                )
            peaks = attn.argmax(dim=1)
            jumps = (peaks > state.peaks + self.max_attn_shift) | (peaks <= state.peaks - self.max_attn_shift)
            log_probs = log_probs.masked_fill(jumps.unsqueeze(1), self.minus_inf)
            state.peaks = peaks
        if state.step < state.min_steps:
            log_probs[:, self.eos_index] = self.minus_inf
        if self.using_eos_threshold:
            end = log_probs[:, self.eos_index]
            unlikely = end <= self.eos_threshold * log_probs.amax(dim=1)
            log_probs[:, self.eos_index] = end.masked_fill(unlikely, self.minus_inf)
        return log_probs

    def _end(self, state: BeamSearchState, is_end: Tensor) -> None:
        """Put the hypotheses that have ended, `(rows,)`, into the lists of their items while there is room."""
        is_end = is_end.view(-1, self.beam_size)
        place = state.ended[state.items].unsqueeze(1) + is_end.cumsum(dim=1) - 1
        taken = is_end & (place < self.beam_size)
        item = state.items.unsqueeze(1).expand_as(taken)[taken]
        slot, row = place[taken], taken.flatten()
        state.ended_tokens[item, slot, : state.step] = state.tokens[row]
        state.ended_log_probs[item, slot, : state.step] = state.log_probs[row]
        state.ended_steps[item, slot] = state.step
        state.ended_scores[item, slot] = state.normalised[row]
        state.ended[state.items] += taken.sum(dim=1)

    def _drop_done(self, state: BeamSearchState) -> None:
        kept = (state.ended[state.items] < self.beam_size).nonzero().squeeze(1)
        if kept.numel() == state.items.numel():
            return
        rows = (kept.unsqueeze(1) * self.beam_size + torch.arange(self.beam_size, device=kept.device)).flatten()
        state.items = state.items[kept]
        for name in ("tokens", "log_probs", "scores", "normalised", "peaks", "enc_states", "enc_lens"):
            setattr(state, name, getattr(state, name)[rows])
        if rows.numel():
            state.memory = self.keep_rows(state.memory, rows)
            if self.scorer is not None:
                state.scorer_memory = self.scorer.keep_items(state.scorer_memory, kept, rows)

    def _best(self, state: BeamSearchState) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        longest = int(state.ended_steps.max()) if state.step else 1
        scores, order = state.ended_scores.topk(self.topk, dim=-1)
        every_step = order.unsqueeze(2).expand(-1, -1, min(longest, state.max_steps))
        tokens = state.ended_tokens[:, :, :longest].gather(1, every_step)
        log_probs = state.ended_log_probs[:, :, :longest].gather(1, every_step)
        lengths = (state.ended_steps.gather(1, order) - 1).to(scores.dtype) / longest
        return tokens, lengths, scores, log_probs
