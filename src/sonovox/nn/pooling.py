"""Pooling over axes of `(batch, time, ...)`, and over the whole time of each item.

Statistics pooling: Snyder et al., "Deep neural network embeddings for
text-independent speaker verification", Interspeech 2017.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts

__all__ = ["AdaptivePool", "AttentionPooling", "Pooling1d", "Pooling2d", "StatisticsPooling"]

POOL_TYPES = ("avg", "max")


class Pooling1d(nn.Module):
    """Maximum or mean of neighbours along one axis.

    Args:
        pool_type: `"max"` or `"avg"`.
        kernel_size: neighbours.
        input_dims: dimensions of the input, 3 or 4.
        pool_axis: the axis.
        ceil_mode: an end that fills no whole kernel gives a result, too.
        padding: at both ends.
        dilation: steps between the neighbours; for `"max"` only.
        stride: steps from one result to the next; `kernel_size` if None.

    Raises:
        ChoiceError: another `pool_type`.

    >>> Pooling1d("max", 2)(torch.tensor([[[1.0], [4.0], [2.0], [3.0]]]))[0, :, 0]
    tensor([4., 3.])
    """

    def __init__(
        self,
        pool_type: str,
        kernel_size: int,
        input_dims: int = 3,
        pool_axis: int = 1,
        ceil_mode: bool = False,
        padding: int = 0,
        dilation: int = 1,
        stride: int | None = None,
    ) -> None:
        super().__init__()
        check_choice("pool_type", pool_type, POOL_TYPES)
        self.pool_type = pool_type
        self.kernel_size = kernel_size
        self.input_dims = input_dims
        self.pool_axis = pool_axis
        self.ceil_mode = ceil_mode
        self.padding = padding
        self.dilation = dilation
        self.stride = kernel_size if stride is None else stride

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != self.input_dims:
            raise ArgumentError(
                f"x must have input_dims={self.input_dims} dimensions, got shape {tuple(x.shape)}",
                hint=f"build the layer with input_dims={x.dim()}",
            )
        moved = x.movedim(self.pool_axis, -1)
        rows = moved.flatten(1, -2)
        if self.pool_type == "max":
            # Of two dimensions with a kernel of one row: torch.export makes the time of max_pool1d a constant.
            kernel, stride = (1, self.kernel_size), (1, self.stride)
            y = F.max_pool2d(rows, kernel, stride, (0, self.padding), (1, self.dilation), self.ceil_mode)
        else:
            y = F.avg_pool1d(rows, self.kernel_size, self.stride, self.padding, self.ceil_mode)
        return y.unflatten(1, moved.shape[1:-1]).movedim(-1, self.pool_axis)

    def extra_repr(self) -> str:
        return f"{self.pool_type}, kernel_size={self.kernel_size}, pool_axis={self.pool_axis}"


class Pooling2d(nn.Module):
    """Maximum or mean of neighbours along two axes of four.

    Args:
        pool_type: see `Pooling1d`, as are `ceil_mode`, `padding` and `dilation`.
        kernel_size: neighbours along both axes, or along each of them.
        pool_axis: the axes.
        stride: `kernel_size` if None.

    >>> Pooling2d("avg", (2, 3))(torch.zeros(2, 50, 40, 8)).shape
    torch.Size([2, 25, 13, 8])
    """

    def __init__(
        self,
        pool_type: str,
        kernel_size: int | Sequence[int],
        pool_axis: Sequence[int] = (1, 2),
        ceil_mode: bool = False,
        padding: int = 0,
        dilation: int = 1,
        stride: int | Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        check_choice("pool_type", pool_type, POOL_TYPES)
        self.pool_type = pool_type
        self.kernel_size = _pair(kernel_size)
        self.pool_axis = tuple(pool_axis)
        self.ceil_mode = ceil_mode
        self.padding = padding
        self.dilation = dilation
        self.stride = self.kernel_size if stride is None else _pair(stride)

    def forward(self, x: Tensor) -> Tensor:
        moved = x.movedim(self.pool_axis, (-2, -1))
        if self.pool_type == "max":
            y = F.max_pool2d(moved, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        else:
            y = F.avg_pool2d(moved, self.kernel_size, self.stride, self.padding, self.ceil_mode)
        return y.movedim((-2, -1), self.pool_axis)

    def extra_repr(self) -> str:
        return f"{self.pool_type}, kernel_size={self.kernel_size}, pool_axis={self.pool_axis}"


class StatisticsPooling(nn.Module):
    """Mean and deviation of each feature over the time of each item, padding left out.

    The deviation is unbiased, plus 1e-5. (SpeechBrain adds noise of up to 1e-5 to the mean, in evaluation too.)

    Args:
        return_mean: give the mean.
        return_std: give the deviation, after the mean.

    Raises:
        ArgumentError: neither is to be given.

    >>> StatisticsPooling()(torch.tensor([[[1.0], [3.0], [9.0]]]), lengths=torch.tensor([2 / 3]))
    tensor([[[2.0000, 1.4142]]])
    """

    eps = 1e-5

    def __init__(self, return_mean: bool = True, return_std: bool = True) -> None:
        super().__init__()
        if not (return_mean or return_std):
            raise ArgumentError("return_mean or return_std must be set, got neither", hint="set one of them")
        self.return_mean = return_mean
        self.return_std = return_std

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`(batch, 1, features)`, twice the features for both statistics.

        Args:
            x: `(batch, time, features)`; of four dimensions, the last two are kept: `(batch, 1, ...)`.
            lengths: shares of the longest item, `(batch,)`.
        """
        mask, count = _mask_of(x, lengths)
        mean = x.masked_fill(~mask, 0.0).sum(dim=1, keepdim=True) / count
        if not self.return_std:
            return mean
        squares = (x - mean).masked_fill(~mask, 0.0).square().sum(dim=1, keepdim=True)
        # One step has no deviation, and the root no derivative at zero.
        deviation = (squares / (count - 1).clamp(min=1)).clamp(min=self.eps**2).sqrt() + self.eps
        return torch.cat((mean, deviation), dim=2) if self.return_mean else deviation


class AdaptivePool(nn.Module):
    """Means over so many equal parts of time, or of time and frequency.

    Args:
        output_size: parts of time, for `(batch, time, features)`; a pair for `(batch, time, freq, channels)`, or for
            time and features in the other order, as in SpeechBrain.

    >>> AdaptivePool(2)(torch.tensor([[[1.0], [3.0], [5.0], [7.0]]]))[0, :, 0]
    tensor([2., 6.])
    """

    def __init__(self, output_size: int | Sequence[int]) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.output_size, int):
            return F.adaptive_avg_pool1d(x.transpose(1, 2), self.output_size).transpose(1, 2)
        if x.dim() == 3:
            return F.adaptive_avg_pool2d(x.transpose(1, 2), _pair(self.output_size)).transpose(1, 2)
        return F.adaptive_avg_pool2d(x.permute(0, 3, 1, 2), _pair(self.output_size)).permute(0, 2, 3, 1)


class AttentionPooling(nn.Module):
    """A mean over time with trained weights: the softmax of a linear function of each frame.

    Args:
        input_dim: features.

    >>> AttentionPooling(8)(torch.zeros(2, 50, 8)).shape
    torch.Size([2, 8])
    """

    def __init__(self, input_dim: int) -> None:
        super().__init__()
        self.input_dim = input_dim
        self.attn_pooling_w = nn.Linear(input_dim, 1)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`(batch, features)` of `x`, `(batch, time, features)`, and the shares of the longest item, `(batch,)`."""
        mask, _ = _mask_of(x, lengths)
        weights = self.attn_pooling_w(x).masked_fill(~mask, float("-inf")).softmax(dim=1)
        return (weights * x).sum(dim=1)


def _mask_of(x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
    """Where `x`, `(batch, time, ...)`, is no padding, `(batch, time, 1, ...)`, and the steps, `(batch, 1, 1, ...)`."""
    batch, time = x.shape[:2]
    ones = [1] * (x.dim() - 2)
    if lengths is None:
        return x.new_ones(batch, time, *ones, dtype=torch.bool), x.new_full((batch, 1, *ones), time)
    counts = lengths_to_counts(lengths.to(x.device), time).clamp(min=1)
    mask = length_to_mask(counts, time, dtype=torch.bool)
    return mask.view(batch, time, *ones), counts.to(x.dtype).view(batch, 1, *ones)


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    first, second = (size, size) if isinstance(size, int) else size
    return first, second
