"""Scorers of how much was listened to and of how much was said.

Coverage: Chorowski and Jaitly, "Towards better decoding and language model integration in
sequence to sequence models", Interspeech 2017, section 3.4, as a penalty.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.decoding.scorer_builder import BaseScorerInterface

__all__ = ["CoverageScorer", "LengthScorer"]


class _Coverage(NamedTuple):
    summed: Tensor  # (rows, time)
    steps: int


class CoverageScorer(BaseScorerInterface):
    """Minus the attention beyond `threshold` that any of the encoder's steps has got, per token.

    Args:
        vocab_size: tokens that there are.
        threshold: attention that a step may get, summed over the tokens.

    >>> scores, _ = CoverageScorer(vocab_size=2).score(torch.tensor([1]), None, None, torch.tensor([[0.9, 0.1]]))
    >>> scores
    tensor([[-0.4000, -0.4000]])
    """

    def __init__(self, vocab_size: int, threshold: float = 0.5) -> None:
        self.vocab_size = vocab_size
        self.threshold = threshold

    def score(
        self, inp_tokens: Tensor, coverage: _Coverage | None, candidates: Tensor | None, attn: Tensor | None
    ) -> tuple[Tensor, _Coverage]:
        """The same score for all tokens; see `BaseScorerInterface.score`."""
        if attn is None:
            raise ArgumentError("CoverageScorer needs a decoder that says where it listened", hint="drop this scorer")
        summed, steps = (attn, 1) if coverage is None else (coverage.summed + attn, coverage.steps + 1)
        beyond = (summed - self.threshold).clamp(min=0).sum(dim=-1) / steps
        return -beyond.unsqueeze(1).expand(-1, self.vocab_size), _Coverage(summed, steps)

    def permute_mem(self, coverage: _Coverage | None, index: Tensor) -> _Coverage | None:
        return None if coverage is None else _Coverage(coverage.summed[index], coverage.steps)


class LengthScorer(BaseScorerInterface):
    """1 for each token that is said: a reward of length.

    Args:
        vocab_size: tokens that there are.
    """

    def __init__(self, vocab_size: int) -> None:
        self.vocab_size = vocab_size

    def score(
        self, inp_tokens: Tensor, memory: None, candidates: Tensor | None, attn: Tensor | None
    ) -> tuple[Tensor, None]:
        """1 for all tokens; see `BaseScorerInterface.score`."""
        return torch.ones(inp_tokens.shape[0], self.vocab_size, device=inp_tokens.device), None
