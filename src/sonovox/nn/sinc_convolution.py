"""SincNet: band-pass filters of which only the edges are trained.

Ravanelli and Bengio, "Speaker recognition from raw waveform with SincNet", SLT
2018, eqs. 4 to 8: the difference of two low-pass filters `2 f sinc(2 pi f n)`,
under a Hamming window.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.mel import hz_to_mel, mel_to_hz
from sonovox.nn.convolution import PADDINGS, pad_same
from sonovox.nn.input_size import resolve_input_size

__all__ = ["SincConv"]


class SincConv(nn.Module):
    """Band-pass filters over the samples of `(batch, time)` or `(batch, time, channels)`.

    Args:
        out_channels: filters; those of several channels are shared out among them.
        kernel_size: samples of a filter, odd.
        input_shape: shape of the input; None where `in_channels` is given.
        in_channels: channels of the input, which divide `out_channels`.
        stride: samples from one result to the next.
        dilation: samples between the taps of a filter.
        padding: `"same"`, `"valid"` or `"causal"`, see `Conv1d`.
        padding_mode: see `Conv1d`.
        sample_rate: in Hz.
        min_low_hz: least lower edge of a filter, in Hz.
        min_band_hz: least width of a filter, in Hz.

    Raises:
        ArgumentError: an even `kernel_size`, channels that do not divide the filters.

    >>> SincConv(16, kernel_size=129, in_channels=1)(torch.zeros(2, 16000, 1)).shape
    torch.Size([2, 16000, 16])
    """

    window: Tensor
    positions: Tensor

    def __init__(
        self,
        out_channels: int,
        kernel_size: int,
        input_shape: Sequence[int | None] | None = None,
        in_channels: int | None = None,
        stride: int = 1,
        dilation: int = 1,
        padding: str = "same",
        padding_mode: str = "reflect",
        sample_rate: int = 16000,
        min_low_hz: float = 50,
        min_band_hz: float = 50,
    ) -> None:
        super().__init__()
        check_choice("padding", padding, PADDINGS)
        self.unsqueeze = input_shape is not None and len(input_shape) == 2
        if self.unsqueeze and in_channels is None:
            in_channels = 1
        self.in_channels = resolve_input_size(in_channels, input_shape, name="in_channels")
        if kernel_size % 2 == 0:
            raise ArgumentError(f"kernel_size must be odd, got {kernel_size}", hint="a filter is symmetric around 0")
        if out_channels % self.in_channels:
            raise ArgumentError(
                f"in_channels must divide out_channels={out_channels}, got {self.in_channels}",
                hint="each channel has as many filters",
            )
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.dilation = dilation
        self.padding = padding
        self.padding_mode = padding_mode
        self.sample_rate = sample_rate
        self.min_low_hz = min_low_hz
        self.min_band_hz = min_band_hz

        highest = sample_rate / 2 - (min_low_hz + min_band_hz)
        edges = torch.from_numpy(mel_to_hz(np.linspace(hz_to_mel(min_low_hz), hz_to_mel(highest), out_channels + 1)))
        edges = edges.to(torch.get_default_dtype())
        self.low_hz_ = nn.Parameter(edges[:-1].unsqueeze(1))
        self.band_hz_ = nn.Parameter(edges.diff().unsqueeze(1))
        half = kernel_size // 2
        # The left half of a Hamming window as SincNet has it: its last point is one before the middle.
        steps = torch.linspace(0, kernel_size / 2 - 1, half)
        self.register_buffer("window", 0.54 - 0.46 * torch.cos(2 * math.pi * steps / kernel_size), persistent=False)
        self.register_buffer(
            "positions", 2 * math.pi * torch.arange(-half, 0).unsqueeze(0) / sample_rate, persistent=False
        )

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time, out_channels)`."""
        x = x.unsqueeze(1) if self.unsqueeze else x.transpose(1, -1)
        if self.padding == "same":
            x = pad_same(x, [(self.kernel_size, self.stride, self.dilation)], self.padding_mode)
        elif self.padding == "causal":
            x = F.pad(x, ((self.kernel_size - 1) * self.dilation, 0))
        y = F.conv1d(x, self.filters(), stride=self.stride, padding=0, dilation=self.dilation, groups=self.in_channels)
        return y.transpose(1, -1)

    def filters(self) -> Tensor:
        """Taps of the filters, `(out_channels, 1, kernel_size)`: 1 in the middle, times the window."""
        low = self.min_low_hz + self.low_hz_.abs()
        high = (low + self.min_band_hz + self.band_hz_.abs()).clamp(self.min_low_hz, self.sample_rate / 2)
        band = high - low
        # 2 f sinc(2 pi f n) = sin(2 pi f n) / (pi n), at n = positions / (2 pi)
        left = (torch.sin(high @ self.positions) - torch.sin(low @ self.positions)) / (self.positions / 2)
        left = left * self.window / (2 * band)
        return torch.cat((left, torch.ones_like(band), left.flip(1)), dim=1).unsqueeze(1)
