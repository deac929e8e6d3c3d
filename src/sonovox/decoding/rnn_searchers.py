"""Searches over recurrent decoders with attention.

Chan et al., "Listen, attend and spell", ICASSP 2016.
"""

import copy
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from sonovox.decoding.beam_search import S2SBeamSearcher
from sonovox.decoding.recurrent_states import select_states
from sonovox.decoding.seq2seq import S2SGreedySearcher

__all__ = ["S2SRNNBeamSearcher", "S2SRNNGreedySearcher"]


@dataclass
class _Memory:
    decoder: Any
    hidden: Any
    context: Tensor


class _RNNSteps(nn.Module):
    """Steps of an `AttentionalRNNDecoder`; its parameters are shared with it, what it remembers is not."""

    emb: nn.Module
    dec: Any
    fc: nn.Module

    def reset_mem(self, batch_size: int, device: torch.device) -> _Memory:
        """No states and no context."""
        return _Memory(
            _twin(self.dec, getattr(self, "beam_size", 1)),
            None,
            torch.zeros(batch_size, self.dec.attn_dim, device=device),
        )

    def _logits(
        self, inp_tokens: Tensor, memory: _Memory, enc_states: Tensor, enc_lens: Tensor
    ) -> tuple[Tensor, _Memory, Tensor]:
        result, hidden, context, attn = memory.decoder.forward_step(
            self.emb(inp_tokens), memory.hidden, memory.context, enc_states, enc_lens
        )
        return self.fc(result), _Memory(memory.decoder, hidden, context), attn

    def permute_mem(self, memory: _Memory, index: Tensor) -> _Memory:
        """The states of rows `index`."""
        attention = memory.decoder.attn
        # Of what attention holds, only its last weights differ between the hypotheses of an item.
        if getattr(attention, "prev_attn", None) is not None:
            attention.prev_attn = attention.prev_attn[index]
        return replace(memory, hidden=select_states(memory.hidden, index), context=memory.context[index])

    def keep_rows(self, memory: _Memory, rows: Tensor) -> _Memory:
        """The states of `rows`, after items have left the batch."""
        beam = getattr(self, "beam_size", 1)
        memory.decoder.attn.keep(rows[::beam] // beam, rows)
        return self.permute_mem(memory, rows)


class S2SRNNGreedySearcher(_RNNSteps, S2SGreedySearcher):
    """Greedy search over a recurrent decoder.

    Args:
        embedding: gives features of tokens.
        decoder: an `AttentionalRNNDecoder`.
        linear: gives scores of the tokens of the decoder's results.
        temperature: see `S2SGreedySearcher`.
        **kwargs: see `S2SBaseSearcher`.

    >>> from sonovox.nn import AttentionalRNNDecoder, Embedding, Linear
    >>> decoder = AttentionalRNNDecoder("gru", "content", 12, 9, num_layers=1, enc_dim=8, input_size=6)
    >>> searcher = S2SRNNGreedySearcher(
    ...     Embedding(10, embedding_dim=6), decoder, Linear(10, input_size=12),
    ...     bos_index=0, eos_index=0, min_decode_ratio=0.2, max_decode_ratio=0.2,
    ... )
    >>> hyps, lengths, scores, log_probs = searcher(torch.zeros(1, 20, 8), torch.ones(1))
    >>> len(hyps[0]), log_probs.shape
    (4, torch.Size([1, 1, 4, 10]))
    """

    def __init__(
        self, embedding: nn.Module, decoder: nn.Module, linear: nn.Module, temperature: float = 0.0, **kwargs: Any
    ) -> None:
        S2SGreedySearcher.__init__(self, **kwargs, temperature=temperature)
        self.emb = embedding
        self.dec = decoder
        self.fc = linear

    def forward_step(
        self, inp_tokens: Tensor, memory: _Memory, enc_states: Tensor, enc_lens: Tensor
    ) -> tuple[Tensor, _Memory, Tensor]:
        """See `S2SBaseSearcher.forward_step`."""
        return self._logits(inp_tokens, memory, enc_states, enc_lens)


class S2SRNNBeamSearcher(_RNNSteps, S2SBeamSearcher):
    """Beam search over a recurrent decoder.

    Args:
        embedding: see `S2SRNNGreedySearcher`, as are `decoder` and `linear`.
        decoder: see `embedding`.
        linear: see `embedding`.
        temperature: the decoder's scores are divided by it.
        **kwargs: see `S2SBeamSearcher`.

    >>> from sonovox.nn import AttentionalRNNDecoder, Embedding, Linear
    >>> decoder = AttentionalRNNDecoder("gru", "content", 12, 9, num_layers=1, enc_dim=8, input_size=6)
    >>> searcher = S2SRNNBeamSearcher(
    ...     Embedding(10, embedding_dim=6), decoder, Linear(10, input_size=12),
    ...     bos_index=0, eos_index=0, min_decode_ratio=0.0, max_decode_ratio=0.5, beam_size=4, topk=3, return_topk=True,
    ... )
    >>> hyps, lengths, scores, log_probs = searcher(torch.zeros(1, 20, 8), torch.ones(1))
    >>> scores.shape
    torch.Size([1, 3])
    """

    def __init__(
        self, embedding: nn.Module, decoder: nn.Module, linear: nn.Module, temperature: float = 1.0, **kwargs: Any
    ) -> None:
        S2SBeamSearcher.__init__(self, **kwargs)
        self.emb = embedding
        self.dec = decoder
        self.fc = linear
        self.temperature = temperature

    def forward_step(
        self, inp_tokens: Tensor, memory: _Memory, enc_states: Tensor, enc_lens: Tensor
    ) -> tuple[Tensor, _Memory, Tensor]:
        """See `S2SBaseSearcher.forward_step`."""
        logits, memory, attn = self._logits(inp_tokens, memory, enc_states, enc_lens)
        return (logits / self.temperature).log_softmax(dim=-1), memory, attn


def _twin(decoder: nn.Module, beam: int) -> Any:
    """The decoder with an attention that remembers for one search alone, for all hypotheses of an item together."""
    twin = copy.copy(decoder)
    attention: Any = copy.copy(decoder.attn)
    attention.reset()
    attention.beams = beam
    # A shallow copy of a module shares the table of its parts, in which the attention is replaced.
    twin._modules = {**decoder._modules, "attn": attention}
    return twin
