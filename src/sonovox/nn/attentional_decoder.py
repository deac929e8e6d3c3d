"""Recurrent decoder with attention: each step sees the last token and where it listened.

Chan et al., "Listen, attend and spell", ICASSP 2016; the attention of Chorowski et
al., NeurIPS 2015.
"""

from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts
from sonovox.nn.decoder_attention import ContentBasedAttention, KeyValueAttention, LocationAwareAttention
from sonovox.nn.recurrent_cells import GRUCell, LSTMCell, RNNCell

__all__ = ["AttentionalRNNDecoder"]

Attention = ContentBasedAttention | KeyValueAttention | LocationAwareAttention
Cells = GRUCell | LSTMCell | RNNCell


class AttentionalRNNDecoder(nn.Module):
    """Recurrent layers on the last token and the last context, attention by their state, and a projection of both.

    Args:
        rnn_type: `"rnn"`, `"gru"` or `"lstm"`.
        attn_type: `"content"`, `"location"` or `"keyvalue"`.
        hidden_size: features of a state and of the result.
        attn_dim: features of the attention's hidden layer and of the context.
        num_layers: recurrent layers.
        enc_dim: features of the encoder's states.
        input_size: features of a token.
        nonlinearity: of `"rnn"`, `"relu"` or `"tanh"`.
        re_init: orthogonal recurrent weights.
        normalization: takes no effect; none of the cells has one.
        scaling: of the attention's scores, for `"content"` and `"location"`.
        channels: of the convolution of `"location"`.
        kernel_size: of the convolution of `"location"`.
        bias: whether the cells have biases.
        dropout: share that is zeroed in training, of the input and between layers.

    Raises:
        ArgumentError: an unknown type, `"location"` without `channels` and `kernel_size`.

    >>> decoder = AttentionalRNNDecoder("gru", "content", 12, 9, num_layers=1, enc_dim=8, input_size=6)
    >>> states, weights = decoder(torch.zeros(2, 5, 6), torch.zeros(2, 30, 8), torch.tensor([1.0, 0.5]))
    >>> states.shape, weights.shape
    (torch.Size([2, 5, 12]), torch.Size([2, 5, 30]))
    """

    def __init__(
        self,
        rnn_type: str,
        attn_type: str,
        hidden_size: int,
        attn_dim: int,
        num_layers: int,
        enc_dim: int,
        input_size: int,
        nonlinearity: str = "relu",
        re_init: bool = True,
        normalization: str = "batchnorm",
        scaling: float = 1.0,
        channels: int | None = None,
        kernel_size: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_choice("rnn_type", rnn_type, ["rnn", "gru", "lstm"])
        check_choice("attn_type", attn_type, ["content", "location", "keyvalue"])
        self.rnn_type = rnn_type
        self.attn_type = attn_type
        self.hidden_size = hidden_size
        self.attn_dim = attn_dim
        self.num_layers = num_layers
        self.normalization = normalization

        self.proj = nn.Linear(hidden_size + attn_dim, hidden_size)
        self.attn: Attention
        if attn_type == "content":
            self.attn = ContentBasedAttention(enc_dim, hidden_size, attn_dim, attn_dim, scaling)
        elif attn_type == "location":
            if channels is None or kernel_size is None:
                raise ArgumentError(
                    f"attn_type='location' needs channels and kernel_size, got {channels} and {kernel_size}",
                    hint="for example channels=10, kernel_size=100",
                )
            self.attn = LocationAwareAttention(enc_dim, hidden_size, attn_dim, attn_dim, channels, kernel_size, scaling)
        else:
            self.attn = KeyValueAttention(enc_dim, hidden_size, attn_dim, attn_dim)
        self.drop = nn.Dropout(dropout)
        size = attn_dim + input_size
        self.rnn: Cells
        if rnn_type == "rnn":
            self.rnn = RNNCell(
                hidden_size,
                input_size=size,
                num_layers=num_layers,
                bias=bias,
                dropout=dropout,
                re_init=re_init,
                nonlinearity=nonlinearity,
            )
        else:
            build = GRUCell if rnn_type == "gru" else LSTMCell
            self.rnn = build(
                hidden_size, input_size=size, num_layers=num_layers, bias=bias, dropout=dropout, re_init=re_init
            )

    def forward_step(
        self, inp: Tensor, hs: Any, c: Tensor, enc_states: Tensor, enc_len: Tensor
    ) -> tuple[Tensor, Any, Tensor, Tensor]:
        """One step; call `attn.reset()` before the first.

        Args:
            inp: the last token, `(batch, input_size)`.
            hs: the recurrent states after the step before, as returned; None at first.
            c: the context of the step before, `(batch, attn_dim)`; zeros at first.
            enc_states: `(batch, time, enc_dim)`.
            enc_len: their counts of steps, `(batch,)`.

        Returns:
            The result `(batch, hidden_size)`, the recurrent states, the context and the attention's weights
            `(batch, time)`.
        """
        cell_out, hs = self.rnn(self.drop(torch.cat((inp, c), dim=-1)), hs)
        c, weights = self.attn(enc_states, enc_len, cell_out)
        return self.proj(torch.cat((c, cell_out), dim=-1)), hs, c, weights

    def forward(self, inp_tensor: Tensor, enc_states: Tensor, wav_len: Tensor) -> tuple[Tensor, Tensor]:
        """All steps, each on the token that is given (teacher forcing).

        Args:
            inp_tensor: tokens, `(batch, steps, input_size)`.
            enc_states: `(batch, time, enc_dim)`.
            wav_len: their shares of the longest item, `(batch,)`.

        Returns:
            Results `(batch, steps, hidden_size)` and the attention's weights `(batch, steps, time)`.
        """
        counts = lengths_to_counts(wav_len.to(enc_states.device), enc_states.shape[1]).clamp(min=1)
        self.attn.reset()
        hs, c = None, enc_states.new_zeros(enc_states.shape[0], self.attn_dim)
        results, attention = [], []
        for token in inp_tensor.unbind(1):
            result, hs, c, weights = self.forward_step(token, hs, c, enc_states, counts)
            results.append(result)
            attention.append(weights)
        self.attn.reset()
        return torch.stack(results, dim=1), torch.stack(attention, dim=1)
