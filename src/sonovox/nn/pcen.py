"""Per-channel energy normalisation: automatic gain control and compression of mel energies.

Wang et al., "Trainable frontend for robust and far-field keyword spotting", ICASSP 2017.
"""

import torch
from torch import Tensor, nn

from sonovox.nn.linear_recurrence import linear_recurrence

__all__ = ["ExponentialMovingAverage", "PCEN"]


class ExponentialMovingAverage(nn.Module):
    """`m[t] = (1 - w) m[t-1] + w x[t]` over time, from `m[-1] = x[0]`.

    Args:
        input_size: features.
        coeff_init: w at first; w is limited to 0 to 1.
        per_channel: each feature has its own w.
        trainable: w is trained.
        skip_transpose: the input is `(batch, features, time)`, and so is the result.

    >>> ExponentialMovingAverage(1, coeff_init=0.5)(torch.tensor([[[0.0], [1.0], [1.0]]]))[0, :, 0]
    tensor([0.0000, 0.5000, 0.7500], grad_fn=...)
    """

    def __init__(
        self,
        input_size: int,
        coeff_init: float = 0.04,
        per_channel: bool = False,
        trainable: bool = True,
        skip_transpose: bool = False,
    ) -> None:
        super().__init__()
        self.skip_transpose = skip_transpose
        size = input_size if per_channel else 1
        self._weights = nn.Parameter(torch.full((size,), coeff_init), requires_grad=trainable)

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(batch, time, features)`."""
        if self.skip_transpose:
            x = x.transpose(1, -1)
        weight = self._weights.clamp(0.0, 1.0)
        average = linear_recurrence((1 - weight).expand_as(x), weight * x, x[:, 0])
        return average.transpose(1, -1) if self.skip_transpose else average


class PCEN(nn.Module):
    """`(x / (floor + m) ** alpha + delta) ** (1 / root) - delta ** (1 / root)`, with m the moving average of x.

    Args:
        input_size: features.
        alpha: strength of the gain control, at most 1.
        smooth_coef: weight of a step in the moving average.
        delta: offset before the root.
        root: at least 1.
        floor: keeps silence from dividing by zero.
        trainable: alpha, delta, root and the weight are trained.
        per_channel_smooth_coef: each feature has its own weight.
        skip_transpose: the input is `(batch, features, time)`, and so is the result.

    >>> PCEN(8)(torch.rand(2, 50, 8)).shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self,
        input_size: int,
        alpha: float = 0.96,
        smooth_coef: float = 0.04,
        delta: float = 2.0,
        root: float = 2.0,
        floor: float = 1e-12,
        trainable: bool = True,
        per_channel_smooth_coef: bool = True,
        skip_transpose: bool = False,
    ) -> None:
        super().__init__()
        self.floor = floor
        self.skip_transpose = skip_transpose
        self.alpha = nn.Parameter(torch.full((input_size,), alpha), requires_grad=trainable)
        self.delta = nn.Parameter(torch.full((input_size,), delta), requires_grad=trainable)
        self.root = nn.Parameter(torch.full((input_size,), root), requires_grad=trainable)
        self.ema = ExponentialMovingAverage(
            input_size, coeff_init=smooth_coef, per_channel=per_channel_smooth_coef, trainable=trainable
        )

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, energies of `(batch, time, features)`."""
        if self.skip_transpose:
            x = x.transpose(1, -1)
        alpha, exponent = self.alpha.clamp(max=1.0), 1 / self.root.clamp(min=1.0)
        steady = x / (self.floor + self.ema(x)) ** alpha
        y = (steady + self.delta) ** exponent - self.delta**exponent
        return y.transpose(1, -1) if self.skip_transpose else y
