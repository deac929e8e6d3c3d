"""Attentive statistics pooling: mean and deviation over time with weights of their own for each channel.

Okabe, Koshinaka and Shinoda, "Attentive statistics pooling for deep speaker
embedding", Interspeech 2018; the weights of each channel, and with the context of
the whole item, as in Desplanques, Thienpondt and Demuynck, "ECAPA-TDNN",
Interspeech 2020, section 3.1.
"""

import torch
from torch import Tensor, nn

from sonovox.dsp.lengths import length_to_mask, lengths_to_counts
from sonovox.nn.convolution import Conv1d
from sonovox.nn.tdnn import TDNNBlock

__all__ = ["AttentiveStatisticsPooling"]


class AttentiveStatisticsPooling(nn.Module):
    """Weighted mean and deviation over time of `(batch, channels, time)`, padding left out.

    Args:
        channels: of the input.
        attention_channels: of the hidden layer that gives the weights.
        global_context: the weights depend on mean and deviation of the item, too.

    >>> AttentiveStatisticsPooling(8)(torch.zeros(2, 8, 50)).shape
    torch.Size([2, 16, 1])
    """

    eps = 1e-12

    def __init__(self, channels: int, attention_channels: int = 128, global_context: bool = True) -> None:
        super().__init__()
        self.global_context = global_context
        self.tdnn = TDNNBlock(3 * channels if global_context else channels, attention_channels, 1, 1)
        self.tanh = nn.Tanh()
        self.conv = Conv1d(channels, kernel_size=1, in_channels=attention_channels, skip_transpose=True)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`(batch, 2 * channels, 1)`: means, then deviations.

        Args:
            x: `(batch, channels, time)`.
            lengths: shares of the longest item, `(batch,)`.
        """
        batch, _, time = x.shape
        if lengths is None:
            mask = x.new_ones(batch, 1, time, dtype=torch.bool)
        else:
            counts = lengths_to_counts(lengths.to(x.device), time, rounding="up").clamp(min=1)
            mask = length_to_mask(counts, time, dtype=torch.bool).unsqueeze(1)
        seen = x
        if self.global_context:
            even = mask.to(x.dtype) / mask.sum(dim=2, keepdim=True)
            context = torch.cat(self._statistics(x, even), dim=1)  # (batch, 2 * channels, 1)
            seen = torch.cat((x, context.expand(-1, -1, time)), dim=1)
        scores = self.conv(self.tanh(self.tdnn(seen)))
        weights = scores.masked_fill(~mask, float("-inf")).softmax(dim=2)
        return torch.cat(self._statistics(x, weights), dim=1)

    def _statistics(self, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        mean = (weights * x).sum(dim=2, keepdim=True)
        variance = (weights * (x - mean).square()).sum(dim=2, keepdim=True)
        return mean, variance.clamp(min=self.eps).sqrt()
