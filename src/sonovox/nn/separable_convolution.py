"""Depthwise separable convolution: each channel for itself over time, or time and frequency, then all at each place.

Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR 2017.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from sonovox.nn.convolution import Conv1d, Conv2d
from sonovox.nn.input_size import resolve_input_size

__all__ = ["DepthwiseSeparableConv1d", "DepthwiseSeparableConv2d"]


class DepthwiseSeparableConv1d(nn.Module):
    """Depthwise separable convolution over time of `(batch, time, channels)`.

    Args:
        out_channels: channels of the result.
        kernel_size: see `Conv1d`, as are `stride`, `dilation` and `padding`.
        input_shape: shape of the input.
        bias: of the convolution over time; the one over channels has one.

    >>> import torch
    >>> DepthwiseSeparableConv1d(8, 3, input_shape=[None, None, 40])(torch.zeros(2, 50, 40)).shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self,
        out_channels: int,
        kernel_size: int,
        input_shape: Sequence[int | None],
        stride: int = 1,
        dilation: int = 1,
        padding: str = "same",
        bias: bool = True,
    ) -> None:
        super().__init__()
        channels = resolve_input_size(None, input_shape)
        self.depthwise = Conv1d(
            channels,
            kernel_size,
            in_channels=channels,
            stride=stride,
            dilation=dilation,
            padding=padding,
            groups=channels,
            bias=bias,
        )
        self.pointwise = Conv1d(out_channels, kernel_size=1, in_channels=channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time, out_channels)`."""
        return self.pointwise(self.depthwise(x))


class DepthwiseSeparableConv2d(nn.Module):
    """Depthwise separable convolution over time and frequency of `(batch, time, freq, channels)`.

    Args:
        out_channels: channels of the result.
        kernel_size: see `Conv2d`, as are `stride`, `dilation` and `padding`.
        input_shape: shape of the input.
        stride: see `kernel_size`.
        dilation: see `kernel_size`.
        padding: see `kernel_size`.
        bias: of the convolution over time and frequency; the one over channels has one.

    >>> import torch
    >>> DepthwiseSeparableConv2d(8, (3, 3), input_shape=[None, None, 40, 2])(torch.zeros(2, 50, 40, 2)).shape
    torch.Size([2, 50, 40, 8])
    """

    def __init__(
        self,
        out_channels: int,
        kernel_size: int | Sequence[int],
        input_shape: Sequence[int | None],
        stride: int | Sequence[int] = (1, 1),
        dilation: int | Sequence[int] = (1, 1),
        padding: str = "same",
        bias: bool = True,
    ) -> None:
        super().__init__()
        channels = resolve_input_size(None, input_shape)
        self.depthwise = Conv2d(
            channels,
            kernel_size,
            in_channels=channels,
            stride=stride,
            dilation=dilation,
            padding=padding,
            groups=channels,
            bias=bias,
        )
        self.pointwise = Conv2d(out_channels, kernel_size=(1, 1), in_channels=channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time, freq, out_channels)`."""
        return self.pointwise(self.depthwise(x))
