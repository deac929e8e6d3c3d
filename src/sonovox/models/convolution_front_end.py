"""Convolutions before an encoder, which make frames fewer and features of their neighbourhoods.

As before the transformer of Dong, Xu and Xu, "Speech-transformer", ICASSP 2018.
"""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.containers import Sequential
from sonovox.nn.convolution import Conv2d
from sonovox.nn.filter_properties import FilterProperties, stack_filter_properties
from sonovox.nn.normalization import LayerNorm

__all__ = ["ConvBlock", "ConvolutionFrontEnd"]

Build = Callable[..., nn.Module]
Shape = Sequence[int | None]


class ConvBlock(nn.Module):
    """Convolutions with normalisation and activation, of which the last has a stride, and a way around them.

    Args:
        num_layers: convolutions.
        out_channels: of each.
        input_shape: shape of the input, such as `(None, None, 40)` or `(None, None, 40, 8)`.
        kernel_size: of each.
        stride: of the last.
        dilation: of each.
        residual: add a convolution of one frame and one bin of the input, with normalisation.
        conv_module: builds the convolutions, such as `Conv2d` or `Conv1d`.
        activation: builds the activations.
        norm: builds the normalisations; None for none.
        dropout: share that is zeroed in training.
        conv_bias: whether convolutions have biases.
        padding: see `Conv2d`.
        conv_init: see `Conv2d`.

    >>> import torch
    >>> ConvBlock(2, out_channels=8, input_shape=[None, None, 40], stride=2)(torch.zeros(2, 50, 40)).shape
    torch.Size([2, 25, 20, 8])
    """

    def __init__(
        self,
        num_layers: int,
        out_channels: int,
        input_shape: Shape,
        kernel_size: int = 3,
        stride: int = 1,
        dilation: int = 1,
        residual: bool = False,
        conv_module: Build = Conv2d,
        activation: Callable[[], nn.Module] = nn.LeakyReLU,
        norm: Build | None = None,
        dropout: float = 0.1,
        conv_bias: bool = True,
        padding: str = "same",
        conv_init: str | None = None,
    ) -> None:
        super().__init__()
        layer = FilterProperties(kernel_size, dilation=dilation, causal=padding == "causal")
        last = FilterProperties(kernel_size, stride, dilation, causal=padding == "causal")
        self._filters = [layer] * (num_layers - 1) + [last]
        self.convs = Sequential(input_shape=input_shape)
        for number in range(num_layers):
            self.convs.append(
                conv_module,
                out_channels=out_channels,
                kernel_size=kernel_size,
                stride=stride if number == num_layers - 1 else 1,
                dilation=dilation,
                bias=conv_bias,
                padding=padding,
                conv_init=conv_init,
                layer_name=f"conv_{number}",
            )
            if norm is not None:
                self.convs.append(norm, layer_name=f"norm_{number}")
            self.convs.append(activation(), layer_name=f"act_{number}")
            self.convs.append(nn.Dropout(dropout), layer_name=f"dropout_{number}")
        self.reduce_conv: Sequential | None = None
        if residual:
            self.reduce_conv = Sequential(input_shape=input_shape)
            self.reduce_conv.append(
                conv_module, out_channels=out_channels, kernel_size=1, stride=stride, layer_name="conv"
            )
            if norm is not None:
                self.reduce_conv.append(norm, layer_name="norm")
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time / stride, freq / stride, out_channels)` of `x`, `(batch, time, freq[, channels])`."""
        y = self.convs(x)
        return y if self.reduce_conv is None else self.drop(y + self.reduce_conv(x))

    def get_filter_properties(self) -> FilterProperties:
        """What a frame of the result sees of the input."""
        return stack_filter_properties(self._filters)


class ConvolutionFrontEnd(Sequential):
    """Blocks of `ConvBlock`, one after the other. They have no lengths: shares of the longest item stay as they are.

    Args:
        input_shape: shape of the input, such as `(None, None, 40)`.
        num_blocks: blocks.
        num_layers_per_block: convolutions of a block.
        out_channels: of each block, as are `kernel_sizes`, `strides`, `dilations` and `residuals`.
        kernel_sizes: see `out_channels`.
        strides: see `out_channels`.
        dilations: see `out_channels`.
        residuals: see `out_channels`.
        conv_module: see `ConvBlock`, as are all that follow.
        activation: see `conv_module`.
        norm: see `conv_module`.
        dropout: see `conv_module`.
        conv_bias: see `conv_module`.
        padding: see `conv_module`.
        conv_init: see `conv_module`.

    Raises:
        ArgumentError: fewer entries than `num_blocks`.

    >>> import torch
    >>> model = ConvolutionFrontEnd([None, None, 40], num_layers_per_block=1, out_channels=[4, 8, 8])
    >>> model(torch.zeros(2, 50, 40)).shape, model.get_filter_properties()
    (torch.Size([2, 13, 10, 8]), FilterProperties(window_size=9, stride=4, dilation=1, causal=False))
    """

    def __init__(
        self,
        input_shape: Shape,
        num_blocks: int = 3,
        num_layers_per_block: int = 5,
        out_channels: Sequence[int] = (128, 256, 512),
        kernel_sizes: Sequence[int] = (3, 3, 3),
        strides: Sequence[int] = (1, 2, 2),
        dilations: Sequence[int] = (1, 1, 1),
        residuals: Sequence[bool] = (True, True, True),
        conv_module: Build = Conv2d,
        activation: Callable[[], nn.Module] = nn.LeakyReLU,
        norm: Build | None = LayerNorm,
        dropout: float = 0.1,
        conv_bias: bool = True,
        padding: str = "same",
        conv_init: str | None = None,
    ) -> None:
        super().__init__(input_shape=input_shape)
        of_blocks = (out_channels, kernel_sizes, strides, dilations, residuals)
        if min(len(entries) for entries in of_blocks) < num_blocks:
            raise ArgumentError(
                "out_channels, kernel_sizes, strides, dilations and residuals must have an entry for each of "
                f"{num_blocks} blocks, got {', '.join(str(len(entries)) for entries in of_blocks)}",
                hint="or give a smaller num_blocks",
            )
        for block in range(num_blocks):
            self.append(
                ConvBlock,
                num_layers=num_layers_per_block,
                out_channels=out_channels[block],
                kernel_size=kernel_sizes[block],
                stride=strides[block],
                dilation=dilations[block],
                residual=residuals[block],
                conv_module=conv_module,
                activation=activation,
                norm=norm,
                dropout=dropout,
                conv_bias=conv_bias,
                padding=padding,
                conv_init=conv_init,
                layer_name=f"convblock_{block}",
            )

    def get_filter_properties(self) -> FilterProperties:
        """What a frame of the result sees of the input."""
        return stack_filter_properties(
            [block.get_filter_properties() for block in self.values() if isinstance(block, ConvBlock)]
        )
