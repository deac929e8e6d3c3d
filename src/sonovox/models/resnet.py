"""Speaker embeddings by a residual network over time and frequency.

Zeinali et al., "BUT system description to VoxCeleb speaker recognition challenge 2019",
with squeeze and excitation (Hu, Shen and Sun, CVPR 2018) in the first half and
attentive statistics (Okabe, Koshinaka and Shinoda, Interspeech 2018) at the end, in the
variant of SpeechBrain's recipe, of which the weights load as they are.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.models import ecapa_tdnn

__all__ = ["BasicBlock", "Classifier", "ResNet", "SEBasicBlock", "SEBlock"]

Activation = Callable[[], nn.Module]
# Channels of the layer that gives the weights of the pooling.
ATTENTION_CHANNELS = 128


class SEBlock(nn.Module):
    """Channels of `(batch, channels, time, freq)`, scaled by a weight in (0, 1) that depends on the means of all.

    Args:
        channels: of the input.
        reduction: the layer between has so many times fewer.
        activation: builds the activation between.

    >>> SEBlock(8)(torch.zeros(2, 8, 50, 10)).shape
    torch.Size([2, 8, 50, 10])
    """

    def __init__(self, channels: int, reduction: int = 1, activation: Activation = nn.ReLU) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // reduction),
            activation(),
            nn.Linear(channels // reduction, channels),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`."""
        weights: Tensor = self.fc(x.mean(dim=(2, 3)))
        return x * weights[:, :, None, None]


class BasicBlock(nn.Module):
    """Three convolutions, each behind its normalisation and activation, and the input, which is added.

    Args:
        in_channels: of the input.
        out_channels: of the result.
        stride: steps and bins of the input of which the first is kept.
        downsample: brings the input to the shape of the result; None where it has it.
        activation: builds the activation.

    >>> BasicBlock(8, 8)(torch.zeros(2, 8, 50, 10)).shape
    torch.Size([2, 8, 50, 10])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        activation: Activation = nn.ReLU,
    ) -> None:
        super().__init__()
        self.activation = activation()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.conv3 = nn.Conv2d(out_channels, out_channels, 1, bias=False)
        self.downsample = downsample
        self.se: nn.Module | None = None

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, out_channels, time, freq)` of `(batch, in_channels, time, freq)`, both divided by `stride`."""
        y = self.conv1(self.activation(self.bn1(x)))
        y = self.conv2(self.activation(self.bn2(y)))
        y = self.conv3(self.activation(self.bn3(y)))
        if self.se is not None:
            y = self.se(y)
        result: Tensor = y + (x if self.downsample is None else self.downsample(x))
        return result


class SEBasicBlock(BasicBlock):
    """A `BasicBlock` of which the convolutions' result goes through an `SEBlock`.

    Args:
        in_channels: see `BasicBlock`, as are all others that are not named here.
        out_channels: see there.
        reduction: see `SEBlock`.
        stride: see there.
        downsample: see there.
        activation: see there.

    >>> SEBasicBlock(8, 8)(torch.zeros(2, 8, 50, 10)).shape
    torch.Size([2, 8, 50, 10])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        reduction: int = 1,
        stride: int = 1,
        downsample: nn.Module | None = None,
        activation: Activation = nn.ReLU,
    ) -> None:
        super().__init__(in_channels, out_channels, stride, downsample, activation)
        self.se = SEBlock(out_channels, reduction)


class ResNet(nn.Module):
    """Embedding of an utterance from its features, without regard to padding.

    Args:
        input_size: features of a frame.
        device: of the weights.
        activation: builds the first activation.
        channels: of the four stages.
        block_sizes: blocks of each of them.
        strides: of each of them, over time and frequency.
        lin_neurons: features of the embedding.

    Raises:
        ArgumentError: not four stages.

    >>> ResNet(20, channels=[8] * 4, block_sizes=[1] * 4, lin_neurons=24).eval()(torch.zeros(2, 50, 20)).shape
    torch.Size([2, 24])
    """

    def __init__(
        self,
        input_size: int = 80,
        device: torch.device | str = "cpu",
        activation: Activation = nn.ReLU,
        channels: Sequence[int] = (128, 128, 256, 256),
        block_sizes: Sequence[int] = (3, 4, 6, 3),
        strides: Sequence[int] = (1, 2, 2, 2),
        lin_neurons: int = 256,
    ) -> None:
        super().__init__()
        for name, sizes in {"channels": channels, "block_sizes": block_sizes, "strides": strides}.items():
            if len(sizes) != 4:
                raise ArgumentError(f"{name} must have 4 numbers, one for each stage, got {list(sizes)}")
        self.conv1 = nn.Conv2d(1, channels[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.activation1 = activation()
        kinds = (SEBasicBlock, SEBasicBlock, BasicBlock, BasicBlock)
        before = channels[0]
        for number, (kind, size, blocks, stride) in enumerate(
            zip(kinds, channels, block_sizes, strides, strict=True), start=1
        ):
            self.add_module(f"layer{number}", _stage(kind, before, size, blocks, stride))
            before = size
        width = channels[-1] * math.ceil(input_size / math.prod(strides))
        self.norm_stats = nn.BatchNorm1d(2 * width)
        self.attention = nn.Sequential(
            nn.Conv1d(width, ATTENTION_CHANNELS, 1),
            nn.ReLU(),
            nn.BatchNorm1d(ATTENTION_CHANNELS),
            nn.Conv1d(ATTENTION_CHANNELS, width, 1),
            nn.Softmax(dim=2),
        )
        self.fc_embed = nn.Linear(2 * width, lin_neurons)
        self.norm_embed = nn.BatchNorm1d(lin_neurons)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        self.to(device)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`(batch, lin_neurons)` of `x`, `(batch, time, input_size)`; `lengths` take no effect, as in SpeechBrain."""
        y = self.activation1(self.bn1(self.conv1(x.unsqueeze(1))))  # (batch, channels, time, freq)
        for number in range(1, 5):
            y = self.get_submodule(f"layer{number}")(y)
        y = y.transpose(2, 3).flatten(1, 2)  # (batch, width, time)
        weights = self.attention(y)
        mean = (y * weights).sum(dim=2)
        variance = (y.square() * weights).sum(dim=2) - mean.square()
        statistics = torch.cat((mean, variance.clamp(min=1e-5).sqrt()), dim=1)
        embedding: Tensor = self.norm_embed(self.fc_embed(self.norm_stats(statistics)))
        return embedding


class Classifier(ecapa_tdnn.Classifier):
    """That of `ecapa_tdnn`, with wider layers where there are some before.

    Args:
        input_size: see `ecapa_tdnn.Classifier`, as are all others.
        device: see there.
        lin_blocks: see there.
        lin_neurons: see there.
        out_neurons: see there.

    >>> Classifier(24, out_neurons=10)(torch.ones(2, 24)).shape
    torch.Size([2, 1, 10])
    """

    def __init__(
        self,
        input_size: int,
        device: torch.device | str = "cpu",
        lin_blocks: int = 0,
        lin_neurons: int = 256,
        out_neurons: int = 1211,
    ) -> None:
        super().__init__(input_size, device, lin_blocks, lin_neurons, out_neurons)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, 1, out_neurons)`, in [-1, 1], of `x`, `(batch, input_size)` or `(batch, 1, input_size)`."""
        return super().forward(x.unsqueeze(1) if x.dim() == 2 else x)


def _stage(kind: type[BasicBlock], before: int, channels: int, blocks: int, stride: int) -> nn.Sequential:
    """Blocks of which the first changes the shape."""
    downsample = None
    if stride != 1 or before != channels:
        downsample = nn.Sequential(
            nn.Conv2d(before, channels, 1, stride, bias=False),
            nn.BatchNorm2d(channels),
        )
    first = kind(before, channels, stride=stride, downsample=downsample)
    return nn.Sequential(first, *(kind(channels, channels) for _ in range(blocks - 1)))
