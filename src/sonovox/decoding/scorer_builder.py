"""Scorers for beam search: what each must do, and several of them together.

A *full* scorer gives scores of all tokens. A *partial* one is asked for the tokens only that
the decoder and the full ones find best.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError

__all__ = ["BaseScorerInterface", "ScorerBuilder"]


class BaseScorerInterface:
    """A scorer: it remembers nothing itself; what it must know later is in the memory that it hands out."""

    # Whether `permute_mem` is given the chosen (hypothesis, token) pairs of each item, not rows.
    permutes_candidates = False

    def score(
        self, inp_tokens: Tensor, memory: Any, candidates: Tensor | None, attn: Tensor | None
    ) -> tuple[Tensor, Any]:
        """Scores of the next token, `(rows, tokens)`, and the memory after the last.

        Args:
            inp_tokens: the last tokens, `(rows,)`.
            memory: of the step before, or of `reset_mem`.
            candidates: the tokens that matter, `(rows, candidates)`; None for all.
            attn: where the decoder listens, `(rows, time)`.
        """
        raise NotImplementedError

    def permute_mem(self, memory: Any, index: Tensor) -> Any:
        """The memory of rows `index`."""
        return None

    def reset_mem(self, x: Tensor, enc_lens: Tensor) -> Any:
        """The memory before the first step of items with encoder's states `x` and so many steps."""
        return None

    def keep_items(self, memory: Any, items: Tensor, rows: Tensor) -> Any:
        """The memory when only `items`, that is `rows`, are still searched."""
        return self.permute_mem(memory, rows)


class ScorerBuilder:
    """The weighted sum of several scorers.

    A scorer's name is that of its class in small letters without `Scorer`: `ctc`, `rnnlm`, `transformerlm`, `kenlm`,
    `coverage`, `length`, `hotword`. The decoder's weight is what `ctc` leaves of 1.

    Args:
        weights: of the scorers by name; 0 for one that is not named.
        full_scorers: are asked for all tokens.
        partial_scorers: are asked for the best tokens of those.
        scorer_beam_scale: so many times the beam are the best tokens.

    Raises:
        ArgumentError: a weight of no scorer, two scorers of one kind, a weight of `ctc` beyond 0 to 1.

    >>> import torch
    >>> from sonovox.decoding import LengthScorer
    >>> builder = ScorerBuilder({"length": 0.5}, full_scorers=[LengthScorer(vocab_size=3)])
    >>> builder.score(torch.tensor([1]), builder.reset_scorer_mem(None, None), None, torch.zeros(1, 3), 1)[0]
    tensor([[0.5000, 0.5000, 0.5000]])
    """

    def __init__(
        self,
        weights: Mapping[str, float] | None = None,
        full_scorers: Sequence[BaseScorerInterface] = (),
        partial_scorers: Sequence[BaseScorerInterface] = (),
        scorer_beam_scale: float = 2,
    ) -> None:
        self.full_scorers = {_name(scorer): scorer for scorer in full_scorers}
        self.partial_scorers = {_name(scorer): scorer for scorer in partial_scorers}
        self.scorers = {**self.full_scorers, **self.partial_scorers}
        self.scorer_beam_scale = scorer_beam_scale
        if len(self.scorers) < len(full_scorers) + len(partial_scorers):
            raise ArgumentError(
                f"scorers must be of different kinds, got {', '.join(map(_name, [*full_scorers, *partial_scorers]))}",
                hint="give each once, full or partial",
            )
        weights = weights or {}
        for name in weights:
            if name not in self.scorers and weights[name]:
                raise ArgumentError(
                    f"weights must name scorers that are given ({', '.join(self.scorers)}), got {name!r}",
                    hint=did_you_mean(name, self.scorers) or "add the scorer, or drop its weight",
                )
        self.weights = {**weights, **{name: float(weights.get(name, 0.0)) for name in self.scorers}}
        if not 0.0 <= self.weights.get("ctc", 0.0) <= 1.0:
            raise ArgumentError(f"the weight of ctc must be in [0, 1], got {self.weights['ctc']}", hint="0.4 is usual")

    @property
    def decoder_weight(self) -> float:
        """The weight of the decoder's own scores."""
        return 1.0 - self.weights.get("ctc", 0.0)

    def check(self, bos_index: int, eos_index: int, length_normalization: bool) -> None:
        """Refuse what does not go together with a searcher's settings.

        Raises:
            ArgumentError: a reward of length with scores divided by it; CTC where blank, start and end are not three.
        """
        if length_normalization and self.weights.get("length", 0.0) > 0:
            raise ArgumentError(
                "length_normalization and a length scorer undo each other", hint="give length_normalization=False"
            )
        if self.weights.get("ctc", 0.0) > 0:
            blank = getattr(self.scorers["ctc"], "blank_index", None)
            if len({bos_index, eos_index, blank}) < 3:
                raise ArgumentError(
                    f"CTC needs different blank, bos_index and eos_index, got {blank}, {bos_index} and {eos_index}",
                    hint="drop the scorer, or train with different ones",
                )

    def score(
        self, inp_tokens: Tensor, memory: dict[str, Any], attn: Tensor | None, log_probs: Tensor, beam_size: int
    ) -> tuple[Tensor, dict[str, Any]]:
        """`log_probs` with the scorers' weighted scores, and the memory after the last tokens.

        Args:
            inp_tokens: see `BaseScorerInterface.score`, as are `memory` and `attn`.
            memory: see `inp_tokens`.
            attn: see `inp_tokens`.
            log_probs: the decoder's scores, `(rows, tokens)`.
            beam_size: hypotheses of each item.
        """
        after = {}
        for name, scorer in self.full_scorers.items():
            scores, after[name] = scorer.score(inp_tokens, memory[name], None, attn)
            log_probs = log_probs + scores * self.weights[name]
        if self.partial_scorers:
            count = min(int(beam_size * self.scorer_beam_scale), log_probs.shape[1])
            candidates = log_probs.topk(count, dim=-1).indices
            for name, scorer in self.partial_scorers.items():
                scores, after[name] = scorer.score(inp_tokens, memory[name], candidates, attn)
                log_probs = log_probs + scores * self.weights[name]
        return log_probs, after

    def permute_scorer_mem(self, memory: dict[str, Any], index: Tensor, candidates: Tensor) -> dict[str, Any]:
        """The memory of the hypotheses that were chosen.

        Args:
            memory: of `score`.
            index: the rows they come of, `(rows,)`.
            candidates: these and their last tokens within each item, as `row of the item * tokens + token`,
                `(items, beam)`.
        """
        return {
            name: scorer.permute_mem(memory[name], candidates if scorer.permutes_candidates else index)
            for name, scorer in self.scorers.items()
        }

    def reset_scorer_mem(self, x: Any, enc_lens: Any) -> dict[str, Any]:
        """The memory before the first step; see `BaseScorerInterface.reset_mem`."""
        return {name: scorer.reset_mem(x, enc_lens) for name, scorer in self.scorers.items()}

    def keep_items(self, memory: dict[str, Any], items: Tensor, rows: Tensor) -> dict[str, Any]:
        """The memory when only `items`, that is `rows`, are still searched."""
        return {name: scorer.keep_items(memory[name], items, rows) for name, scorer in self.scorers.items()}


def _name(scorer: BaseScorerInterface) -> str:
    return type(scorer).__name__.lower().split("scorer")[0]
