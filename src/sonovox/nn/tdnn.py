"""Time-delay block: convolution over time, activation, normalisation.

Waibel et al., "Phoneme recognition using time-delay neural networks", IEEE Trans. ASSP 37, 1989.
"""

from collections.abc import Callable

from torch import Tensor, nn

from sonovox.nn.convolution import Conv1d
from sonovox.nn.normalization import BatchNorm1d

__all__ = ["TDNNBlock"]


class TDNNBlock(nn.Module):
    """Convolution over time of `(batch, channels, time)`, then activation, batch normalisation, dropout.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the result.
        kernel_size: steps that a result sees, `dilation` apart.
        dilation: see `kernel_size`.
        activation: builds the activation.
        groups: groups of channels that do not see each other.
        dropout: share of the channels that is zeroed in training.

    >>> import torch
    >>> TDNNBlock(40, 8, kernel_size=3, dilation=2)(torch.zeros(2, 40, 50)).shape
    torch.Size([2, 8, 50])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        dilation: int,
        activation: Callable[[], nn.Module] = nn.ReLU,
        groups: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.conv = Conv1d(
            out_channels, kernel_size, in_channels=in_channels, dilation=dilation, groups=groups, skip_transpose=True
        )
        self.activation = activation()
        self.norm = BatchNorm1d(input_size=out_channels, skip_transpose=True)
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor, counts: Tensor | None = None) -> Tensor:
        """`(batch, out_channels, time)`; `counts`, the steps of each item, keep its padding out, see `Conv1d`."""
        return self.dropout(self.norm(self.activation(self.conv(x, counts))))
