"""Activations that torch lacks, or has without the options that speech recipes use.

Gumbel softmax: Jang et al., "Categorical reparameterization with Gumbel-softmax",
ICLR 2017. Swish: Ramachandran et al., "Searching for activation functions", 2017.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["GumbelSoftmax", "Softmax", "Swish"]


class Softmax(nn.Module):
    """Probabilities, or their logarithms, over one dimension.

    Args:
        apply_log: logarithms.
        dim: dimension that sums to 1.
        reshape: the first two dimensions of an input with three or four are joined before `dim` is counted, so that
            `dim=1` of `(batch, time, classes)` is the classes; no matter for `dim=-1`.
        dtype: the computation's and the result's.

    >>> Softmax()(torch.zeros(1, 2, 4))
    tensor([[[0.2500, 0.2500, 0.2500, 0.2500],
             [0.2500, 0.2500, 0.2500, 0.2500]]])
    """

    def __init__(
        self, apply_log: bool = False, dim: int = -1, reshape: bool = True, dtype: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        self.apply_log = apply_log
        self.dim = dim
        self.reshape = reshape
        self.dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        softmax = F.log_softmax if self.apply_log else F.softmax
        joined = x.flatten(0, 1) if self.reshape and x.dim() in (3, 4) else x
        return softmax(joined, dim=self.dim, dtype=self.dtype).reshape(x.shape)

    def extra_repr(self) -> str:
        return f"apply_log={self.apply_log}, dim={self.dim}"


class GumbelSoftmax(nn.Module):
    """A random, differentiable choice of one class, over the last dimension.

    Args:
        tau: temperature; towards zero the result becomes one-hot.
        hard: one-hot results with the gradient of the soft ones.
        apply_log: logarithms.

    >>> GumbelSoftmax(tau=1.0, hard=True)(torch.tensor([[1e9, 0.0]]))
    tensor([[1., 0.]])
    """

    def __init__(self, tau: float, hard: bool = False, apply_log: bool = False) -> None:
        super().__init__()
        self.tau = tau
        self.hard = hard
        self.apply_log = apply_log

    def forward(self, x: Tensor) -> Tensor:
        chosen = F.gumbel_softmax(x, tau=self.tau, hard=self.hard)
        return torch.log(chosen) if self.apply_log else chosen


class Swish(nn.Module):
    """`x * sigmoid(beta * x)`, as published. (SpeechBrain's is `beta` times that, the same for `beta=1`.)

    Args:
        beta: 1 for the sigmoid linear unit.

    >>> Swish()(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.2689,  0.0000,  0.7311])
    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)
