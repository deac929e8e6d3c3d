"""What some published encoders have between or behind the layers of wav2vec 2.0: adapters.

`AttentionAdapter` is the bottleneck of Pratap et al., "Scaling Speech Technology to
1,000+ Languages", 2023, section 4.1: one for each language in each layer. `OutputAdapter`
is that of Li et al., "Multilingual Speech Translation with Efficient Finetuning of
Pretrained Models", 2021, section 3.1: convolutions that leave every second frame out.
Weights have the names of transformers.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox.dsp.lengths import length_to_mask

__all__ = ["AttentionAdapter", "OutputAdapter"]

# transformers pads the convolutions so, whatever their kernel.
_PADDING = 1


class AttentionAdapter(nn.Module):
    """What a layer adds to its output.

    Args:
        width: of the layer.
        bottleneck: width inside.

    >>> AttentionAdapter(8, 2)(torch.zeros(1, 5, 8)).shape
    torch.Size([1, 5, 8])
    """

    def __init__(self, width: int, bottleneck: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.linear_1 = nn.Linear(width, bottleneck)
        self.linear_2 = nn.Linear(bottleneck, width)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, frames, width)` in and out."""
        return self.linear_2(self.linear_1(self.norm(x)).relu())


class OutputAdapter(nn.Module):
    """Fewer and other frames from those of the last layer.

    Args:
        width: of the frames.
        out_width: of those that come out.
        num_layers: convolutions.
        kernel_size: of each, in frames.
        stride: of each, in frames.
        layer_drop: probability with which one is left out in training.

    >>> out, counts = OutputAdapter(8, 4, num_layers=2, kernel_size=3, stride=2)(torch.zeros(2, 9, 8), None)
    >>> out.shape, counts
    (torch.Size([2, 3, 4]), None)
    """

    def __init__(
        self, width: int, out_width: int, num_layers: int, kernel_size: int, stride: int, layer_drop: float = 0.0
    ) -> None:
        super().__init__()
        is_projected = width != out_width
        self.proj = nn.Linear(width, out_width) if is_projected else None
        self.proj_layer_norm = nn.LayerNorm(out_width) if is_projected else None
        self.layers = nn.ModuleList(_GatedConvolution(out_width, kernel_size, stride) for _ in range(num_layers))
        self.layer_drop = layer_drop

    def forward(
        self, x: Tensor, counts: Tensor | None, *, ignore_padding: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Frames `(batch, frames, out_width)`, and how many each item has.

        Args:
            x: `(batch, frames, width)`.
            counts: `(batch,)`, frames of each item, or None where all are full.
            ignore_padding: whether an item gets the numbers that it has alone. transformers' convolutions see the
                padding.
        """
        if self.proj is not None and self.proj_layer_norm is not None:
            x = self.proj_layer_norm(self.proj(x))
        for layer in self.layers:
            if self.training and self.layer_drop > 0 and torch.rand(()) < self.layer_drop:
                continue
            if ignore_padding and counts is not None:
                x = x.masked_fill(~length_to_mask(counts, x.shape[1], torch.bool).unsqueeze(-1), 0)
            x, counts = layer(x, counts)
        return x, counts


class _GatedConvolution(nn.Module):
    def __init__(self, width: int, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, 2 * width, kernel_size, stride=stride, padding=_PADDING)

    def forward(self, x: Tensor, counts: Tensor | None) -> tuple[Tensor, Tensor | None]:
        x = F.glu(self.conv(x.transpose(1, 2)), dim=1).transpose(1, 2)
        if counts is None:
            return x, None
        (kernel_size,), (stride,) = self.conv.kernel_size, self.conv.stride
        seen = torch.div(counts + 2 * _PADDING - kernel_size, stride, rounding_mode="floor") + 1
        return x, torch.where(counts > 0, seen.clamp(min=0), 0)
