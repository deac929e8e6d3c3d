"""Convolutions over time, and over time and frequency, with features last.

Padding keeps the number of steps: "same" pads both sides, "causal" only the past,
so that no step sees what comes after it; "valid" does not pad.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.nn.input_size import resolve_input_size
from sonovox.nn.item_ends import reflect_at_ends

__all__ = ["Conv1d", "Conv2d", "initialise_convolution", "pad_same"]

PADDINGS = ("same", "valid", "causal")
_INITS = ("kaiming", "zero", "normal")


class Conv1d(nn.Module):
    """Convolution over time of `(batch, time, channels)`, or of a signal `(batch, time)`.

    Args:
        out_channels: channels of the result.
        kernel_size: steps that a result sees, `dilation` apart.
        input_shape: shape of the input; None where `in_channels` is given.
        in_channels: channels of the input.
        stride: steps from one result to the next.
        dilation: steps between the taps of the kernel.
        padding: `"same"` (`ceil(time / stride)` results, see `pad_same`), `"valid"` or `"causal"`.
        groups: groups of channels that do not see each other.
        bias: whether one is added.
        padding_mode: how the signal goes on: `"reflect"`, `"constant"` (zeros), `"replicate"` or `"circular"`.
        skip_transpose: the input is `(batch, channels, time)`, and so is the result.
        weight_norm: the weight as direction and length; Salimans and Kingma, NeurIPS 2016.
        conv_init: `"kaiming"`, `"zero"` or `"normal"` (deviation 1e-6) for the weight; torch's initialisation if None.
        default_padding: of zeros, at both sides, besides `padding`.

    Raises:
        ArgumentError: no size of the input, another `padding` or `conv_init`, groups that do not divide the channels.

    >>> Conv1d(8, kernel_size=5, in_channels=40, stride=2)(torch.zeros(2, 51, 40)).shape
    torch.Size([2, 26, 8])
    """

    def __init__(
        self,
        out_channels: int,
        kernel_size: int,
        input_shape: Sequence[int | None] | None = None,
        in_channels: int | None = None,
        stride: int = 1,
        dilation: int = 1,
        padding: str = "same",
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "reflect",
        skip_transpose: bool = False,
        weight_norm: bool = False,
        conv_init: str | None = None,
        default_padding: int = 0,
    ) -> None:
        super().__init__()
        check_choice("padding", padding, PADDINGS)
        self.padding = padding
        self.padding_mode = padding_mode
        self.skip_transpose = skip_transpose
        self.unsqueeze = input_shape is not None and len(input_shape) == 2
        if in_channels is None and input_shape is not None:
            in_channels = 1 if self.unsqueeze else input_shape[1 if skip_transpose else -1]
        self.in_channels = resolve_input_size(in_channels, input_shape, name="in_channels")
        _check_groups(self.in_channels, out_channels, groups)
        self.conv = nn.Conv1d(
            self.in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            dilation=dilation,
            padding=default_padding,
            groups=groups,
            bias=bias,
        )
        initialise_convolution(self.conv, conv_init)
        if weight_norm:
            self.conv = parametrizations.weight_norm(self.conv)

    def forward(self, x: Tensor, counts: Tensor | None = None) -> Tensor:
        """`(batch, time, out_channels)` of `x`, `(batch, time, channels)`.

        Args:
            x: see the class.
            counts: steps of each item, `(batch,)`: with padding `"same"` an item goes on past its own end as it
                does alone. None for the end of the longest: shorter items see what they are padded with.

        Raises:
            ArgumentError: `counts` with another `padding_mode` than `"reflect"`.
        """
        if not self.skip_transpose:
            x = x.transpose(1, -1)
        if self.unsqueeze:
            x = x.unsqueeze(1)
        (kernel,), (dilation,), (stride,) = self.conv.kernel_size, self.conv.dilation, self.conv.stride
        if self.padding == "same":
            axis = (kernel, stride, dilation)
            x = pad_same(x, [axis], self.padding_mode) if counts is None else self._pad_items(x, counts, axis)
        elif self.padding == "causal":
            x = F.pad(x, ((kernel - 1) * dilation, 0))
        y = self.conv(x)
        if self.unsqueeze:
            y = y.squeeze(1)
        return y if self.skip_transpose else y.transpose(1, -1)

    def remove_weight_norm(self) -> None:
        """Put the weight together again, for inference."""
        parametrize.remove_parametrizations(self.conv, "weight")

    def _pad_items(self, x: Tensor, counts: Tensor, axis: tuple[int, int, int]) -> Tensor:
        if self.padding_mode != "reflect":
            raise ArgumentError(
                f"padding_mode must be 'reflect' where counts are given, got {self.padding_mode!r}",
                hint="leave out counts, or build the layer with padding_mode='reflect'",
            )
        amount = _same_amount(*axis)
        return reflect_at_ends(x, counts, amount) if amount else x


class Conv2d(nn.Module):
    """Convolution over frequency and time of `(batch, time, freq, channels)`, or of `(batch, time, freq)`.

    Args:
        out_channels: channels of the result.
        kernel_size: bins over frequency, then steps over time; of one number for both. With `swap` over time first.
        input_shape: shape of the input; None where `in_channels` is given.
        in_channels: channels of the input.
        stride: in the order of `kernel_size`, as is `dilation`.
        dilation: see `Conv1d`.
        padding: see `Conv1d`; `"causal"` pads the first axis of `kernel_size` only, with zeros before it; for causality
            in time set `swap`.
        groups: see `Conv1d`, as are `bias` and `padding_mode`.
        max_norm: the weight of each channel is used with at most this Euclidean norm; None for no limit.
        swap: kernels are over time and frequency.
        skip_transpose: the input is `(batch, channels, time, freq)`, with the kernel over time and frequency.
        weight_norm: see `Conv1d`, as is `conv_init`.

    Raises:
        ArgumentError: see `Conv1d`.

    >>> Conv2d(8, kernel_size=(3, 3), input_shape=[None, None, 40])(torch.zeros(2, 50, 40)).shape
    torch.Size([2, 50, 40, 8])
    """

    def __init__(
        self,
        out_channels: int,
        kernel_size: int | Sequence[int],
        input_shape: Sequence[int | None] | None = None,
        in_channels: int | None = None,
        stride: int | Sequence[int] = (1, 1),
        dilation: int | Sequence[int] = (1, 1),
        padding: str = "same",
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "reflect",
        max_norm: float | None = None,
        swap: bool = False,
        skip_transpose: bool = False,
        weight_norm: bool = False,
        conv_init: str | None = None,
    ) -> None:
        super().__init__()
        check_choice("padding", padding, PADDINGS)
        self.padding = padding
        self.padding_mode = padding_mode
        self.max_norm = max_norm
        self.swap = swap
        self.skip_transpose = skip_transpose
        self.unsqueeze = input_shape is not None and len(input_shape) == 3
        if in_channels is None and input_shape is not None:
            in_channels = 1 if self.unsqueeze else input_shape[1 if skip_transpose else -1]
        self.in_channels = resolve_input_size(in_channels, input_shape, name="in_channels")
        _check_groups(self.in_channels, out_channels, groups)
        self.conv = nn.Conv2d(
            self.in_channels,
            out_channels,
            _pair(kernel_size),
            stride=_pair(stride),
            dilation=_pair(dilation),
            groups=groups,
            bias=bias,
        )
        initialise_convolution(self.conv, conv_init)
        if weight_norm:
            self.conv = parametrizations.weight_norm(self.conv)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time, freq, out_channels)` of `x`, `(batch, time, freq, channels)`."""
        if self.unsqueeze:
            x = x.unsqueeze(1 if self.skip_transpose else -1)
        x = self._channels_first(x)
        axes = list(zip(self.conv.kernel_size, self.conv.stride, self.conv.dilation, strict=True))
        if self.padding == "same":
            x = pad_same(x, axes, self.padding_mode)
        elif self.padding == "causal":
            kernel, _, dilation = axes[0]
            x = F.pad(x, (0, 0, (kernel - 1) * dilation, 0))
        weight = self.conv.weight
        if self.max_norm is not None:
            weight = torch.renorm(weight, p=2, dim=0, maxnorm=self.max_norm)
        conv = self.conv
        y = F.conv2d(x, weight, conv.bias, conv.stride, 0, conv.dilation, conv.groups)
        y = self._channels_last(y)
        return y.squeeze(1 if self.skip_transpose else -1) if self.unsqueeze else y

    def remove_weight_norm(self) -> None:
        """Put the weight together again, for inference."""
        parametrize.remove_parametrizations(self.conv, "weight")

    def _channels_first(self, x: Tensor) -> Tensor:
        if self.skip_transpose:
            return x
        return x.permute(0, 3, 1, 2) if self.swap else x.permute(0, 3, 2, 1)

    def _channels_last(self, x: Tensor) -> Tensor:
        if self.skip_transpose:
            return x
        return x.permute(0, 2, 3, 1) if self.swap else x.permute(0, 3, 2, 1)


def pad_same(x: Tensor, axes: Sequence[tuple[int, int, int]], mode: str) -> Tensor:
    """`x` padded so that a convolution with odd kernels gives `ceil(size / stride)` results in its last dimensions.

    With a stride, half a kernel is padded at both ends and dilation does not count, as in SpeechBrain: trained
    weights expect it.

    Args:
        x: `(batch, channels, ...)`.
        axes: kernel size, stride and dilation, for each of the last dimensions in their order.
        mode: see `Conv1d`.

    >>> pad_same(torch.arange(4.0).view(1, 1, 4), [(3, 1, 1)], "reflect")
    tensor([[[1., 0., 1., 2., 3., 2.]]])
    """
    amounts: list[int] = []
    for kernel, stride, dilation in reversed(axes):
        amounts += [_same_amount(kernel, stride, dilation)] * 2
    return F.pad(x, amounts, mode=mode) if any(amounts) else x


def initialise_convolution(conv: nn.Conv1d | nn.Conv2d, init: str | None) -> None:
    """Set the weight as `conv_init` of `Conv1d` says.

    >>> conv = nn.Conv1d(1, 1, 3)
    >>> initialise_convolution(conv, "zero")
    >>> conv.weight.tolist()
    [[[0.0, 0.0, 0.0]]]
    """
    if init is None:
        return
    check_choice("conv_init", init, _INITS)
    if init == "kaiming":
        nn.init.kaiming_normal_(conv.weight)
    elif init == "zero":
        nn.init.zeros_(conv.weight)
    else:
        nn.init.normal_(conv.weight, std=1e-6)


def _same_amount(kernel: int, stride: int, dilation: int) -> int:
    return kernel // 2 if stride > 1 else dilation * (kernel - 1) // 2


def _check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    if in_channels % groups or out_channels % groups:
        raise ArgumentError(
            f"groups must divide in_channels={in_channels} and out_channels={out_channels}, got {groups}",
            hint="groups=1 lets every channel see all others",
        )


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    first, second = (size, size) if isinstance(size, int) else size
    return first, second
