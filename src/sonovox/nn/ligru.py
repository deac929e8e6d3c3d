"""Light gated recurrent units: one gate, and no weights of their own for what it lets through.

LiGRU: Ravanelli, Brakel, Omologo and Bengio, "Light gated recurrent units for
speech recognition", IEEE Trans. Emerging Topics in Computational Intelligence 2,
2018. SLiGRU, in which the states' part is normalised too: Moumen and Parcollet,
"Stabilising and accelerating light gated recurrent units for automatic speech
recognition", ICASSP 2023.
"""

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox.nn.foreign_state import ignore_on_load
from sonovox.nn.input_size import resolve_input_size
from sonovox.nn.ligru_op import ACTIVATIONS, light_recurrence
from sonovox.nn.recurrent import initialise_recurrence

__all__ = ["LiGRU", "SLiGRU"]

NORMALISATIONS = ("batchnorm", "layernorm", "none")


class LiGRU(nn.Module):
    """Light gated recurrent unit: `h[t] = z[t] h[t-1] + (1 - z[t]) f(a[t])`, `[a, z] = norm(W x[t]) + U h[t-1]`.

    The gate z passes a sigmoid. Both directions share their weights.

    Args:
        hidden_size: features of a state.
        input_shape: shape of the input, features last.
        nonlinearity: f: `"relu"`, `"tanh"`, `"sin"` or `"leaky_relu"`.
        normalization: of W x: `"batchnorm"`, `"layernorm"` or `"none"`.
        num_layers: layers, each on the states of the one before.
        bias: takes effect without normalisation, whose shift stands for it.
        dropout: share of f(a) that is zeroed in training, the same features at all steps.
        re_init: orthogonal U.
        bidirectional: also backwards in time.

    Raises:
        ArgumentError: no size of the input, an unknown nonlinearity or normalisation.

    >>> states, last = LiGRU(8, input_shape=[None, None, 40], bidirectional=True)(torch.zeros(2, 50, 40))
    >>> states.shape, last.shape
    (torch.Size([2, 50, 16]), torch.Size([2, 2, 8]))
    """

    def __init__(
        self,
        hidden_size: int,
        input_shape: Sequence[int | None],
        nonlinearity: str = "relu",
        normalization: str = "batchnorm",
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        re_init: bool = True,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        size = resolve_input_size(None, input_shape, joined=True)
        width = hidden_size * (2 if bidirectional else 1)
        self.rnn = nn.ModuleList(
            _LiGRULayer(
                width if place else size,
                hidden_size,
                nonlinearity=nonlinearity,
                normalization=normalization,
                bias=bias,
                dropout=dropout,
                bidirectional=bidirectional,
            )
            for place in range(num_layers)
        )
        if re_init:
            initialise_recurrence(self.rnn)

    def output_shape(self, shape: Sequence[int]) -> list[int]:
        """Shape of the states for an input of this shape, which a container asks for."""
        return _output_shape(self.rnn, shape)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The states of the last layer at each step, and the states of all layers at the last step.

        Args:
            x: `(batch, time, features)`; of four dimensions, those after time are features together.
            hx: first states, `(layers * directions, batch, hidden_size)`; zeros if None.

        Returns:
            `(batch, time, directions * hidden_size)`, and `(layers * directions, batch, hidden_size)`. With two
            directions the latter holds SpeechBrain's numbers in SpeechBrain's order, which is item, layer, direction:
            it is no `hx`.
        """
        return _run_layers(cast("list[_LiGRULayer]", list(self.rnn)), x, hx)


class SLiGRU(nn.Module):
    """LiGRU with `norm(U h[t-1])` in place of `U h[t-1]`, a layer normalisation, which keeps gradients bounded.

    Args:
        hidden_size: see `LiGRU`, as are all others that are not named here.
        ff_normalization: of W x: `"batchnorm"`, `"layernorm"` or `"none"`.
        recurrent_elementwise_affine: a trained scale and shift follow the normalisation of U h.

    >>> SLiGRU(8, input_shape=[None, None, 40])(torch.zeros(2, 50, 40))[0].shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self,
        hidden_size: int,
        input_shape: Sequence[int | None],
        nonlinearity: str = "relu",
        ff_normalization: str = "batchnorm",
        recurrent_elementwise_affine: bool = False,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        re_init: bool = True,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        size = resolve_input_size(None, input_shape, joined=True)
        width = hidden_size * (2 if bidirectional else 1)
        self.rnn = nn.ModuleList(
            _LiGRULayer(
                width if place else size,
                hidden_size,
                nonlinearity=nonlinearity,
                normalization=ff_normalization,
                bias=bias,
                dropout=dropout,
                bidirectional=bidirectional,
                layer_norm=nn.LayerNorm(2 * hidden_size, elementwise_affine=recurrent_elementwise_affine),
            )
            for place in range(num_layers)
        )
        if re_init:
            initialise_recurrence(self.rnn)

    def output_shape(self, shape: Sequence[int]) -> list[int]:
        """Shape of the states for an input of this shape, which a container asks for."""
        return _output_shape(self.rnn, shape)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """See `LiGRU.forward`."""
        return _run_layers(cast("list[_LiGRULayer]", list(self.rnn)), x, hx)


class _LiGRULayer(nn.Module):
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        nonlinearity: str,
        normalization: str,
        bias: bool,
        dropout: float,
        bidirectional: bool,
        layer_norm: nn.LayerNorm | None = None,
    ) -> None:
        super().__init__()
        check_choice("nonlinearity", nonlinearity, ACTIVATIONS)
        check_choice("normalization", normalization, NORMALISATIONS)
        self.hidden_size = hidden_size
        self.nonlinearity = nonlinearity
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.w = nn.Linear(input_size, 2 * hidden_size, bias=bias and normalization == "none")
        self.u = nn.Linear(hidden_size, 2 * hidden_size, bias=False)
        self.norm: nn.BatchNorm1d | nn.LayerNorm | None = None
        if normalization == "batchnorm":
            self.norm = nn.BatchNorm1d(2 * hidden_size, momentum=0.05)
        elif normalization == "layernorm":
            self.norm = nn.LayerNorm(2 * hidden_size)
        if self.norm is not None and not bias:  # its shift is the bias, and stays at zero
            self.norm.bias.requires_grad_(False)
        self.layer_norm = layer_norm
        ignore_on_load(self, "drop_masks", "drop_mask_te", "h_init")

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """States `(batch, time, directions * hidden)`, from first ones `(directions * batch, hidden)`."""
        projected = self.w(x)
        if self.norm is not None:
            projected = self.norm(projected.flatten(0, 1)).view_as(projected)
        if not self.bidirectional:
            return self._recur(projected, h)
        # Both directions run as one batch. The weights are shared, so that one projection serves both.
        states = self._recur(torch.cat((projected, projected.flip(1)), dim=0), h)
        forwards, backwards = states.chunk(2, dim=0)
        return torch.cat((forwards, backwards.flip(1)), dim=2)

    def _recur(self, projected: Tensor, h: Tensor) -> Tensor:
        kept = F.dropout(torch.ones_like(h), self.dropout) if self.training and self.dropout else None
        norm = None if self.layer_norm is None else list(self.layer_norm.parameters())
        return light_recurrence(projected, h, self.u.weight, self.nonlinearity, kept, norm)


def _run_layers(layers: list[_LiGRULayer], x: Tensor, hx: Tensor | None) -> tuple[Tensor, Tensor]:
    x = x.flatten(2) if x.dim() == 4 else x
    batch, hidden, directions = x.shape[0], layers[0].hidden_size, 2 if layers[0].bidirectional else 1
    if hx is None:
        hx = x.new_zeros(len(layers) * directions, batch, hidden)
    last = []
    for layer, h in zip(layers, hx.chunk(len(layers)), strict=True):
        x = layer(x, h.flatten(0, 1))
        last.append(x[:, -1])
    stacked = torch.stack(last, dim=1 if directions == 2 else 0)
    return x, stacked.reshape(len(layers) * directions, batch, hidden)


def _output_shape(rnn: nn.ModuleList, shape: Sequence[int]) -> list[int]:
    last = cast("_LiGRULayer", rnn[-1])
    return [*shape[:2], last.hidden_size * (2 if last.bidirectional else 1)]
