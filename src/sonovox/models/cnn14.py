"""CNN14: convolutions over time and frequency of a log-mel spectrogram, for sounds of all kinds.

Kong et al., "PANNs: large-scale pretrained audio neural networks for audio pattern
recognition", TASLP 2020, in the variant of SpeechBrain's recipe, of which the weights
load as they are.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice

__all__ = ["Cnn14", "ConvBlock"]

NORMS = ("bn", "in", "ln")
CHANNELS = (1, 64, 128, 256, 512, 1024)
DROPOUT = 0.2


class ConvBlock(nn.Module):
    """Two convolutions, each with a normalisation, and a mean or maximum over neighbours.

    Args:
        in_channels: of the input.
        out_channels: of the result.
        norm_type: `"bn"` over the batch, `"in"` over the item or `"ln"` over the item and its channels.

    Raises:
        ChoiceError: another `norm_type`.

    >>> import torch
    >>> ConvBlock(1, 8, "bn")(torch.zeros(2, 1, 50, 20)).shape
    torch.Size([2, 8, 25, 10])
    """

    def __init__(self, in_channels: int, out_channels: int, norm_type: str) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm1 = _norm(norm_type, out_channels)
        self.norm2 = _norm(norm_type, out_channels)
        for convolution in (self.conv1, self.conv2):
            nn.init.xavier_uniform_(convolution.weight)

    def forward(self, x: Tensor, pool_size: tuple[int, int] = (2, 2), pool_type: str = "avg") -> Tensor:
        """`(batch, out_channels, time, freq)`, the last two divided by `pool_size`.

        Args:
            x: `(batch, in_channels, time, freq)`.
            pool_size: neighbours of which one number is kept.
            pool_type: `"avg"`, `"max"`, or `"avg+max"` for the sum of both.

        Raises:
            ChoiceError: another `pool_type`.
        """
        check_choice("pool_type", pool_type, ["avg", "max", "avg+max"])
        x = self.norm1(self.conv1(x)).relu()
        x = self.norm2(self.conv2(x)).relu()
        if pool_type == "avg":
            return F.avg_pool2d(x, pool_size)
        largest = F.max_pool2d(x, pool_size)
        return largest if pool_type == "max" else F.avg_pool2d(x, pool_size) + largest


class Cnn14(nn.Module):
    """An embedding of a recording.

    Args:
        mel_bins: of the spectrogram.
        emb_dim: features of the embedding.
        norm_type: see `ConvBlock`.
        return_reps: give what comes out of the last four blocks, too, the last one first.
        l2i: three of them.

    Raises:
        ChoiceError: another `norm_type`.

    >>> import torch
    >>> Cnn14(mel_bins=64, emb_dim=16).eval()(torch.zeros(2, 100, 64)).shape
    torch.Size([2, 1, 16])
    """

    def __init__(
        self, mel_bins: int, emb_dim: int, norm_type: str = "bn", return_reps: bool = False, l2i: bool = False
    ) -> None:
        super().__init__()
        self.return_reps = return_reps
        self.l2i = l2i
        self.norm0 = _norm(norm_type, mel_bins)
        for number, (before, after) in enumerate(zip(CHANNELS, (*CHANNELS[1:], emb_dim), strict=True), start=1):
            self.add_module(f"conv_block{number}", ConvBlock(before, after, norm_type))

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, tuple[Tensor, ...]]:
        """`(batch, 1, emb_dim)`, and with `return_reps` what comes out of blocks, `(batch, channels, time, freq)`.

        Args:
            x: `(batch, time, mel_bins)` or `(batch, 1, time, mel_bins)`, of at least 32 frames and bins.
        """
        x = x.unsqueeze(1) if x.dim() == 3 else x
        x = self.norm0(x.transpose(1, 3)).transpose(1, 3)
        found: list[Tensor] = []
        for number in range(1, 7):
            x = self.get_submodule(f"conv_block{number}")(x, (1, 1) if number == 6 else (2, 2))
            found.insert(0, x)
            x = F.dropout(x, DROPOUT, self.training)
        x = x.mean(dim=3)
        embedding = (x.amax(dim=2) + x.mean(dim=2)).unsqueeze(1)
        return (embedding, tuple(found[: 3 if self.l2i else 4])) if self.return_reps else embedding


def _norm(kind: str, channels: int) -> nn.Module:
    check_choice("norm_type", kind, NORMS)
    if kind == "bn":
        return nn.BatchNorm2d(channels)
    if kind == "in":
        return nn.InstanceNorm2d(channels, affine=True, track_running_stats=True)
    return nn.GroupNorm(1, channels)
