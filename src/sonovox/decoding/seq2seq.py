"""What searches over decoders of tokens have in common, and the greedy one.

A searcher holds modules and settings. Everything that belongs to one search is handed
from step to step, so that searches of one searcher may run beside one another.
"""

from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts

__all__ = ["S2SBaseSearcher", "S2SGreedySearcher", "SearchResult"]

SearchResult = tuple[list[list[int]], Tensor, Tensor, Tensor]


class S2SBaseSearcher(nn.Module):
    """Tokens of an encoder's states, one after the other.

    Args:
        bos_index: the token before the first.
        eos_index: the token after the last; it may be the same.
        min_decode_ratio: no end before this many tokens for each of the encoder's steps (of the padded batch).
        max_decode_ratio: the search is cut at this many.

    Raises:
        ArgumentError: ratios that are negative or out of order.
    """

    def __init__(self, bos_index: int, eos_index: int, min_decode_ratio: float, max_decode_ratio: float) -> None:
        super().__init__()
        if not 0 <= min_decode_ratio <= max_decode_ratio:
            raise ArgumentError(
                "min_decode_ratio and max_decode_ratio must be in order and not negative, "
                f"got {min_decode_ratio} and {max_decode_ratio}",
                hint="0.0 and 1.0 are usual",
            )
        self.bos_index = bos_index
        self.eos_index = eos_index
        self.min_decode_ratio = min_decode_ratio
        self.max_decode_ratio = max_decode_ratio

    def reset_mem(self, batch_size: int, device: torch.device) -> Any:
        """What the decoder remembers before the first token of `batch_size` rows."""
        raise NotImplementedError

    def forward_step(
        self, inp_tokens: Tensor, memory: Any, enc_states: Tensor, enc_lens: Tensor
    ) -> tuple[Tensor, Any, Tensor | None]:
        """Scores of the next token `(rows, tokens)`, the memory after it, and where the decoder listened.

        Args:
            inp_tokens: the last tokens, `(rows,)`.
            memory: of the step before, or of `reset_mem`.
            enc_states: `(rows, time, features)`.
            enc_lens: their counts of steps, `(rows,)`.
        """
        raise NotImplementedError

    def permute_mem(self, memory: Any, index: Tensor) -> Any:
        """The memory of rows `index`, where each stays with its item; all else of an item need not move."""
        raise NotImplementedError

    def keep_rows(self, memory: Any, rows: Tensor) -> Any:
        """The memory of `rows`, after items have left the batch."""
        return self.permute_mem(memory, rows)

    def _begin(self, enc_states: Tensor, wav_len: Tensor) -> tuple[Tensor, int, int]:
        """Counts of the encoder's steps, and the least and the largest number of tokens."""
        if enc_states.dim() != 3 or wav_len.shape != enc_states.shape[:1]:
            raise ArgumentError(
                "enc_states must be (batch, time, features) and wav_len (batch,), "
                f"got {tuple(enc_states.shape)} and {tuple(wav_len.shape)}",
                hint="wav_len has the share of the longest item, one for each",
            )
        time = enc_states.shape[1]
        counts = lengths_to_counts(wav_len.to(enc_states.device), time)
        return counts, int(time * self.min_decode_ratio), int(time * self.max_decode_ratio)


class S2SGreedySearcher(S2SBaseSearcher):
    """The most probable token at each step, or one drawn at random; items that have ended leave the batch.

    Args:
        bos_index: see `S2SBaseSearcher`, as are all that are not named here.
        eos_index: see `bos_index`.
        min_decode_ratio: see `bos_index`.
        max_decode_ratio: see `bos_index`.
        temperature: draw from the softmax of scores divided by it; 0 for the most probable one.

    A subclass says what a step is: `reset_mem`, `forward_step` (here with scores that need not be normalised) and
    `permute_mem`.
    """

    def __init__(
        self,
        bos_index: int,
        eos_index: int,
        min_decode_ratio: float,
        max_decode_ratio: float,
        *,
        temperature: float = 0.0,
    ) -> None:
        super().__init__(bos_index, eos_index, min_decode_ratio, max_decode_ratio)
        self.temperature = temperature

    @torch.no_grad()
    def forward(self, enc_states: Tensor, wav_len: Tensor) -> SearchResult:
        """The tokens of each item without the end, and how probable they are.

        Args:
            enc_states: `(batch, time, features)`.
            wav_len: shares of the longest item, `(batch,)`.

        Returns:
            Lists of tokens; their shares of the longest list with its end, `(batch, 1)`; the log-probability of
            each token, 0 from the end on, `(batch, 1, steps)`; those of all tokens, `(batch, 1, steps, tokens)`,
            -inf but for the end where an item has ended.
        """
        counts, least, most = self._begin(enc_states, wav_len)
        batch, device = enc_states.shape[0], enc_states.device
        memory = self.reset_mem(batch, device)
        active = torch.arange(batch, device=device)
        tokens = torch.full((batch,), self.bos_index, dtype=torch.long, device=device)
        chosen: list[Tensor] = []
        scored: list[Tensor] = []
        for step in range(most):
            logits, memory, _ = self.forward_step(tokens, memory, enc_states, counts)
            logits = logits.float()
            if step < least:
                logits[:, self.eos_index] = float("-inf")
            tokens = self._choose(logits)
            ended = tokens == self.eos_index
            log_probs = logits.log_softmax(dim=-1)
            everything = log_probs.new_full((batch, log_probs.shape[1]), float("-inf"))
            everything[:, self.eos_index] = 0.0
            everything[active[~ended]] = log_probs[~ended]
            scored.append(everything)
            chosen.append(torch.full_like(wav_len, self.eos_index, dtype=torch.long).index_copy(0, active, tokens))
            # The one copy to the host of a step: whom to go on with.
            if bool(ended.any()):
                kept = (~ended).nonzero().squeeze(1)
                if not kept.numel():
                    break
                memory = self.keep_rows(memory, kept)
                active, tokens, enc_states, counts = (x[kept] for x in (active, tokens, enc_states, counts))
        if not chosen:
            empty = enc_states.new_zeros(batch, 1, 0)
            return [[] for _ in range(batch)], enc_states.new_zeros(batch, 1), empty, empty.unsqueeze(-1)
        return self._collect(torch.stack(chosen, dim=1), torch.stack(scored, dim=1))

    def _choose(self, logits: Tensor) -> Tensor:
        if self.temperature == 0:
            return logits.argmax(dim=-1)
        return torch.distributions.Categorical(logits=logits / self.temperature).sample()

    def _collect(self, tokens: Tensor, log_probs: Tensor) -> SearchResult:
        steps = tokens.shape[1]
        scores = log_probs.gather(2, tokens.unsqueeze(2)).squeeze(2)
        counts = (tokens == self.eos_index).cumsum(dim=1).eq(0).sum(dim=1)
        hyps = [row[:count] for row, count in zip(tokens.tolist(), counts.tolist(), strict=True)]
        lengths = (counts.to(scores.dtype) / steps).unsqueeze(1)
        return hyps, lengths, scores.unsqueeze(1), log_probs.unsqueeze(1)
