"""A scorer that is an n-gram language model of the tokens: shallow fusion.

Gulcehre et al., "On using monolingual corpora in neural machine translation", 2015, section 4.1.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.decoding.kenlm_model import read_language_model
from sonovox.decoding.scorer_builder import BaseScorerInterface

__all__ = ["KenLMScorer"]


class KenLMScorer(BaseScorerInterface):
    """Log-probabilities of an n-gram model whose words are the tokens.

    Args:
        lm_path: an ARPA file, which needs no package, or one of KenLM's binary files, which needs KenLM.
        vocab_size: tokens that there are.
        token_list: the word of each token in the model; `</s>` for the end.

    Raises:
        ArgumentError: another number of words.
        DecodingError: the file cannot be read.

    As a partial scorer it is asked for few tokens of each hypothesis, and much faster.
    """

    def __init__(self, lm_path: str | Path, vocab_size: int, token_list: Sequence[str]) -> None:
        if len(token_list) != vocab_size:
            raise ArgumentError(
                f"token_list must have vocab_size = {vocab_size} words, got {len(token_list)}",
                hint="one for each token, in order",
            )
        self.lm = read_language_model(lm_path)
        self.vocab_size = vocab_size
        self.words = list(token_list)
        self._known: dict[tuple[Any, int], float] = {}

    def score(
        self, inp_tokens: Tensor, memory: list[Any] | None, candidates: Tensor | None, attn: Tensor | None
    ) -> tuple[Tensor, list[Any]]:
        """See `BaseScorerInterface.score`; 0 for tokens that are no candidates."""
        if memory is None:  # nothing is said before the first token but the start
            contexts = [self.lm.start] * len(inp_tokens)
        else:
            contexts = [
                self.lm.context(context, self.words[token])
                for context, token in zip(memory, inp_tokens.tolist(), strict=True)
            ]
        if candidates is None:
            rows = {context: self._row(context, range(self.vocab_size)) for context in set(contexts)}
            return inp_tokens.new_tensor([rows[x] for x in contexts], dtype=torch.float), contexts
        asked = [self._row(context, row) for context, row in zip(contexts, candidates.tolist(), strict=True)]
        scores = torch.zeros(len(contexts), self.vocab_size, device=inp_tokens.device)
        return scores.scatter_(1, candidates, scores.new_tensor(asked)), contexts

    def permute_mem(self, memory: list[Any], index: Tensor) -> list[Any]:
        """The contexts of rows `index`."""
        return [memory[row] for row in index.tolist()]

    def _row(self, context: Any, tokens: Sequence[int]) -> list[float]:
        scores = []
        for token in tokens:
            score = self._known.get((context, token))
            if score is None:
                score = self._known[context, token] = self.lm.score(context, self.words[token])
            scores.append(score)
        return scores
