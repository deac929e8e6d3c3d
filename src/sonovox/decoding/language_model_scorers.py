"""Scorers that are neural language models: shallow fusion.

Gulcehre et al., "On using monolingual corpora in neural machine translation", 2015, section 4.1.
"""

from typing import Any

import torch
from torch import Tensor, nn

from sonovox.decoding.recurrent_states import select_states
from sonovox.decoding.scorer_builder import BaseScorerInterface
from sonovox.decoding.transformer_steps import TransformerCache, can_step, step_language_model

__all__ = ["RNNLMScorer", "TransformerLMScorer"]


class RNNLMScorer(BaseScorerInterface):
    """Log-probabilities of a recurrent language model.

    Args:
        language_model: gives, of tokens `(rows,)` and states, scores of the next ones and states, as an `RNNLM` with
            `return_hidden=True` does.
        temperature: scores are divided by it.

    >>> class Uniform(nn.Module):
    ...     def forward(self, tokens, hx=None):
    ...         return torch.zeros(len(tokens), 4), torch.zeros(1, len(tokens), 2)
    >>> RNNLMScorer(Uniform()).score(torch.tensor([1]), None, None, None)[0]
    tensor([[-1.3863, -1.3863, -1.3863, -1.3863]])
    """

    def __init__(self, language_model: nn.Module, temperature: float = 1.0) -> None:
        self.lm = language_model
        self.temperature = temperature

    @torch.no_grad()
    def score(
        self, inp_tokens: Tensor, memory: Any, candidates: Tensor | None, attn: Tensor | None
    ) -> tuple[Tensor, Any]:
        """See `BaseScorerInterface.score`."""
        logits, hidden = self.lm(inp_tokens, hx=memory)
        return (logits / self.temperature).log_softmax(dim=-1), hidden

    def permute_mem(self, memory: Any, index: Tensor) -> Any:
        """States of rows `index`."""
        return select_states(memory, index)


class TransformerLMScorer(BaseScorerInterface):
    """Log-probabilities of a transformer language model.

    Args:
        language_model: gives, of tokens `(rows, steps)`, scores of the next one after each, as a `TransformerLM` does.
        temperature: scores are divided by it.

    >>> class Uniform(nn.Module):
    ...     def forward(self, tokens):
    ...         return torch.zeros(*tokens.shape, 4)
    >>> TransformerLMScorer(Uniform()).score(torch.tensor([1]), None, None, None)[0]
    tensor([[-1.3863, -1.3863, -1.3863, -1.3863]])
    """

    def __init__(self, language_model: nn.Module, temperature: float = 1.0) -> None:
        self.lm: Any = language_model
        self.temperature = temperature

    @torch.no_grad()
    def score(
        self,
        inp_tokens: Tensor,
        memory: TransformerCache | Tensor | None,
        candidates: Tensor | None,
        attn: Tensor | None,
    ) -> tuple[Tensor, TransformerCache | Tensor]:
        """See `BaseScorerInterface.score`."""
        after: TransformerCache | Tensor
        if memory is None and self._can_step():
            memory = TransformerCache()
        if isinstance(memory, TransformerCache):
            logits, after = step_language_model(self.lm, inp_tokens, memory)
        else:
            last = inp_tokens.unsqueeze(1)
            after = last if memory is None else torch.cat((memory, last), dim=1)
            logits = self.lm(after)[:, -1]
        return (logits / self.temperature).log_softmax(dim=-1), after

    def permute_mem(self, memory: TransformerCache | Tensor, index: Tensor) -> TransformerCache | Tensor:
        """The memory of rows `index`."""
        return memory.permute(index) if isinstance(memory, TransformerCache) else memory[index]

    def _can_step(self) -> bool:
        layers = getattr(getattr(self.lm, "encoder", None), "layers", None)
        return layers is not None and getattr(self.lm, "decoder", None) is None and can_step(layers)
