"""A learned basis in place of the Fourier transform: waveforms to non-negative coefficients, and back.

Luo and Mesgarani, "TasNet", ICASSP 2018.
"""

from typing import Any

from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError

__all__ = ["Decoder", "Encoder"]


class Encoder(nn.Module):
    """Coefficients of windows that overlap by half.

    Args:
        kernel_size: samples of a window.
        out_channels: coefficients of each.
        in_channels: of the recording.

    >>> import torch
    >>> Encoder(kernel_size=16, out_channels=64)(torch.zeros(2, 8000)).shape
    torch.Size([2, 64, 999])
    """

    def __init__(self, kernel_size: int = 2, out_channels: int = 64, in_channels: int = 1) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.conv1d = nn.Conv1d(in_channels, out_channels, kernel_size, stride=kernel_size // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, out_channels, frames)`, not negative, of `x`: `(batch, time)`, or `(batch, in_channels, time)`."""
        if self.in_channels == 1 and x.dim() == 2:
            x = x.unsqueeze(1)
        return self.conv1d(x).relu()


class Decoder(nn.ConvTranspose1d):
    """Waveforms of coefficients: a transposed convolution.

    Args:
        args: of `torch.nn.ConvTranspose1d`: `in_channels, out_channels, kernel_size, stride`, and so on.
        kwargs: likewise.

    >>> import torch
    >>> Decoder(64, 1, kernel_size=16, stride=8, bias=False)(torch.zeros(2, 64, 999)).shape
    torch.Size([2, 8000])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """`(batch, time)`, or `(batch, out_channels, time)` of several channels.

        Args:
            x: `(batch, in_channels, frames)`; `(batch, frames)` where `in_channels` is 1.
            output_size: see `torch.nn.ConvTranspose1d`.

        Raises:
            ArgumentError: another number of dimensions.
        """
        if x.dim() not in (2, 3):
            raise ArgumentError(f"x must be (batch, channels, frames), got shape {tuple(x.shape)}")
        y = super().forward(x if x.dim() == 3 else x.unsqueeze(1), output_size)
        return y.squeeze(1) if self.out_channels == 1 else y
