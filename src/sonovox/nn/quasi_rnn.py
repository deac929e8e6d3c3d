"""Quasi-recurrent network: gates from the input alone, and only an elementwise recurrence.

Bradbury, Merity, Xiong and Socher, "Quasi-recurrent neural networks", ICLR 2017,
with kernels of one step.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sonovox.nn.input_size import resolve_input_size
from sonovox.nn.linear_recurrence import linear_recurrence

__all__ = ["QuasiRNN"]


class QuasiRNN(nn.Module):
    """Quasi-recurrent layers: `c[t] = f[t] z[t] + (1 - f[t]) c[t-1]`, `h[t] = o[t] c[t]`, `[z, f, o] = W x[t] + b`.

    z passes a tanh, f and o a sigmoid. Both directions share their weights.

    Args:
        hidden_size: features of a state.
        input_shape: shape of the input; None where `input_size` is given.
        input_size: features of the input.
        num_layers: layers, each on the states of the one before.
        bias: takes no effect; there is one.
        dropout: share of states that is zeroed between layers in training.
        bidirectional: also backwards in time.
        zoneout: share of f that is zeroed in training, so that cells stay as they are.
        output_gate: whether there is o.

    >>> QuasiRNN(8, input_size=40, bidirectional=True)(torch.zeros(2, 50, 40))[0].shape
    torch.Size([2, 50, 16])
    """

    def __init__(
        self,
        hidden_size: int,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0,
        bidirectional: bool = False,
        zoneout: float = 0.0,
        output_gate: bool = True,
    ) -> None:
        super().__init__()
        size = resolve_input_size(input_size, input_shape, joined=True)
        directions = 2 if bidirectional else 1
        self.hidden_size = hidden_size
        self.directions = directions
        self.qrnn = nn.ModuleList(
            _QuasiRNNLayer(
                directions * hidden_size if place else size, hidden_size, bidirectional, zoneout, output_gate
            )
            for place in range(num_layers)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The states of the last layer at each step, and cells.

        Args:
            x: `(batch, time, features)`; of four dimensions, those after time are features together.
            hidden: first cells, `(layers * directions, batch, hidden_size)`; zeros if None.

        Returns:
            `(batch, time, directions * hidden_size)`, and, as in SpeechBrain, the cells of the last item at each step,
            `(layers, time, directions * hidden_size)`.
        """
        x = x.flatten(2) if x.dim() == 4 else x
        if hidden is None:
            hidden = x.new_zeros(len(self.qrnn) * self.directions, x.shape[0], self.hidden_size)
        cells = []
        for place, (layer, first) in enumerate(zip(self.qrnn, hidden.chunk(len(self.qrnn)), strict=True)):
            x, c = layer(self.dropout(x) if place else x, first)
            cells.append(c[-1])
        return x, torch.stack(cells)


class _QuasiRNNLayer(nn.Module):
    def __init__(
        self, input_size: int, hidden_size: int, bidirectional: bool, zoneout: float, output_gate: bool
    ) -> None:
        super().__init__()
        self.bidirectional = bidirectional
        self.output_gate = output_gate
        self.w = nn.Linear(input_size, (3 if output_gate else 2) * hidden_size)
        self.zoneout = nn.Dropout(zoneout)

    def forward(self, x: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """States and cells, both `(batch, time, directions * hidden)`, from cells `(directions, batch, hidden)`."""
        z, f, *gates = self.w(x).chunk(3 if self.output_gate else 2, dim=-1)
        z, f = torch.tanh(z), torch.sigmoid(f)
        if self.training and self.zoneout.p:
            f = f * (self.zoneout(torch.ones_like(f)) > 0)
        elif self.zoneout.p:
            f = f * (1 - self.zoneout.p)  # what is expected of it in training
        cells = linear_recurrence(1 - f, f * z, first[0])
        if self.bidirectional:
            backwards = linear_recurrence((1 - f).flip(1), (f * z).flip(1), first[1]).flip(1)
            cells = torch.cat((cells, backwards), dim=2)
        if not gates:
            return cells, cells
        gate = torch.sigmoid(gates[0])
        return cells * (torch.cat((gate, gate), dim=2) if self.bidirectional else gate), cells
