"""One step of recurrent layers that stand on one another, for decoders that feed back what they said."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sonovox.nn.input_size import resolve_input_size
from sonovox.nn.recurrent import initialise_recurrence

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class _Cells(nn.Module):
    def __init__(
        self, build: Callable[[int], nn.Module], size: int, hidden_size: int, layers: int, dropout: float, re_init: bool
    ) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.rnn_cells = nn.ModuleList(build(hidden_size if place else size) for place in range(layers))
        self.dropout_layers = nn.ModuleList(nn.Dropout(dropout) for _ in range(layers - 1))
        if re_init:
            initialise_recurrence(self)

    def _zeros(self, x: Tensor) -> Tensor:
        return x.new_zeros(len(self.rnn_cells), x.shape[0], self.hidden_size)


class _OneState(_Cells):
    def forward(self, x: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The last layer's next state `(batch, hidden_size)`, and those of all, `(layers, batch, hidden_size)`.

        Args:
            x: one step, `(batch, features)`.
            hx: the states before it, as the second result gives them; zeros if None.
        """
        states = []
        for place, (cell, h) in enumerate(zip(self.rnn_cells, self._zeros(x) if hx is None else hx, strict=True)):
            x = cell(self.dropout_layers[place - 1](x) if place else x, h)
            states.append(x)
        return x, torch.stack(states)


class RNNCell(_OneState):
    """A step of Elman's network, see `RNN`.

    Args:
        hidden_size: features of a state.
        input_shape: shape of the input; None where `input_size` is given.
        input_size: features of the input.
        num_layers: layers, each on the state of the one before.
        bias: whether there are biases.
        dropout: share of states that is zeroed between layers in training.
        re_init: orthogonal recurrent weights.
        nonlinearity: `"tanh"` or `"relu"`.

    >>> RNNCell(8, input_size=4, num_layers=2)(torch.zeros(3, 4))[1].shape
    torch.Size([2, 3, 8])
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
        nonlinearity: str = "tanh",
    ) -> None:
        size = resolve_input_size(input_size, input_shape)
        super().__init__(
            lambda features: nn.RNNCell(features, hidden_size, bias=bias, nonlinearity=nonlinearity),
            size,
            hidden_size,
            num_layers,
            dropout,
            re_init,
        )


class GRUCell(_OneState):
    """A step of gated recurrent units, see `GRU`.

    Args:
        hidden_size: see `RNNCell`, as are all others.

    >>> GRUCell(8, input_size=4)(torch.zeros(3, 4))[0].shape
    torch.Size([3, 8])
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
    ) -> None:
        size = resolve_input_size(input_size, input_shape)
        super().__init__(
            lambda features: nn.GRUCell(features, hidden_size, bias=bias),
            size,
            hidden_size,
            num_layers,
            dropout,
            re_init,
        )


class LSTMCell(_Cells):
    """A step of long short-term memory, see `LSTM`.

    Args:
        hidden_size: see `RNNCell`, as are all others.

    >>> state, (h, c) = LSTMCell(8, input_size=4)(torch.zeros(3, 4))
    >>> state.shape, h.shape, c.shape
    (torch.Size([3, 8]), torch.Size([1, 3, 8]), torch.Size([1, 3, 8]))
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
    ) -> None:
        size = resolve_input_size(input_size, input_shape)
        super().__init__(
            lambda features: nn.LSTMCell(features, hidden_size, bias=bias),
            size,
            hidden_size,
            num_layers,
            dropout,
            re_init,
        )

    def forward(self, x: Tensor, hx: Any = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """See `RNNCell`; `hx` and the second result are pairs of states and cells."""
        zeros = self._zeros(x)
        before_h, before_c = (zeros, zeros) if hx is None else hx
        states, cells = [], []
        for place, (cell, h, c) in enumerate(zip(self.rnn_cells, before_h, before_c, strict=True)):
            x, next_c = cell(self.dropout_layers[place - 1](x) if place else x, (h, c))
            states.append(x)
            cells.append(next_c)
        return x, (torch.stack(states), torch.stack(cells))
