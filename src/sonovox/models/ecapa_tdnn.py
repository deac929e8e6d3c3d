"""ECAPA-TDNN: embeddings of speakers from features of speech of any length.

Desplanques, Thienpondt and Demuynck, "ECAPA-TDNN: emphasized channel attention,
propagation and aggregation in TDNN based speaker verification", Interspeech 2020.
Blocks within blocks: Gao et al., "Res2Net", TPAMI 2021; gates of channels: Hu, Shen
and Sun, "Squeeze-and-excitation networks", CVPR 2018. As in SpeechBrain, of which the
weights load as they are, the first part of channels passes through a Res2Net block
unchanged, and convolutions pad by reflection.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts
from sonovox.nn.attentive_pooling import AttentiveStatisticsPooling
from sonovox.nn.convolution import Conv1d
from sonovox.nn.linear import Linear
from sonovox.nn.normalization import BatchNorm1d
from sonovox.nn.tdnn import TDNNBlock

__all__ = ["Classifier", "ECAPA_TDNN", "Res2NetBlock", "SEBlock", "SERes2NetBlock"]

Activation = Callable[[], nn.Module]


class SEBlock(nn.Module):
    """Squeeze and excitation: a gate for each channel, made of the mean of all channels over time.

    Args:
        in_channels: of the input.
        se_channels: of the layer between.
        out_channels: as many as `in_channels`.

    >>> SEBlock(8, 4, 8)(torch.zeros(2, 8, 50)).shape
    torch.Size([2, 8, 50])
    """

    def __init__(self, in_channels: int, se_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = Conv1d(se_channels, kernel_size=1, in_channels=in_channels, skip_transpose=True)
        self.relu = nn.ReLU()
        self.conv2 = Conv1d(out_channels, kernel_size=1, in_channels=se_channels, skip_transpose=True)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`x`, `(batch, channels, time)`, times its gates; `lengths` are shares of the longest item, `(batch,)`."""
        if lengths is None:
            mean = x.mean(dim=2, keepdim=True)
        else:
            counts = _counts(lengths, x)
            mask = length_to_mask(counts, x.shape[2], dtype=torch.bool).unsqueeze(1)
            mean = x.masked_fill(~mask, 0.0).sum(dim=2, keepdim=True) / counts.view(-1, 1, 1)
        return x * self.sigmoid(self.conv2(self.relu(self.conv1(mean))))


class Res2NetBlock(nn.Module):
    """Convolutions on parts of the channels, each of which sees the result of the one before: many widths of view.

    Args:
        in_channels: of the input.
        out_channels: of the result.
        scale: parts; the first is left as it is.
        kernel_size: of the convolutions.
        dilation: of the convolutions.
        dropout: share of the channels of a part that is zeroed in training.

    Raises:
        ArgumentError: `scale` does not divide the channels.

    >>> Res2NetBlock(16, 16, scale=4)(torch.zeros(2, 16, 50)).shape
    torch.Size([2, 16, 50])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        scale: int = 8,
        kernel_size: int = 3,
        dilation: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if in_channels % scale or out_channels % scale:
            raise ArgumentError(
                f"scale must divide in_channels={in_channels} and out_channels={out_channels}, got {scale}",
                hint="lower scale (res2net_scale of ECAPA_TDNN), or take channels that are multiples of it",
            )
        self.scale = scale
        self.blocks = nn.ModuleList(
            TDNNBlock(in_channels // scale, out_channels // scale, kernel_size, dilation, dropout=dropout)
            for _ in range(scale - 1)
        )

    def forward(self, x: Tensor, counts: Tensor | None = None) -> Tensor:
        """`(batch, out_channels, time)`; `counts`, the steps of each item, keep its padding out, see `Conv1d`."""
        first, *others = x.chunk(self.scale, dim=1)
        results = [first]
        for number, (part, block) in enumerate(zip(others, self.blocks, strict=True)):
            results.append(block(part if number == 0 else part + results[-1], counts))
        return torch.cat(results, dim=1)


class SERes2NetBlock(nn.Module):
    """TDNN, Res2Net, TDNN and squeeze-excitation in turn, around which the input is added to the result.

    Args:
        in_channels: of the input; a convolution fits it to `out_channels` where they differ.
        out_channels: of the result.
        res2net_scale: see `Res2NetBlock`, as are `kernel_size` and `dilation`.
        se_channels: see `SEBlock`.
        kernel_size: see `res2net_scale`.
        dilation: see `res2net_scale`.
        activation: builds the activation of the two TDNN blocks.
        groups: of the two TDNN blocks.
        dropout: of the two TDNN blocks.

    Raises:
        ArgumentError: see `Res2NetBlock`; `groups` does not divide the channels.

    >>> SERes2NetBlock(16, 24, se_channels=4)(torch.zeros(2, 16, 50), lengths=torch.tensor([1.0, 0.5])).shape
    torch.Size([2, 24, 50])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        res2net_scale: int = 8,
        se_channels: int = 128,
        kernel_size: int = 1,
        dilation: int = 1,
        activation: Activation = nn.ReLU,
        groups: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.tdnn1 = TDNNBlock(in_channels, out_channels, 1, 1, activation, groups, dropout)
        self.res2net_block = Res2NetBlock(out_channels, out_channels, res2net_scale, kernel_size, dilation)
        self.tdnn2 = TDNNBlock(out_channels, out_channels, 1, 1, activation, groups, dropout)
        self.se_block = SEBlock(out_channels, se_channels, out_channels)
        self.shortcut = (
            Conv1d(out_channels, kernel_size=1, in_channels=in_channels, skip_transpose=True)
            if in_channels != out_channels
            else None
        )

    def forward(self, x: Tensor, lengths: Tensor | None = None, counts: Tensor | None = None) -> Tensor:
        """`(batch, out_channels, time)` of `x`, `(batch, in_channels, time)`.

        Args:
            x: see above.
            lengths: shares of the longest item, `(batch,)`, for the means over time.
            counts: steps of each item, `(batch,)`, for the convolutions, see `Conv1d`.
        """
        residual = x if self.shortcut is None else self.shortcut(x)
        y = self.tdnn2(self.res2net_block(self.tdnn1(x), counts))
        return self.se_block(y, lengths) + residual


class ECAPA_TDNN(nn.Module):  # noqa: N801 - the field's name
    """Embedding of the speaker of each item.

    Args:
        input_size: features of a frame.
        device: of the weights.
        lin_neurons: features of the embedding.
        activation: builds the activations.
        channels: of the first TDNN block, of each SE-Res2Net block, and of the layer that joins the latter.
        kernel_sizes: of each of them, as are `dilations` and `groups`.
        dilations: see `kernel_sizes`.
        attention_channels: see `AttentiveStatisticsPooling`, as is `global_context`.
        res2net_scale: see `SERes2NetBlock`.
        se_channels: see `SERes2NetBlock`.
        global_context: see `attention_channels`.
        groups: see `kernel_sizes`.
        dropout: share of the channels that is zeroed in training, after each TDNN block.
        ignore_padding: convolutions see nothing behind the end of an item: its embedding in a batch is that of the
            item alone. False as in SpeechBrain, where lengths count in means and weights over time only, and the
            last frames of an item see what it is padded with.

    Raises:
        ArgumentError: channels, kernel sizes, dilations and groups are not equally many; see `SERes2NetBlock`.

    >>> model = ECAPA_TDNN(40, channels=[16, 16, 16, 16, 48], lin_neurons=24)
    >>> model(torch.zeros(2, 50, 40), lengths=torch.tensor([1.0, 0.5])).shape
    torch.Size([2, 1, 24])
    """

    def __init__(
        self,
        input_size: int,
        device: torch.device | str = "cpu",
        lin_neurons: int = 192,
        activation: Activation = nn.ReLU,
        channels: Sequence[int] = (512, 512, 512, 512, 1536),
        kernel_sizes: Sequence[int] = (5, 3, 3, 3, 1),
        dilations: Sequence[int] = (1, 2, 3, 4, 1),
        attention_channels: int = 128,
        res2net_scale: int = 8,
        se_channels: int = 128,
        global_context: bool = True,
        groups: Sequence[int] = (1, 1, 1, 1, 1),
        dropout: float = 0.0,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__()
        sizes = [len(channels), len(kernel_sizes), len(dilations), len(groups)]
        if min(sizes) < max(sizes):
            raise ArgumentError(
                "channels, kernel_sizes, dilations and groups must have an entry for each block, "
                f"got {', '.join(map(str, sizes))} entries",
                hint="the last entry of each is for the layer that joins the blocks",
            )
        self.ignore_padding = ignore_padding
        first, *middle, last = zip(channels, kernel_sizes, dilations, groups, strict=True)
        self.blocks = nn.ModuleList([TDNNBlock(input_size, first[0], *first[1:3], activation, first[3], dropout)])
        for before, (size, kernel_size, dilation, group) in zip(channels, middle, strict=False):
            self.blocks.append(
                SERes2NetBlock(
                    before,
                    size,
                    res2net_scale=res2net_scale,
                    se_channels=se_channels,
                    kernel_size=kernel_size,
                    dilation=dilation,
                    activation=activation,
                    groups=group,
                    dropout=dropout,
                )
            )
        joined = sum(channels[1:-1])
        self.mfa = TDNNBlock(joined, last[0], *last[1:3], activation, last[3], dropout)
        self.asp = AttentiveStatisticsPooling(last[0], attention_channels, global_context)
        self.asp_bn = BatchNorm1d(input_size=2 * last[0], skip_transpose=True)
        self.fc = Conv1d(lin_neurons, kernel_size=1, in_channels=2 * last[0], skip_transpose=True)
        self.to(device)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`(batch, 1, lin_neurons)`.

        Args:
            x: `(batch, time, input_size)`.
            lengths: shares of the longest item, `(batch,)`.
        """
        x = x.transpose(1, 2)
        counts = _counts(lengths, x) if self.ignore_padding and lengths is not None else None
        first, *blocks = self.blocks
        x = first(x, counts)
        levels = []
        for block in blocks:
            x = block(x, lengths, counts)
            levels.append(x)
        x = self.mfa(torch.cat(levels, dim=1), counts)  # (batch, channels, time)
        x = self.asp_bn(self.asp(x, lengths))  # (batch, 2 * channels, 1)
        return self.fc(x).transpose(1, 2)


class Classifier(nn.Module):
    """Cosines between embeddings and the directions of classes, which angular margins take.

    Args:
        input_size: features of an embedding.
        device: of the weights.
        lin_blocks: batch normalisations, each with a linear layer, before.
        lin_neurons: features of each of them.
        out_neurons: classes.

    >>> Classifier(24, out_neurons=10)(torch.ones(2, 1, 24)).shape
    torch.Size([2, 1, 10])
    """

    def __init__(
        self,
        input_size: int,
        device: torch.device | str = "cpu",
        lin_blocks: int = 0,
        lin_neurons: int = 192,
        out_neurons: int = 1211,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        for _ in range(lin_blocks):
            self.blocks.extend([BatchNorm1d(input_size=input_size), Linear(lin_neurons, input_size=input_size)])
            input_size = lin_neurons
        self.weight = nn.Parameter(torch.empty(out_neurons, input_size))
        nn.init.xavier_uniform_(self.weight)
        self.to(device)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, 1, out_neurons)`, in [-1, 1], of `x`, `(batch, 1, input_size)`."""
        for block in self.blocks:
            x = block(x)
        return F.linear(F.normalize(x, dim=-1), F.normalize(self.weight))


def _counts(lengths: Tensor, x: Tensor) -> Tensor:
    """Steps of each item of `x`, `(batch, channels, time)`; a step that has begun counts, as in the pooling."""
    return lengths_to_counts(lengths.to(x.device), x.shape[2], rounding="up").clamp(min=1)
