"""A scorer of words that are expected, spelled in tokens.

Shallow fusion with contextual phrases: Zhao et al., "Shallow-fusion end-to-end
contextual biasing", Interspeech 2019. Where a phrase is left before its end, what its
beginning has got is taken back; phrases are followed all at once by the automaton of
Aho and Corasick, "Efficient string matching", CACM 18, 1975.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.decoding.scorer_builder import BaseScorerInterface

__all__ = ["HotwordScorer"]


class HotwordScorer(BaseScorerInterface):
    """1 for each of some sequences of tokens that is said, a share of it on the way.

    Args:
        hotwords: sequences of tokens.
        vocab_size: tokens that there are.

    Raises:
        ArgumentError: an empty sequence, or a token that is none.

    >>> scorer = HotwordScorer([[1, 2]], vocab_size=4)
    >>> scores, state = scorer.score(torch.tensor([0]), None, None, None)
    >>> scores
    tensor([[0.0000, 0.5000, 0.0000, 0.0000]])
    >>> scorer.score(torch.tensor([1]), state, None, None)[0]
    tensor([[-0.5000,  0.0000,  0.5000, -0.5000]])
    """

    def __init__(self, hotwords: Sequence[Sequence[int]], vocab_size: int) -> None:
        children: list[dict[int, int]] = [{}]
        worth, kept = [0.0], [0.0]  # what a state has got, and what stays where it is left
        for word in hotwords:
            if not word or not all(0 <= token < vocab_size for token in word):
                raise ArgumentError(
                    f"hotwords must be sequences of tokens below {vocab_size}, got {list(word)}",
                    hint="encode the words as the texts are encoded",
                )
            state = 0
            for count, token in enumerate(word, start=1):
                if token not in children[state]:
                    children[state][token] = len(children)
                    children.append({})
                    worth.append(0.0)
                    kept.append(0.0)
                state = children[state][token]
                worth[state] = max(worth[state], count / len(word))
            kept[state] = 1.0
        self.next = torch.zeros(len(children), vocab_size, dtype=torch.long)
        self.gain = torch.zeros(len(children), vocab_size)
        # Shorter beginnings first. Where no word goes on, the next state is the longest end that begins one.
        fallback, level = [0] * len(children), [0]
        while level:
            deeper = []
            for state in level:
                behind = fallback[state] if state else 0
                self.next[state] = self.next[behind] if state else 0
                self.gain[state] = torch.tensor(worth)[self.next[state]] + kept[state] - worth[state]
                for token, child in children[state].items():
                    fallback[child] = int(self.next[behind, token]) if state else 0
                    kept[child] = max(kept[child], kept[state])
                    worth[child] = max(worth[child], kept[child])
                for token, child in children[state].items():
                    self.next[state, token] = child
                    self.gain[state, token] = worth[child] - worth[state]
                    deeper.append(child)
            level = deeper

    def score(
        self, inp_tokens: Tensor, memory: Tensor | None, candidates: Tensor | None, attn: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """See `BaseScorerInterface.score`."""
        self.next, self.gain = self.next.to(inp_tokens.device), self.gain.to(inp_tokens.device)
        # The first token is the start, which belongs to no word.
        memory = torch.zeros_like(inp_tokens) if memory is None else self.next[memory, inp_tokens]
        return self.gain[memory], memory

    def permute_mem(self, memory: Tensor, index: Tensor) -> Tensor:
        """The states of rows `index`."""
        return memory[index]
