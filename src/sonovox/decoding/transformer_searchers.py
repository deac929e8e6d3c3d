"""Searches over transformer decoders.

Vaswani et al., "Attention is all you need", NeurIPS 2017; Karita et al., "A comparative
study on transformer vs RNN in speech applications", ASRU 2019.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sonovox.decoding.beam_search import S2SBeamSearcher
from sonovox.decoding.seq2seq import S2SGreedySearcher
from sonovox.decoding.transformer_steps import TransformerCache, can_step, step_decoder

__all__ = ["S2STransformerBeamSearcher", "S2STransformerGreedySearcher"]


class _TransformerSteps(nn.Module):
    """Steps of a `TransformerASR`: token by token, or, where a model is another one, over all tokens again."""

    model: Any
    fc: nn.Module

    def reset_mem(self, batch_size: int, device: torch.device) -> TransformerCache | Tensor:
        """An empty cache, or no tokens."""
        layers = getattr(getattr(self.model, "decoder", None), "layers", None)
        if layers is not None and can_step(layers):
            return TransformerCache()
        return torch.empty(batch_size, 0, dtype=torch.long, device=device)

    def _logits(
        self, inp_tokens: Tensor, memory: TransformerCache | Tensor, enc_states: Tensor, enc_lens: Tensor, beam: int
    ) -> tuple[Tensor, TransformerCache | Tensor, Tensor]:
        if isinstance(memory, TransformerCache):
            states, memory, attn = step_decoder(self.model, inp_tokens, memory, enc_states, enc_lens, beam)
            return self.fc(states), memory, attn
        memory = torch.cat((memory, inp_tokens.unsqueeze(1)), dim=1)
        states, weights = self.model.decode(memory, enc_states, enc_lens)
        return self.fc(states[:, -1]), memory, weights[:, -1]

    def permute_mem(self, memory: TransformerCache | Tensor, index: Tensor) -> TransformerCache | Tensor:
        """The memory of rows `index`, each of the item that it was of."""
        return memory.permute(index) if isinstance(memory, TransformerCache) else memory[index]

    def keep_rows(self, memory: TransformerCache | Tensor, rows: Tensor) -> TransformerCache | Tensor:
        """The memory of `rows`, after items have left the batch."""
        if isinstance(memory, TransformerCache):
            return memory.keep(rows, getattr(self, "beam_size", 1))
        return memory[rows]


class S2STransformerGreedySearcher(_TransformerSteps, S2SGreedySearcher):
    """Greedy search over a transformer's decoder.

    Args:
        modules: a `TransformerASR`, and a layer that gives scores of the tokens of its states.
        temperature: see `S2SGreedySearcher`.
        **kwargs: see `S2SBaseSearcher`.

    >>> from sonovox.nn import Linear
    >>> class Counts(nn.Module):  # says the token after the last, with certainty
    ...     def decode(self, tokens, states, counts):
    ...         return 9.0 * nn.functional.one_hot(tokens + 1, 6).float(), torch.ones(*tokens.shape, states.shape[1])
    >>> settings = {"bos_index": 1, "eos_index": 5, "min_decode_ratio": 0, "max_decode_ratio": 1}
    >>> searcher = S2STransformerGreedySearcher([Counts(), nn.Identity()], **settings)
    >>> searcher(torch.zeros(1, 20, 8), torch.ones(1))[0]
    [[2, 3, 4]]
    """

    def __init__(self, modules: Sequence[nn.Module], temperature: float = 0.0, **kwargs: Any) -> None:
        S2SGreedySearcher.__init__(self, **kwargs, temperature=temperature)
        self.model, self.fc = modules

    def forward_step(
        self, inp_tokens: Tensor, memory: TransformerCache | Tensor, enc_states: Tensor, enc_lens: Tensor
    ) -> tuple[Tensor, TransformerCache | Tensor, Tensor]:
        """See `S2SBaseSearcher.forward_step`."""
        return self._logits(inp_tokens, memory, enc_states, enc_lens, 1)


class S2STransformerBeamSearcher(_TransformerSteps, S2SBeamSearcher):
    """Beam search over a transformer's decoder.

    Args:
        modules: see `S2STransformerGreedySearcher`.
        temperature: the decoder's scores are divided by it.
        **kwargs: see `S2SBeamSearcher`.

    >>> class Counts(nn.Module):  # says the token after the last, with certainty
    ...     def decode(self, tokens, states, counts):
    ...         return 9.0 * nn.functional.one_hot(tokens + 1, 6).float(), torch.ones(*tokens.shape, states.shape[1])
    >>> settings = {"bos_index": 1, "eos_index": 5, "min_decode_ratio": 0, "max_decode_ratio": 1, "beam_size": 1}
    >>> searcher = S2STransformerBeamSearcher([Counts(), nn.Identity()], **settings)
    >>> searcher(torch.zeros(1, 20, 8), torch.ones(1))[0]
    [[2, 3, 4]]
    """

    def __init__(self, modules: Sequence[nn.Module], temperature: float = 1.0, **kwargs: Any) -> None:
        S2SBeamSearcher.__init__(self, **kwargs)
        self.model, self.fc = modules
        self.temperature = temperature

    def forward_step(
        self, inp_tokens: Tensor, memory: TransformerCache | Tensor, enc_states: Tensor, enc_lens: Tensor
    ) -> tuple[Tensor, TransformerCache | Tensor, Tensor]:
        """See `S2SBaseSearcher.forward_step`."""
        logits, memory, attn = self._logits(inp_tokens, memory, enc_states, enc_lens, self.beam_size)
        return (logits / self.temperature).log_softmax(dim=-1), memory, attn
