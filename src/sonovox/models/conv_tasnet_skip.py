"""Conv-TasNet with skip connections: waveforms of sources from the waveform of their mixture.

Luo and Mesgarani, "Conv-TasNet: surpassing ideal time-frequency magnitude masking for speech separation", TASLP
2019, the variant of figure 1 that is not causal. Weights of torchaudio load as they are. SpeechBrain's, of which
blocks have no skip connections, are in `conv_tasnet.py`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError

__all__ = ["ConvTasNet"]


class ConvTasNet(nn.Module):
    """The sources in a mixture, in an order of their own.

    Args:
        num_sources: how many.
        enc_kernel_size: samples of a window of the encoder; windows overlap by half.
        enc_num_feats: coefficients of each.
        msk_kernel_size: taps of the dilated convolutions, odd.
        msk_num_feats: channels between the blocks.
        msk_num_hidden_feats: channels within the blocks.
        msk_num_layers: blocks of a stack, each with twice the dilation of the one before.
        msk_num_stacks: stacks.
        msk_activate: what bounds the masks, `"sigmoid"` or `"relu"`.

    Raises:
        ArgumentError: an even `msk_kernel_size`.
        ChoiceError: another `msk_activate`.

    >>> model = ConvTasNet(enc_num_feats=16, msk_num_feats=8, msk_num_hidden_feats=12, msk_num_layers=2)
    >>> model(torch.zeros(3, 1, 1000)).shape
    torch.Size([3, 2, 1000])
    """

    def __init__(
        self,
        num_sources: int = 2,
        enc_kernel_size: int = 16,
        enc_num_feats: int = 512,
        msk_kernel_size: int = 3,
        msk_num_feats: int = 128,
        msk_num_hidden_feats: int = 512,
        msk_num_layers: int = 8,
        msk_num_stacks: int = 3,
        msk_activate: str = "sigmoid",
    ) -> None:
        super().__init__()
        check_choice("msk_activate", msk_activate, ["sigmoid", "relu"])
        if msk_kernel_size % 2 == 0:
            raise ArgumentError(
                f"msk_kernel_size must be odd, got {msk_kernel_size}", hint="3 is what the paper found best"
            )
        self.kernel_size = enc_kernel_size
        self.stride = enc_kernel_size // 2
        self.encoder = nn.Conv1d(1, enc_num_feats, enc_kernel_size, stride=self.stride, padding=self.stride, bias=False)
        dilations = [2**layer for _ in range(msk_num_stacks) for layer in range(msk_num_layers)]
        self.mask_generator = _MaskGenerator(
            enc_num_feats,
            num_sources,
            msk_num_feats,
            [
                _ConvBlock(msk_num_feats, msk_num_hidden_feats, msk_kernel_size, dilation, last=i + 1 == len(dilations))
                for i, dilation in enumerate(dilations)
            ],
            nn.Sigmoid() if msk_activate == "sigmoid" else nn.ReLU(),
        )
        self.decoder = nn.ConvTranspose1d(
            enc_num_feats, 1, enc_kernel_size, stride=self.stride, padding=self.stride, bias=False
        )

    def forward(self, input: Tensor) -> Tensor:
        """`(batch, num_sources, time)` of `input`, `(batch, 1, time)`.

        Raises:
            ArgumentError: `input` is not of that shape.
        """
        if input.dim() != 3 or input.shape[1] != 1:
            raise ArgumentError(
                f"input must be (batch, 1, time), got shape {tuple(input.shape)}",
                hint="separate each channel by itself: x.flatten(0, -2).unsqueeze(1)",
            )
        time = input.shape[2]
        padded = F.pad(input, (0, (self.kernel_size % 2 - time) % self.stride))  # whole strides, as windows are cut
        coefficients = self.encoder(padded)  # (batch, feats, frames)
        masked = self.mask_generator(coefficients) * coefficients.unsqueeze(1)
        sources = self.decoder(masked.flatten(0, 1))  # (batch * sources, 1, time)
        return sources.unflatten(0, masked.shape[:2]).squeeze(2)[..., :time]


class _MaskGenerator(nn.Module):
    """`(batch, sources, feats, frames)` of `(batch, feats, frames)`."""

    def __init__(
        self, feats: int, num_sources: int, channels: int, blocks: list["_ConvBlock"], mask_activate: nn.Module
    ) -> None:
        super().__init__()
        self.num_sources = num_sources
        self.input_norm = _global_norm(feats)
        self.input_conv = nn.Conv1d(feats, channels, 1)
        self.conv_layers = nn.ModuleList(blocks)
        self.output_prelu = nn.PReLU()
        self.output_conv = nn.Conv1d(channels, feats * num_sources, 1)
        self.mask_activate = mask_activate

    def forward(self, x: Tensor) -> Tensor:
        x = self.input_conv(self.input_norm(x))
        skipped = torch.zeros_like(x)
        for block in self.conv_layers:
            x, skip = block(x)
            skipped = skipped + skip
        masks = self.mask_activate(self.output_conv(self.output_prelu(skipped)))
        return masks.unflatten(1, (self.num_sources, -1))


class _ConvBlock(nn.Module):
    """What the next block hears, and what is heard past all blocks; the last block has no next one."""

    def __init__(self, channels: int, hidden: int, kernel_size: int, dilation: int, *, last: bool) -> None:
        super().__init__()
        self.conv_layers = nn.Sequential(
            nn.Conv1d(channels, hidden, 1),
            nn.PReLU(),
            _global_norm(hidden),
            nn.Conv1d(
                hidden,
                hidden,
                kernel_size,
                padding=dilation * (kernel_size // 2),
                dilation=dilation,
                groups=hidden,
            ),
            nn.PReLU(),
            _global_norm(hidden),
        )
        self.res_out = None if last else nn.Conv1d(hidden, channels, 1)
        self.skip_out = nn.Conv1d(hidden, channels, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.conv_layers(x)
        return (x if self.res_out is None else x + self.res_out(hidden)), self.skip_out(hidden)


def _global_norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(1, channels, eps=1e-8)  # over channels and time: the paper's gLN
