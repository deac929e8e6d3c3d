"""Linear transformation of the features of each frame."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox.nn.input_size import resolve_input_size

__all__ = ["Linear"]


class Linear(nn.Module):
    """`y = x W' + b` over the last dimension.

    Args:
        n_neurons: features of the output.
        input_shape: shape of the input, features last; None where `input_size` is given.
        input_size: features of the input.
        bias: whether there is b.
        max_norm: the rows of W are used with at most this Euclidean norm; None for no limit.
        combine_dims: the last two dimensions of an input `(batch, time, channels, features)` are features together.

    Raises:
        ArgumentError: neither `input_size` nor `input_shape` is given.

    >>> Linear(8, input_size=40)(torch.zeros(2, 50, 40)).shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self,
        n_neurons: int,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        bias: bool = True,
        max_norm: float | None = None,
        combine_dims: bool = False,
    ) -> None:
        super().__init__()
        self.max_norm = max_norm
        self.combine_dims = combine_dims
        joined = combine_dims and input_shape is not None and len(input_shape) == 4
        self.w = nn.Linear(resolve_input_size(input_size, input_shape, joined=joined), n_neurons, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """`(..., n_neurons)` of `x`, `(..., features)`."""
        if self.combine_dims and x.dim() == 4:
            x = x.flatten(2)
        if self.max_norm is None:
            return self.w(x)
        return F.linear(x, torch.renorm(self.w.weight, p=2, dim=0, maxnorm=self.max_norm), self.w.bias)
