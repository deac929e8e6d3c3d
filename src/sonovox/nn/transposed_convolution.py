"""Transposed convolution over time: the way up from few steps to many.

Zeiler et al., "Deconvolutional networks", CVPR 2010.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from sonovox._internal.checks import check_choice
from sonovox.nn.input_size import resolve_input_size

__all__ = ["ConvTranspose1d"]

PADDINGS = ("same", "valid", "factor")


class ConvTranspose1d(nn.Module):
    """Transposed convolution over time of `(batch, time, channels)`, or of a signal `(batch, time)`.

    Args:
        out_channels: channels of the result.
        kernel_size: steps of the result that each step of the input adds to.
        input_shape: shape of the input; None where `in_channels` is given.
        in_channels: channels of the input.
        stride: steps of the result from one step of the input to the next.
        dilation: steps between the taps of the kernel.
        padding: steps to cut off at both ends, or `"valid"` for none, `"same"` for as many steps as the input has,
            `"factor"` for `stride` times as many.
        output_padding: steps to add at one end.
        groups: groups of channels that do not see each other.
        bias: whether one is added.
        skip_transpose: the input is `(batch, channels, time)`, and so is the result.
        weight_norm: the weight as direction and length; Salimans and Kingma, NeurIPS 2016.

    Raises:
        ArgumentError: no size of the input; another `padding`.

    >>> import torch
    >>> ConvTranspose1d(8, 4, in_channels=40, stride=2, padding="factor")(torch.zeros(2, 50, 40)).shape
    torch.Size([2, 100, 8])
    """

    def __init__(
        self,
        out_channels: int,
        kernel_size: int,
        input_shape: Sequence[int | None] | None = None,
        in_channels: int | None = None,
        stride: int = 1,
        dilation: int = 1,
        padding: int | str = 0,
        output_padding: int = 0,
        groups: int = 1,
        bias: bool = True,
        skip_transpose: bool = False,
        weight_norm: bool = False,
    ) -> None:
        super().__init__()
        if isinstance(padding, str):
            check_choice("padding", padding, PADDINGS)
        self.padding = padding
        self.skip_transpose = skip_transpose
        self.unsqueeze = input_shape is not None and len(input_shape) == 2
        if in_channels is None and input_shape is not None:
            in_channels = 1 if self.unsqueeze else input_shape[1 if skip_transpose else -1]
        self.conv = nn.ConvTranspose1d(
            resolve_input_size(in_channels, input_shape, name="in_channels"),
            out_channels,
            kernel_size,
            stride=stride,
            dilation=dilation,
            padding=padding if isinstance(padding, int) else 0,
            output_padding=output_padding,
            groups=groups,
            bias=bias,
        )
        if weight_norm:
            self.conv = parametrizations.weight_norm(self.conv)

    def forward(self, x: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """`(batch, time, out_channels)` of `x`, `(batch, time, channels)`; `output_size` sets the steps, where it may.

        Args:
            x: see the class.
            output_size: `(steps,)` of the result; of those that a stride leaves open.
        """
        if not self.skip_transpose:
            x = x.transpose(1, -1)
        if self.unsqueeze:
            x = x.unsqueeze(1)
        if self.padding in ("same", "factor"):
            y = self._to_steps(x, x.shape[-1] * (self.conv.stride[0] if self.padding == "factor" else 1))
        else:
            y = self.conv(x, None if output_size is None else list(output_size))
        if self.unsqueeze:
            y = y.squeeze(1)
        return y if self.skip_transpose else y.transpose(1, -1)

    def remove_weight_norm(self) -> None:
        """Put the weight together again, for inference."""
        parametrize.remove_parametrizations(self.conv, "weight")

    def _to_steps(self, x: Tensor, steps: int) -> Tensor:
        conv = self.conv
        whole = F.conv_transpose1d(
            x, conv.weight, conv.bias, conv.stride, 0, conv.output_padding, conv.groups, conv.dilation
        )
        surplus = whole.shape[-1] - steps
        left = surplus // 2
        return F.pad(whole, (-left, left - surplus))
