"""Layer normalisation of `(batch, channels, ...)` over channels, or over channels and time.

Luo and Mesgarani, "Conv-TasNet", TASLP 2019, section II-D.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice

__all__ = ["CumulativeLayerNorm", "GlobalLayerNorm", "select_norm"]

NORMS = ("ln", "gln", "cln", "bn")


class GlobalLayerNorm(nn.Module):
    """Each item to mean 0 and deviation 1 over all its channels and steps, then a scale and shift of each channel.

    Args:
        dim: channels.
        shape: dimensions of the input, 3 or 4.
        eps: added to the variance.
        elementwise_affine: whether there are scale and shift.

    >>> GlobalLayerNorm(1, 3)(torch.tensor([[[1.0, 3.0]]])).detach().round()
    tensor([[[-1.,  1.]]])
    """

    def __init__(self, dim: int, shape: int, eps: float = 1e-8, elementwise_affine: bool = True) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps
        size = [dim] + [1] * (shape - 2)
        self.weight = nn.Parameter(torch.ones(size)) if elementwise_affine else None
        self.bias = nn.Parameter(torch.zeros(size)) if elementwise_affine else None

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(batch, dim, ...)`."""
        weight = None if self.weight is None else self.weight.flatten()
        bias = None if self.bias is None else self.bias.flatten()
        return F.group_norm(x, 1, weight, bias, self.eps)


class CumulativeLayerNorm(nn.LayerNorm):
    """Each step to mean 0 and deviation 1 over its channels. (The name is SpeechBrain's: nothing is cumulated.)

    Args:
        dim: channels.
        elementwise_affine: whether a scale and shift of each channel follow.
        eps: added to the variance.

    >>> CumulativeLayerNorm(2)(torch.tensor([[[1.0], [3.0]]])).detach().round()
    tensor([[[-1.],
             [ 1.]]])
    """

    def __init__(self, dim: int, elementwise_affine: bool = True, eps: float = 1e-8) -> None:
        super().__init__(dim, eps=eps, elementwise_affine=elementwise_affine)

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(batch, dim, ...)`."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


def select_norm(norm: str, dim: int, shape: int, eps: float = 1e-8) -> nn.Module:
    """A normalisation by its name.

    Args:
        norm: `"ln"`, over all channels and steps of an item; `"gln"`, the same with weights of another shape;
            `"cln"`, over the channels of each step; `"bn"`, each channel over the batch.
        dim: channels.
        shape: dimensions of the input, 3 or 4; `"bn"` is for 3.
        eps: added to the variance.

    Raises:
        ChoiceError: another `norm`.

    >>> select_norm("ln", 8, 3)
    GroupNorm(1, 8, eps=1e-08, affine=True, bias=True)
    """
    check_choice("norm", norm, NORMS)
    if norm == "gln":
        return GlobalLayerNorm(dim, shape, eps)
    if norm == "cln":
        return CumulativeLayerNorm(dim, eps=eps)
    if norm == "ln":
        return nn.GroupNorm(1, dim, eps=eps)
    return nn.BatchNorm1d(dim) if shape == 3 else nn.BatchNorm2d(dim)
