"""`W2VLatentExtractor`: the convolutions of wav2vec 2.0 as SpeechBrain's recipes of pretraining build them.

Baevski et al., "wav2vec 2.0", NeurIPS 2020, section 2. Each convolution is followed by
a layer norm and a GELU, and the last norm is one more.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts
from sonovox.models.convolution_front_end import ConvolutionFrontEnd
from sonovox.models.wav2vec2.preprocessor import normalize_items
from sonovox.nn.convolution import Conv1d
from sonovox.nn.normalization import LayerNorm

__all__ = ["W2VLatentExtractor"]


class W2VLatentExtractor(nn.Module):
    """From samples to frames, by convolutions without padding.

    Args:
        out_channels: of each convolution.
        kernel_sizes: of each, in steps.
        strides: of each, in steps.
        dropout: after each.
        conv_init: of their weights, see `Conv1d`.

    Raises:
        ArgumentError: lists of different lengths.

    >>> W2VLatentExtractor([8] * 7)(torch.zeros(2, 5000)).shape
    torch.Size([2, 14, 8])
    """

    def __init__(
        self,
        out_channels: Sequence[int] = (512, 512, 512, 512, 512, 512, 512),
        kernel_sizes: Sequence[int] = (11, 3, 3, 3, 3, 3, 3),
        strides: Sequence[int] = (5, 2, 2, 2, 2, 2, 2),
        dropout: float = 0.0,
        conv_init: str | None = "kaiming",
    ) -> None:
        super().__init__()
        blocks = len(out_channels)
        if not blocks == len(kernel_sizes) == len(strides):
            raise ArgumentError(
                "out_channels, kernel_sizes and strides must have an entry for each convolution, "
                f"got {blocks}, {len(kernel_sizes)} and {len(strides)}"
            )
        self.kernel_sizes, self.strides = tuple(kernel_sizes), tuple(strides)
        self.out_dim = out_channels[-1]
        self.extractor = ConvolutionFrontEnd(
            (None, 16000, 1),
            num_blocks=blocks,
            num_layers_per_block=1,
            out_channels=out_channels,
            kernel_sizes=kernel_sizes,
            strides=strides,
            dilations=[1] * blocks,
            residuals=[False] * blocks,
            conv_module=Conv1d,
            activation=nn.GELU,
            norm=LayerNorm,
            dropout=dropout,
            conv_bias=False,
            padding="valid",
            conv_init=conv_init,
        )
        self.norm = nn.LayerNorm(self.out_dim)

    def forward(self, x: Tensor, normalize_signal: bool = True, wav_lens: Tensor | None = None) -> Tensor:
        """`(batch, frames, channels)` of `x`, `(batch, samples)`.

        Args:
            x: see above.
            normalize_signal: whether each recording gets zero mean and unit variance before.
            wav_lens: `(batch,)`, shares of the longest recording over which it does. Without them the padding
                counts too, as in SpeechBrain.
        """
        if normalize_signal:
            x = normalize_items(x, None if wav_lens is None else lengths_to_counts(wav_lens, x.shape[1]))
        return self.norm(self.extractor(x.unsqueeze(2)))

    def get_output_lengths(self, input_lengths: Tensor) -> Tensor:
        """Frames of recordings of so many samples.

        >>> W2VLatentExtractor([8] * 7).get_output_lengths(torch.tensor([12000, 8800, 5]))
        tensor([36, 26,  0])
        """
        for kernel_size, stride in zip(self.kernel_sizes, self.strides, strict=True):
            input_lengths = torch.div(input_lengths - kernel_size, stride, rounding_mode="floor") + 1
        return input_lengths.clamp(min=0).long()
