"""Recurrent layers of torch with lengths: each item is as long as its length says, in both directions.

Elman, "Finding structure in time", 1990; long short-term memory: Hochreiter and
Schmidhuber, Neural Computation 9, 1997; gated recurrent unit: Cho et al., EMNLP 2014.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox.dsp.lengths import lengths_to_counts
from sonovox.nn.input_size import resolve_input_size
from sonovox.nn.recurrent_op import RecurrentWeights

__all__ = ["GRU", "LSTM", "RNN", "initialise_recurrence"]


class _Recurrent(nn.Module):
    """What the three have in common."""

    def __init__(self, rnn: RecurrentWeights, re_init: bool) -> None:
        super().__init__()
        self.rnn = rnn
        if re_init:
            initialise_recurrence(rnn)

    def output_shape(self, shape: Sequence[int]) -> list[int]:
        """Shape of the states for an input of this shape, which a container asks for."""
        return [*shape[:2], self.rnn.hidden_size * (2 if self.rnn.bidirectional else 1)]

    def forward(self, x: Tensor, hx: Any = None, lengths: Tensor | None = None) -> tuple[Tensor, Any]:
        """The states of the last layer at each step, and the last states of all layers.

        Args:
            x: `(batch, time, features)`; of four dimensions, those after time are features together.
            hx: first states, as the second result gives them; zeros if None.
            lengths: shares of the longest item, `(batch,)`; a step must fit into the share whole. Beyond it states
                are zero.

        Returns:
            `(batch, time, hidden_size)`, twice `hidden_size` for both directions, and
            `(layers * directions, batch, hidden_size)`, for LSTM two of them.
        """
        x = x.flatten(2) if x.dim() == 4 else x
        several = self.rnn.mode == "LSTM"
        if hx is None:
            layers = self.rnn.num_layers * (2 if self.rnn.bidirectional else 1)
            first = x.new_zeros(layers, x.shape[0], self.rnn.hidden_size)
            hx = (first, first.clone()) if several else first
        counts = None
        if lengths is not None:
            counts = lengths_to_counts(lengths, x.shape[1], rounding="down").clamp(min=1)
        states, last = self.rnn(x, hx if several else (hx,), counts)
        return states, last if several else last[0]


class RNN(_Recurrent):
    """Elman network: `h[t] = f(W x[t] + b + U h[t-1] + c)`.

    Args:
        hidden_size: features of a state.
        input_shape: shape of the input; None where `input_size` is given.
        input_size: features of the input.
        nonlinearity: f, `"relu"` or `"tanh"`.
        num_layers: layers, each on the states of the one before.
        bias: whether there are b and c.
        dropout: share of states that is zeroed between layers in training.
        re_init: orthogonal U.
        bidirectional: one more network runs backwards in time in each layer.

    >>> import torch
    >>> RNN(8, input_size=40)(torch.zeros(2, 50, 40))[0].shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self,
        hidden_size: int,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        nonlinearity: str = "relu",
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        re_init: bool = True,
        bidirectional: bool = False,
    ) -> None:
        check_choice("nonlinearity", nonlinearity, ["relu", "tanh"])
        size = resolve_input_size(input_size, input_shape, joined=True)
        super().__init__(
            RecurrentWeights(
                f"RNN_{nonlinearity.upper()}", size, hidden_size, num_layers, bias, dropout, bidirectional
            ),
            re_init,
        )


class LSTM(_Recurrent):
    """Long short-term memory, which keeps a cell beside its state.

    Args:
        hidden_size: see `RNN`, as are all others.

    >>> import torch
    >>> states, (h, c) = LSTM(8, input_size=40, bidirectional=True)(torch.zeros(2, 50, 40))
    >>> states.shape, h.shape, c.shape
    (torch.Size([2, 50, 16]), torch.Size([2, 2, 8]), torch.Size([2, 2, 8]))
    """

    def __init__(
        self,
        hidden_size: int,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        re_init: bool = True,
        bidirectional: bool = False,
    ) -> None:
        size = resolve_input_size(input_size, input_shape, joined=True)
        super().__init__(RecurrentWeights("LSTM", size, hidden_size, num_layers, bias, dropout, bidirectional), re_init)


class GRU(_Recurrent):
    """Gated recurrent unit.

    Args:
        hidden_size: see `RNN`, as are all others.

    >>> import torch
    >>> GRU(8, input_size=40)(torch.zeros(2, 50, 40))[0].shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self,
        hidden_size: int,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        re_init: bool = True,
        bidirectional: bool = False,
    ) -> None:
        size = resolve_input_size(input_size, input_shape, joined=True)
        super().__init__(RecurrentWeights("GRU", size, hidden_size, num_layers, bias, dropout, bidirectional), re_init)


def initialise_recurrence(module: nn.Module) -> None:
    """Make the weights orthogonal by which states act on the next ones; Saxe, McClelland and Ganguli, ICLR 2014.

    >>> import torch
    >>> layer = nn.GRU(3, 2)
    >>> initialise_recurrence(layer)
    >>> bool((layer.weight_hh_l0.T @ layer.weight_hh_l0 - torch.eye(2)).abs().max() < 1e-5)
    True
    """
    for name, parameter in module.named_parameters():
        if "weight_hh" in name or name.endswith("u.weight"):
            nn.init.orthogonal_(parameter)
