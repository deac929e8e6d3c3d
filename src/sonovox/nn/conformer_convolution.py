"""The convolution of a Conformer layer: gated, one kernel a feature, over all frames or within chunks.

Gulati et al., Interspeech 2020, section 2.2; chunks, Li et al., ICASSP 2023.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.activations import Swish
from sonovox.nn.attention_masks import DynChunkTrainConfig
from sonovox.nn.transformer import Activation

__all__ = ["ConvolutionModule"]


class ConvolutionModule(nn.Module):
    """Normalisation, a gated linear layer, a convolution over time for each feature, normalisation, a linear layer.

    Args:
        input_size: features.
        kernel_size: frames that the convolution sees, an odd number.
        bias: whether its layers have biases.
        activation: builds the activation.
        dropout: share of the result that is zeroed in training.
        causal: the convolution sees no later frames.
        dilation: frames between the taps of the kernel.
        ignore_padding: the convolution sees zeros behind the end of an item; see `ConformerEncoder`.

    Raises:
        ArgumentError: an even `kernel_size`.

    >>> import torch
    >>> ConvolutionModule(16, 7)(torch.zeros(2, 40, 16)).shape
    torch.Size([2, 40, 16])
    """

    def __init__(
        self,
        input_size: int,
        kernel_size: int = 31,
        bias: bool = True,
        activation: Activation = Swish,
        dropout: float = 0.0,
        causal: bool = False,
        dilation: int = 1,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ArgumentError(
                f"kernel_size must be odd, got {kernel_size}", hint=f"{kernel_size + 1} has a frame in its middle"
            )
        self.causal = causal
        self.ignore_padding = ignore_padding
        reach = (kernel_size - 1) * dilation
        self.padding = reach if causal else reach // 2  # frames before the first
        self.layer_norm = nn.LayerNorm(input_size)
        self.bottleneck = nn.Sequential(nn.Conv1d(input_size, 2 * input_size, 1, bias=bias), nn.GLU(dim=1))
        self.conv = nn.Conv1d(input_size, input_size, kernel_size, dilation=dilation, groups=input_size, bias=bias)
        self.after_conv = nn.Sequential(
            nn.LayerNorm(input_size),
            activation(),
            nn.Linear(input_size, input_size, bias=bias),
            nn.Dropout(dropout),
        )

    def forward(
        self, x: Tensor, mask: Tensor | None = None, dynchunktrain_config: DynChunkTrainConfig | None = None
    ) -> Tensor:
        """`(batch, time, input_size)` of `x`, of the same shape.

        Args:
            x: see above.
            mask: `(batch, time)`, True past the end of an item; the result is zero there.
            dynchunktrain_config: chunks past whose end the convolution sees zeros.

        Raises:
            ArgumentError: chunks for a causal convolution.
        """
        gated = self.bottleneck(self.layer_norm(x).transpose(1, 2))
        if self.ignore_padding and mask is not None:
            gated = gated.masked_fill(mask.unsqueeze(1), 0.0)
        if dynchunktrain_config is not None:
            y = self._within_chunks(gated, dynchunktrain_config.chunk_size)
        else:
            y = self.conv(F.pad(gated, (self.padding, 0 if self.causal else self.padding)))
        y = self.after_conv(y.transpose(1, 2))
        return y if mask is None else y.masked_fill(mask.unsqueeze(-1), 0.0)

    def _within_chunks(self, x: Tensor, size: int) -> Tensor:
        """`(batch, features, time)`: each chunk sees the frames before it, and zeros after it."""
        if self.causal:
            raise ArgumentError(
                "chunks need causal=False, since the frames of a chunk see each other", hint="build with causal=False"
            )
        batch, features, time = x.shape
        chunks = -(-time // size)
        x = F.pad(x, (self.padding, chunks * size - time))
        windows = x.unfold(2, self.padding + size, size)  # (batch, features, chunks, padding + size)
        windows = F.pad(windows.transpose(1, 2).flatten(0, 1), (0, self.padding))
        y = self.conv(windows).unflatten(0, (batch, chunks))
        return y.transpose(1, 2).reshape(batch, features, chunks * size)[..., :time]
