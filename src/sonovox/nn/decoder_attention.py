"""Attention of a recurrent decoder to the states of an encoder, one step at a time.

Content-based: Bahdanau, Cho and Bengio, ICLR 2015. Location-aware: Chorowski et
al., "Attention-based models for speech recognition", NeurIPS 2015, eqs. 5 to 9.
Keys and values: Vaswani et al., NeurIPS 2017, eq. 1, with one head.

What depends on the encoder alone is computed at the first step after `reset` and
kept until the next `reset`. In a beam search hypotheses of an item share it: set
`beams` to their number, and the first of each item's states are looked at.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask

__all__ = ["ContentBasedAttention", "KeyValueAttention", "LocationAwareAttention"]

_CHUNK_NUMBERS = 1 << 17  # of a hidden layer that is worked on at once, so that it stays in the cache


class _DecoderAttention(nn.Module):
    """What the three have in common: the memory of an encoder, and a mean of values by weights."""

    def __init__(self) -> None:
        super().__init__()
        self.mask: Tensor | None = None  # (batch, time)
        self.memory: Tensor | None = None  # (items, time, features)
        self.beams = 1  # rows of each item, one after the other

    def reset(self) -> None:
        """Forget the encoder's states; call it before the first step of each batch."""
        self.mask = self.memory = None

    def keep(self, items: Tensor, rows: Tensor) -> None:
        """Let go of all but some items, that is rows, in the middle of a search."""
        self.mask = None if self.mask is None else self.mask[rows]
        self.memory = None if self.memory is None else self.memory[items]

    def _padding(self, enc_states: Tensor, enc_len: Tensor) -> Tensor:
        mask = length_to_mask(enc_len.to(enc_states.device), enc_states.shape[1], dtype=torch.bool)
        if mask.shape[0] != enc_states.shape[0]:
            raise ArgumentError(
                f"enc_len must have one count for each of {enc_states.shape[0]} items, got {tuple(enc_len.shape)}",
                hint="give counts of steps, (batch,)",
            )
        return mask


class _AdditiveAttention(_DecoderAttention):
    """Weights by a network of one hidden layer."""

    def __init__(self, enc_dim: int, dec_dim: int, attn_dim: int, output_dim: int, scaling: float) -> None:
        super().__init__()
        self.scaling = scaling
        self.mlp_enc = nn.Linear(enc_dim, attn_dim)
        self.mlp_dec = nn.Linear(dec_dim, attn_dim)
        self.mlp_attn = nn.Linear(attn_dim, 1, bias=False)
        self.mlp_out = nn.Linear(enc_dim, output_dim)
        self.heard: Tensor | None = None  # the encoder's states, (items, time, enc_dim)

    def reset(self) -> None:
        super().reset()
        self.heard = None

    def keep(self, items: Tensor, rows: Tensor) -> None:
        super().keep(items, rows)
        self.heard = None if self.heard is None else self.heard[items]

    def _remember(self, enc_states: Tensor, enc_len: Tensor) -> tuple[Tensor, Tensor]:
        """What the hidden layer gets of the encoder, and the encoder's states, of each item."""
        if self.memory is None or self.heard is None:
            self.mask = self._padding(enc_states, enc_len)
            self.heard = enc_states[:: self.beams]
            self.memory = self.mlp_enc(self.heard)
        return self.memory, self.heard

    def _attend(self, heard: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """The context and the weights, of `scores`, `(batch, time)`."""
        if self.mask is not None:
            scores = scores.masked_fill(~self.mask, float("-inf"))
        weights = torch.softmax(scores * self.scaling, dim=-1)
        mean = torch.bmm(weights.unflatten(0, (-1, self.beams)), heard).flatten(0, 1)
        return self.mlp_out(mean), weights

    def _scores(self, memory: Tensor, decoder: Tensor, location: Tensor | None = None) -> Tensor:
        """Of each of the encoder's steps, `(batch, time)`.

        Args:
            memory: `(items, time, attn_dim)`.
            decoder: `(batch, attn_dim)`.
            location: `(batch, time, attn_dim)`.
        """
        hidden = memory.repeat_interleave(self.beams, dim=0) if self.beams > 1 else memory
        hidden = hidden + decoder.unsqueeze(1)
        return self.mlp_attn(torch.tanh(hidden if location is None else hidden + location)).squeeze(-1)


class ContentBasedAttention(_AdditiveAttention):
    """Additive attention: `softmax(scaling * v' tanh(W s + V h))` for states s of the encoder and h of the decoder.

    Args:
        enc_dim: features of the encoder's states.
        dec_dim: features of the decoder's state.
        attn_dim: features of the hidden layer.
        output_dim: features of the result.
        scaling: above 1 for sharper weights.

    >>> attention = ContentBasedAttention(8, 4, attn_dim=6, output_dim=5)
    >>> context, weights = attention(torch.zeros(2, 3, 8), torch.tensor([3, 2]), torch.zeros(2, 4))
    >>> context.shape, weights[1].tolist()
    (torch.Size([2, 5]), [0.5, 0.5, 0.0])
    """

    def __init__(self, enc_dim: int, dec_dim: int, attn_dim: int, output_dim: int, scaling: float = 1.0) -> None:
        super().__init__(enc_dim, dec_dim, attn_dim, output_dim, scaling)

    def forward(self, enc_states: Tensor, enc_len: Tensor, dec_states: Tensor) -> tuple[Tensor, Tensor]:
        """The context `(batch, output_dim)` and the weights `(batch, time)`.

        Args:
            enc_states: `(batch, time, enc_dim)`; looked at in the first call after `reset` only.
            enc_len: their counts of steps, `(batch,)`.
            dec_states: `(batch, dec_dim)`.
        """
        memory, heard = self._remember(enc_states, enc_len)
        return self._attend(heard, self._scores(memory, self.mlp_dec(dec_states)))


class LocationAwareAttention(_AdditiveAttention):
    """Additive attention that sees where it was a step before, by a convolution of its last weights.

    Args:
        enc_dim: see `ContentBasedAttention`, as are all others.
        conv_channels: channels of the convolution.
        kernel_size: steps that it sees before and after each.

    >>> attention = LocationAwareAttention(8, 4, attn_dim=6, output_dim=5, conv_channels=3, kernel_size=7)
    >>> context, weights = attention(torch.zeros(2, 30, 8), torch.tensor([30, 20]), torch.zeros(2, 4))
    >>> context.shape, weights.shape
    (torch.Size([2, 5]), torch.Size([2, 30]))
    """

    def __init__(
        self,
        enc_dim: int,
        dec_dim: int,
        attn_dim: int,
        output_dim: int,
        conv_channels: int,
        kernel_size: int,
        scaling: float = 1.0,
    ) -> None:
        super().__init__(enc_dim, dec_dim, attn_dim, output_dim, scaling)
        self.conv_loc = nn.Conv1d(1, conv_channels, kernel_size=2 * kernel_size + 1, padding=kernel_size, bias=False)
        self.mlp_loc = nn.Linear(conv_channels, attn_dim)
        self.prev_attn: Tensor | None = None

    def reset(self) -> None:
        super().reset()
        self.prev_attn = None

    def forward(self, enc_states: Tensor, enc_len: Tensor, dec_states: Tensor) -> tuple[Tensor, Tensor]:
        """See `ContentBasedAttention.forward`."""
        memory, heard = self._remember(enc_states, enc_len)
        if self.prev_attn is None:  # evenly on what is there
            share = self._padding(enc_states, enc_len).to(enc_states.dtype)
            self.prev_attn = share / share.sum(dim=1, keepdim=True)
        filtered = self.conv_loc(self.prev_attn.unsqueeze(1)).transpose(1, 2)  # (batch, time, channels)
        decoder = self.mlp_dec(dec_states)
        if torch.is_grad_enabled() or torch.compiler.is_compiling():
            scores = self._scores(memory, decoder, self.mlp_loc(filtered))
        else:
            scores = self._scores_in_chunks(memory, decoder, filtered)
        context, weights = self._attend(heard, scores)
        self.prev_attn = weights.detach()
        return context, weights

    def _scores_in_chunks(self, memory: Tensor, decoder: Tensor, filtered: Tensor) -> Tensor:
        """`_scores` without gradients, some rows at a time: the hidden layer is as large as all else together."""
        rows, time, _ = filtered.shape
        # What is the same for all steps of a row is one more channel, of ones.
        left = torch.cat((filtered, filtered.new_ones(rows, time, 1)), dim=2)
        same = decoder if self.mlp_loc.bias is None else decoder + self.mlp_loc.bias
        weight = self.mlp_loc.weight.t().expand(rows, -1, -1)
        right = torch.cat((weight, same.unsqueeze(1)), dim=1)
        direction = self.mlp_attn.weight[0]
        scores = left.new_empty(rows, time)
        chunk = max(1, _CHUNK_NUMBERS // max(1, memory[0].numel()))
        for item, first in enumerate(range(0, rows, self.beams)):
            for start in range(first, first + self.beams, chunk):
                end = min(start + chunk, first + self.beams)
                shared = memory[item].expand(end - start, -1, -1)
                hidden = torch.baddbmm(shared, left[start:end], right[start:end]).tanh_()
                torch.matmul(hidden, direction, out=scores[start:end])
        return scores


class KeyValueAttention(_DecoderAttention):
    """Dot-product attention: `softmax(k' q / sqrt(attn_dim))`, with keys and values of the encoder's states.

    Args:
        enc_dim: features of the encoder's states.
        dec_dim: features of the decoder's state.
        attn_dim: features of keys and queries.
        output_dim: features of values.

    >>> attention = KeyValueAttention(8, 4, attn_dim=6, output_dim=5)
    >>> context, weights = attention(torch.zeros(2, 3, 8), torch.tensor([3, 2]), torch.zeros(2, 4))
    >>> context.shape, weights[1].tolist()
    (torch.Size([2, 5]), [0.5, 0.5, 0.0])
    """

    def __init__(self, enc_dim: int, dec_dim: int, attn_dim: int, output_dim: int) -> None:
        super().__init__()
        self.key_linear = nn.Linear(enc_dim, attn_dim)
        self.query_linear = nn.Linear(dec_dim, attn_dim)
        self.value_linear = nn.Linear(enc_dim, output_dim)
        self.values: Tensor | None = None

    def reset(self) -> None:
        super().reset()
        self.values = None

    def keep(self, items: Tensor, rows: Tensor) -> None:
        super().keep(items, rows)
        self.values = None if self.values is None else self.values[items]

    def forward(self, enc_states: Tensor, enc_len: Tensor, dec_states: Tensor) -> tuple[Tensor, Tensor]:
        """See `ContentBasedAttention.forward`."""
        if self.memory is None or self.values is None or self.mask is None:
            self.mask = self._padding(enc_states, enc_len)
            states = enc_states[:: self.beams]
            self.memory, self.values = self.key_linear(states), self.value_linear(states)
        query = self.query_linear(dec_states).unflatten(0, (-1, self.beams))  # (items, beams, attn_dim)
        scores = torch.bmm(query, self.memory.transpose(1, 2)).flatten(0, 1) / query.shape[-1] ** 0.5
        weights = torch.softmax(scores.masked_fill(~self.mask, float("-inf")), dim=-1)
        return torch.bmm(weights.unflatten(0, (-1, self.beams)), self.values).flatten(0, 1), weights
