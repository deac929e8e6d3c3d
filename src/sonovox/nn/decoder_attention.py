"""Attention of a recurrent decoder to the states of an encoder, one step at a time.

Content-based: Bahdanau, Cho and Bengio, ICLR 2015. Location-aware: Chorowski et
al., "Attention-based models for speech recognition", NeurIPS 2015, eqs. 5 to 9.
Keys and values: Vaswani et al., NeurIPS 2017, eq. 1, with one head.

What depends on the encoder alone is computed at the first step after `reset` and
kept until the next `reset`.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask

__all__ = ["ContentBasedAttention", "KeyValueAttention", "LocationAwareAttention"]


class _DecoderAttention(nn.Module):
    """What the three have in common: the memory of an encoder, and a mean of values by weights."""

    def __init__(self) -> None:
        super().__init__()
        self.mask: Tensor | None = None
        self.memory: Tensor | None = None

    def reset(self) -> None:
        """Forget the encoder's states; call it before the first step of each batch."""
        self.mask = self.memory = None

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

    def _attend(self, enc_states: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        scores = self.mlp_attn(torch.tanh(hidden)).squeeze(-1)  # (batch, time)
        if self.mask is not None:
            scores = scores.masked_fill(~self.mask, float("-inf"))
        weights = torch.softmax(scores * self.scaling, dim=-1)
        return self.mlp_out(torch.bmm(weights.unsqueeze(1), enc_states).squeeze(1)), weights


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
            enc_states: `(batch, time, enc_dim)`; looked at in the first call after `reset` only, but for their sum.
            enc_len: their counts of steps, `(batch,)`.
            dec_states: `(batch, dec_dim)`.
        """
        if self.memory is None:
            self.mask = self._padding(enc_states, enc_len)
            self.memory = self.mlp_enc(enc_states)
        return self._attend(enc_states, self.memory + self.mlp_dec(dec_states.unsqueeze(1)))


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
        if self.memory is None:
            self.mask = self._padding(enc_states, enc_len)
            self.memory = self.mlp_enc(enc_states)
        if self.prev_attn is None:  # evenly on what is there
            share = self._padding(enc_states, enc_len).to(enc_states.dtype)
            self.prev_attn = share / share.sum(dim=1, keepdim=True)
        location = self.mlp_loc(self.conv_loc(self.prev_attn.unsqueeze(1)).transpose(1, 2))
        hidden = self.memory + self.mlp_dec(dec_states.unsqueeze(1)) + location
        context, weights = self._attend(enc_states, hidden)
        self.prev_attn = weights.detach()
        return context, weights


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

    def forward(self, enc_states: Tensor, enc_len: Tensor, dec_states: Tensor) -> tuple[Tensor, Tensor]:
        """See `ContentBasedAttention.forward`."""
        if self.memory is None or self.values is None or self.mask is None:
            self.mask = self._padding(enc_states, enc_len)
            self.memory, self.values = self.key_linear(enc_states), self.value_linear(enc_states)
        query = self.query_linear(dec_states)
        scores = torch.bmm(self.memory, query.unsqueeze(2)).squeeze(2) / query.shape[-1] ** 0.5
        weights = torch.softmax(scores.masked_fill(~self.mask, float("-inf")), dim=-1)
        return torch.bmm(weights.unsqueeze(1), self.values).squeeze(1), weights
