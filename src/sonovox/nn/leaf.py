"""LEAF: features from samples by Gabor filters and Gaussian low-pass filters, all of them trained.

Zeghidour, Teboul, de Chaumont Quitry and Tagliasacchi, "LEAF: a learnable frontend for
audio classification", ICLR 2021. Complex numbers are kept as pairs of real ones.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.mel import melscale_fbanks
from sonovox.nn.pcen import PCEN

__all__ = ["GaborConv1d", "GaussianLowpassPooling", "Leaf"]

_PADDINGS = ("same", "valid")
# Of a Gaussian: its width at half of the peak is 2 sqrt(2 log 2) deviations.
_HALF_WIDTH = math.sqrt(2 * math.log(2))


class GaborConv1d(nn.Module):
    """Sines and cosines under a bell, as filters of which the frequency and the width are trained.

    Args:
        out_channels: twice the number of filters: a real part, then its imaginary part, filter after filter.
        kernel_size: samples of a filter.
        stride: samples from one result to the next.
        input_shape: shape of the input, with one channel; None where `in_channels` is given.
        in_channels: 1.
        padding: `"same"` or `"valid"`.
        padding_mode: of `torch.nn.functional.pad`.
        sample_rate: in Hz.
        min_freq: lowest frequency at first, in Hz.
        max_freq: highest one; half of the sample rate where None.
        n_fft: bins of the mel filters from which frequencies and widths start.
        normalize_energy: whether those mel filters have equal areas.
        bias: add one to each result.
        sort_filters: the lowest frequency first.
        use_legacy_complex: takes no effect.
        skip_transpose: the input is `(batch, channels, time)`, and so is the result.

    Raises:
        ArgumentError: several channels, or neither of the two that tell of them.
        ChoiceError: another `padding`.

    >>> GaborConv1d(40, kernel_size=401, stride=1, in_channels=1)(torch.zeros(2, 1600)).shape
    torch.Size([2, 1600, 40])
    """

    def __init__(
        self,
        out_channels: int,
        kernel_size: int,
        stride: int,
        input_shape: Sequence[int | None] | None = None,
        in_channels: int | None = None,
        padding: str = "same",
        padding_mode: str = "constant",
        sample_rate: int = 16000,
        min_freq: float = 60.0,
        max_freq: float | None = None,
        n_fft: int = 512,
        normalize_energy: bool = False,
        bias: bool = False,
        sort_filters: bool = False,
        use_legacy_complex: bool = False,
        skip_transpose: bool = False,
    ) -> None:
        super().__init__()
        check_choice("padding", padding, _PADDINGS)
        _check_mono(input_shape, in_channels)
        self.filters = out_channels // 2
        self.kernel_size, self.stride = kernel_size, stride
        self.padding, self.padding_mode = padding, padding_mode
        self.sort_filters, self.skip_transpose = sort_filters, skip_transpose
        bank = melscale_fbanks(n_fft // 2 + 1, min_freq, max_freq or sample_rate / 2, self.filters, sample_rate).T
        if normalize_energy:
            bank = bank / (bank.amax(1, keepdim=True) * ((bank > 0).sum(1, keepdim=True) + 2) * math.pi / n_fft)
        self.kernel = nn.Parameter(_frequencies_and_widths(bank.sqrt(), n_fft).to(torch.get_default_dtype()))
        self.bias = nn.Parameter(torch.ones(2 * self.filters)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time / stride, out_channels)` of `x`, `(batch, time)` or `(batch, time, 1)`."""
        if not self.skip_transpose:
            x = x.transpose(1, -1)
        if x.dim() == 2:
            x = x.unsqueeze(1)
        if self.padding == "same":
            x = F.pad(x, _around(self.kernel_size), mode=self.padding_mode)
        y = F.conv1d(x, self.impulse_responses().unsqueeze(1), bias=self.bias, stride=self.stride)
        return y if self.skip_transpose else y.transpose(1, -1)

    def impulse_responses(self) -> Tensor:
        """Taps of the filters, `(out_channels, kernel_size)`."""
        centre = self.kernel[:, 0].clamp(0.0, math.pi)
        width = self.kernel[:, 1].clamp(4 * _HALF_WIDTH / math.pi, self.kernel_size * _HALF_WIDTH / math.pi)
        if self.sort_filters:
            order = centre.argsort()
            centre, width = centre[order], width[order]
        first = -(self.kernel_size // 2)
        t = torch.arange(first, first + self.kernel_size, dtype=centre.dtype, device=centre.device)
        phase, deviation = centre[:, None] * t, width[:, None]
        bell = torch.exp(-(t**2) / (2 * deviation**2)) / (math.sqrt(2 * math.pi) * deviation)
        return torch.stack([bell * phase.cos(), bell * phase.sin()], dim=1).flatten(0, 1)


class GaussianLowpassPooling(nn.Module):
    """A bell over time for each channel, whose width is trained, from step to step of `stride`.

    Args:
        in_channels: channels.
        kernel_size: steps of a filter.
        stride: steps from one result to the next.
        initialization_constant: width at first, as a share of half of the filter.
        padding: `"same"` or `"valid"`.
        padding_mode: of `torch.nn.functional.pad`.
        bias: add one to each channel, 1 at first.
        skip_transpose: the input is `(batch, channels, time)`, and so is the result.

    Raises:
        ChoiceError: another `padding`.

    >>> GaussianLowpassPooling(40, kernel_size=401, stride=160)(torch.zeros(2, 1600, 40)).shape
    torch.Size([2, 10, 40])
    """

    def __init__(
        self,
        in_channels: int,
        kernel_size: int,
        stride: int = 1,
        initialization_constant: float = 0.4,
        padding: str = "same",
        padding_mode: str = "constant",
        bias: bool = True,
        skip_transpose: bool = False,
    ) -> None:
        super().__init__()
        check_choice("padding", padding, _PADDINGS)
        self.in_channels = in_channels
        self.kernel_size, self.stride = kernel_size, stride
        self.padding, self.padding_mode = padding, padding_mode
        self.skip_transpose = skip_transpose
        self.weights = nn.Parameter(torch.full((1, 1, in_channels, 1), initialization_constant))
        self._bias = nn.Parameter(torch.ones(in_channels)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time / stride, channels)` of `x`, `(batch, time, channels)`."""
        if not self.skip_transpose:
            x = x.transpose(1, -1)
        if self.padding == "same":
            x = F.pad(x, _around(self.kernel_size), mode=self.padding_mode)
        y = F.conv1d(x, self.impulse_responses(), bias=self._bias, stride=self.stride, groups=self.in_channels)
        return y if self.skip_transpose else y.transpose(1, -1)

    def impulse_responses(self) -> Tensor:
        """Taps of the filters, `(channels, 1, kernel_size)`."""
        width = self.weights.view(-1, 1, 1).clamp(2 / self.kernel_size, 0.5)
        half = (self.kernel_size - 1) / 2
        t = torch.arange(self.kernel_size, dtype=width.dtype, device=width.device) - half
        return torch.exp(-0.5 * (t / (width * half)) ** 2)


class Leaf(nn.Module):
    """Energies behind Gabor filters, smoothed, and compressed by `PCEN`.

    Args:
        out_channels: features.
        window_len: of the filters, in ms.
        window_stride: from one frame to the next, in ms.
        sample_rate: see `GaborConv1d`, as are `input_shape`, `in_channels`, `min_freq`, `max_freq`,
            `use_legacy_complex` and `n_fft`.
        input_shape: see `sample_rate`.
        in_channels: see `sample_rate`.
        min_freq: see `sample_rate`.
        max_freq: see `sample_rate`.
        use_pcen: compress them.
        learnable_pcen: what compresses is trained too.
        use_legacy_complex: see `sample_rate`.
        skip_transpose: the input is `(batch, channels, time)`, and so is the result.
        n_fft: see `sample_rate`.

    >>> Leaf(40, in_channels=1)(torch.zeros(2, 1600)).shape
    torch.Size([2, 10, 40])
    """

    def __init__(
        self,
        out_channels: int,
        window_len: float = 25.0,
        window_stride: float = 10.0,
        sample_rate: int = 16000,
        input_shape: Sequence[int | None] | None = None,
        in_channels: int | None = None,
        min_freq: float = 60.0,
        max_freq: float | None = None,
        use_pcen: bool = True,
        learnable_pcen: bool = True,
        use_legacy_complex: bool = False,
        skip_transpose: bool = False,
        n_fft: int = 512,
    ) -> None:
        super().__init__()
        self.skip_transpose = skip_transpose
        window = int(sample_rate * window_len // 1000 + 1)
        self.complex_conv = GaborConv1d(
            2 * out_channels,
            window,
            stride=1,
            input_shape=input_shape,
            in_channels=in_channels,
            sample_rate=sample_rate,
            min_freq=min_freq,
            max_freq=max_freq,
            n_fft=n_fft,
            skip_transpose=True,
        )
        stride = int(sample_rate * window_stride // 1000)
        self.pooling = GaussianLowpassPooling(out_channels, window, stride, skip_transpose=True)
        self.compression = PCEN(out_channels, trainable=learnable_pcen, skip_transpose=True) if use_pcen else None

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, frames, out_channels)` of `x`, `(batch, time)` or `(batch, time, 1)`."""
        if not self.skip_transpose:
            x = x.transpose(1, -1)
        parts = self.complex_conv(x)  # (batch, 2 * out_channels, time)
        energies = parts.unflatten(1, (-1, 2)).square().sum(2)
        y = self.pooling(energies).clamp(min=1e-5)
        if self.compression is not None:
            y = self.compression(y)
        return y if self.skip_transpose else y.transpose(1, -1)


def _around(kernel_size: int) -> tuple[int, int]:
    """Steps before and after, so that with a stride of 1 as many come out as go in."""
    return kernel_size - 1 - kernel_size // 2, kernel_size // 2


def _frequencies_and_widths(bank: Tensor, n_fft: int) -> Tensor:
    """Where the filters of a bank have their peak, in radians a sample, and the deviation of a bell as wide as each."""
    frequencies = bank.argmax(1) * 2 * math.pi / n_fft
    bins = (bank >= bank.amax(1, keepdim=True) / 2).sum(1)
    return torch.stack([frequencies, _HALF_WIDTH * n_fft / (math.pi * bins)], dim=1)


def _check_mono(input_shape: Sequence[int | None] | None, in_channels: int | None) -> None:
    if input_shape is None and in_channels is None:
        raise ArgumentError("input_shape or in_channels must be given, got neither", hint="in_channels=1")
    if in_channels not in (None, 1) or (input_shape is not None and len(input_shape) not in (2, 3)):
        raise ArgumentError(
            f"the input must be (batch, time) or (batch, time, 1), got in_channels={in_channels} and "
            f"input_shape={input_shape if input_shape is None else list(input_shape)}",
            hint="average the channels first",
        )
