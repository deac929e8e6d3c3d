"""Torch's recurrent layers with lengths: directly, and as one operation for the compiler.

`torch.compile` refuses `nn.LSTM` and its like, and `torch.export` writes their loop
out step by step. Here one layer is one operation, for any number of steps. A
building block of the layers, not a layer.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from sonovox.nn.recomputed_gradient import recomputed_gradient

__all__ = ["RecurrentWeights"]

_FUNCTIONS = {"GRU": torch.gru, "LSTM": torch.lstm, "RNN_RELU": torch.rnn_relu, "RNN_TANH": torch.rnn_tanh}


class RecurrentWeights(nn.RNNBase):
    """Weights under the names of `nn.LSTM`, `nn.GRU` and `nn.RNN`, and the computation with them.

    Args:
        mode: `"LSTM"`, `"GRU"`, `"RNN_RELU"` or `"RNN_TANH"`.
        input_size: features of the input.
        hidden_size: features of a state.
        num_layers: layers.
        bias: whether there are biases.
        dropout: between layers, in training.
        bidirectional: both directions.

    >>> layer = RecurrentWeights("GRU", 40, 8, num_layers=2)
    >>> states, (h,) = layer(torch.zeros(2, 50, 40), [torch.zeros(2, 2, 8)], torch.tensor([50, 20]))
    >>> states.shape, h.shape
    (torch.Size([2, 50, 8]), torch.Size([2, 2, 8]))
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        between = dropout if num_layers > 1 else 0.0
        super().__init__(
            mode,
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first=True,
            dropout=between,
            bidirectional=bidirectional,
        )

    @property
    def _flat_weights(self) -> list[Any]:  # a list of its own would hold other weights than those at hand
        return [getattr(self, name) for name in self._flat_weights_names]

    @_flat_weights.setter
    def _flat_weights(self, _: object) -> None:
        pass

    def forward(self, x: Tensor, hx: Sequence[Tensor], counts: Tensor | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """States `(batch, time, directions * hidden)` and the last ones, from first ones (LSTM: and cells).

        Args:
            x: `(batch, time, features)`.
            hx: one tensor, two for LSTM, `(layers * directions, batch, hidden)`.
            counts: steps of each item, `(batch,)`; None for all.
        """
        weights = self._flat_weights
        if not torch.compiler.is_compiling():
            dropout = self.dropout if self.training else 0.0
            states, *last = _run(x, hx, weights, counts, self.mode, self.num_layers, self.bidirectional, dropout)
            return states, tuple(last[: len(hx)])
        per_layer = len(weights) // self.num_layers
        ends = []
        for place, parts in enumerate(zip(*(h.chunk(self.num_layers) for h in hx), strict=True)):
            own = weights[place * per_layer : (place + 1) * per_layer]
            x = F.dropout(x, self.dropout, self.training) if place else x
            x, *last = _one_layer(x, list(parts), own, counts, self.mode, self.bidirectional)
            ends.append(last[: len(hx)])
        return x, tuple(torch.cat(parts) for parts in zip(*ends, strict=True))


def _run(
    x: Tensor,
    hx: Sequence[Tensor],
    weights: Sequence[Tensor],
    counts: Tensor | None,
    mode: str,
    layers: int,
    both: bool,
    dropout: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """States, the last ones, and the last cells (of no size but for LSTM)."""
    function: Any = _FUNCTIONS[mode]
    has_biases = len(weights) == 4 * layers * (2 if both else 1)
    options = (list(weights), has_biases, layers, dropout, dropout > 0, both)
    if counts is None:
        states, *last = function(x, tuple(hx) if mode == "LSTM" else hx[0], *options, True)
    else:
        # Longest items first
        order = counts.argsort(descending=True)
        back = order.argsort()
        packed = pack_padded_sequence(x[order], counts[order].cpu(), batch_first=True)
        hx = tuple(h[:, order] for h in hx)
        data, *last = function(packed.data, packed.batch_sizes, hx if mode == "LSTM" else hx[0], *options)
        states, _ = pad_packed_sequence(
            PackedSequence(data, packed.batch_sizes), batch_first=True, total_length=x.shape[1]
        )
        states, last = states[back], [h[:, back] for h in last]
    return states, last[0], last[1] if len(last) == 2 else x.new_empty(0)


@torch.library.custom_op("sonovox::recurrent_layer", mutates_args=())
def _one_layer(
    x: Tensor, hx: Sequence[Tensor], weights: Sequence[Tensor], counts: Tensor | None, mode: str, both: bool
) -> tuple[Tensor, Tensor, Tensor]:
    states, h, c = _run(x, hx, weights, counts, mode, 1, both, 0.0)
    return states.contiguous(), h.contiguous(), c.contiguous()


@_one_layer.register_fake
def _(
    x: Tensor, hx: Sequence[Tensor], weights: Sequence[Tensor], counts: Tensor | None, mode: str, both: bool
) -> tuple[Tensor, Tensor, Tensor]:
    batch, time = x.shape[:2]
    last = x.new_empty(hx[0].shape)
    states = x.new_empty(batch, time, hx[0].shape[-1] * (2 if both else 1))
    return states, last, torch.empty_like(last) if mode == "LSTM" else x.new_empty(0)


@torch.library.custom_op("sonovox::recurrent_layer_gradient", mutates_args=())
def _one_layer_gradient(
    gradients: Sequence[Tensor],
    x: Tensor,
    hx: Sequence[Tensor],
    weights: Sequence[Tensor],
    counts: Tensor | None,
    mode: str,
    both: bool,
) -> list[Tensor]:
    def again(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        first, others = inputs[1 : 1 + len(hx)], inputs[1 + len(hx) :]
        return _run(inputs[0], first, others, counts, mode, 1, both, 0.0)[: 1 + len(hx)]

    return recomputed_gradient(again, [x, *hx, *weights], gradients[: 1 + len(hx)])


@_one_layer_gradient.register_fake
def _(
    gradients: Sequence[Tensor],
    x: Tensor,
    hx: Sequence[Tensor],
    weights: Sequence[Tensor],
    counts: Tensor | None,
    mode: str,
    both: bool,
) -> list[Tensor]:
    return [torch.empty_like(tensor, memory_format=torch.contiguous_format) for tensor in (x, *hx, *weights)]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    x, hx, weights, counts, ctx.mode, ctx.both = inputs
    ctx.states = len(hx)
    ctx.save_for_backward(x, counts, *hx, *weights)


def _gradient(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
    x, counts, *rest = ctx.saved_tensors
    hx, weights = rest[: ctx.states], rest[ctx.states :]
    found = _one_layer_gradient(list(gradients), x, hx, weights, counts, ctx.mode, ctx.both)
    return found[0], found[1 : 1 + len(hx)], found[1 + len(hx) :], None, None, None


_one_layer.register_autograd(_gradient, setup_context=_keep)
