"""The convolutions of wav2vec 2.0: from samples to one frame for every 20 ms.

Baevski et al., "wav2vec 2.0: A Framework for Self-Supervised Learning of Speech
Representations", 2020, section 2. The published group norm takes its mean and
variance over the padding of a batch too; ours can leave the padding out, and then
a batch gives each item the numbers that it has alone.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask
from sonovox.models.wav2vec2.packing import pays, unpack

__all__ = ["ConvLayerBlock", "FeatureExtractor", "activation_module"]

_TANH_GELU = partial(nn.GELU, approximate="tanh")
# By the names of transformers.
_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "gelu": nn.GELU,
    "gelu_accurate": _TANH_GELU,
    "gelu_fast": _TANH_GELU,
    "gelu_new": _TANH_GELU,
    "gelu_python": nn.GELU,
    "gelu_python_tanh": _TANH_GELU,
    "gelu_pytorch_tanh": _TANH_GELU,
    "hardswish": nn.Hardswish,
    "leaky_relu": nn.LeakyReLU,
    "linear": nn.Identity,
    "mish": nn.Mish,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "swish": nn.SiLU,
    "tanh": nn.Tanh,
}


class ConvLayerBlock(nn.Module):
    """A convolution without padding, a normalisation, an activation.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        kernel_size: in steps.
        stride: in steps.
        bias: of the convolution.
        layer_norm: `nn.GroupNorm` with a group for each channel, `nn.LayerNorm` over the channels, or None.
        activation: see `FeatureExtractor`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int,
        bias: bool,
        layer_norm: nn.Module | None,
        activation: str = "gelu",
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride
        self.layer_norm = layer_norm
        self.conv = nn.Conv1d(in_channels, out_channels, kernel_size, stride=stride, bias=bias)
        self.activation = activation_module(activation)

    def frames(self, steps: Tensor) -> Tensor:
        """Steps that come out for `steps` that go in; 0 for fewer than the kernel."""
        return (torch.div(steps - self.kernel_size, self.stride, rounding_mode="floor") + 1).clamp(min=0)

    def forward(self, x: Tensor, counts: Tensor | None = None) -> Tensor:
        """`x` `[batch, channels, steps]`; `counts` `[batch]`, the steps of the output that are no padding, or None."""
        x = self.conv(x)
        if isinstance(self.layer_norm, nn.GroupNorm):
            x = self.layer_norm(x) if counts is None else _group_norm(x, self.layer_norm, counts)
        elif self.layer_norm is not None:
            x = self.layer_norm(x.transpose(1, 2)).transpose(1, 2)
        return self.activation(x)


class FeatureExtractor(nn.Module):
    """`ConvLayerBlock`s in a row.

    Args:
        conv_layers: the blocks.
        norm_over_padding: whether group norms see the padding, as in fairseq, torchaudio and transformers.

    >>> layers = [ConvLayerBlock(1, 8, 10, 5, False, nn.GroupNorm(8, 8)), ConvLayerBlock(8, 8, 3, 2, False, None)]
    >>> extractor = FeatureExtractor(nn.ModuleList(layers))
    >>> features, counts = extractor(torch.randn(2, 400), torch.tensor([400, 200]))
    >>> features.shape, counts
    (torch.Size([2, 39, 8]), tensor([39, 19]))
    """

    def __init__(self, conv_layers: nn.ModuleList, norm_over_padding: bool = True) -> None:
        super().__init__()
        self.conv_layers = conv_layers
        self.norm_over_padding = norm_over_padding

    @classmethod
    def build(
        cls, mode: str, layers: Sequence[Sequence[int]], bias: bool, activation: str = "gelu"
    ) -> "FeatureExtractor":
        """From (channels, kernel, stride) of each layer.

        Raises:
            ChoiceError: an unknown `mode` or `activation`.
        """
        check_choice("extractor_mode", mode, ["group_norm", "layer_norm"])
        blocks, before = nn.ModuleList(), 1
        for channels, kernel, stride in layers:
            norm: nn.Module | None = None
            if mode == "layer_norm":
                norm = nn.LayerNorm(channels)
            elif not blocks:
                norm = nn.GroupNorm(channels, channels)
            blocks.append(ConvLayerBlock(before, channels, kernel, stride, bias, norm, activation))
            before = channels
        return cls(blocks)

    def forward(self, x: Tensor, length: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Features `[batch, frames, channels]` of `x` `[batch, samples]`, and frames of each item if asked.

        Args:
            x: floating point samples.
            length: `[batch]`, samples of each item, the others being padding.

        Raises:
            ArgumentError: another shape.
        """
        if x.dim() != 2:
            raise ArgumentError(f"waveforms must be (batch, time), got {tuple(x.shape)}", hint="add or average axes")
        if length is not None and not self.norm_over_padding and pays(x, length):
            return self._item_by_item(x, length)
        x = x.unsqueeze(1)  # [batch, 1, samples]
        for layer in self._blocks():
            length = None if length is None else layer.frames(length)
            x = layer(x, None if self.norm_over_padding else length)
        return x.transpose(1, 2), length

    def _item_by_item(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """What `forward` gives, without work for padding, where features are zero then."""
        spans, items = self.frames(length), []
        *_, last = self._blocks()
        for item, samples, span in zip(x, length.tolist(), spans.tolist(), strict=True):
            if not span:
                items.append(x.new_zeros(0, last.conv.out_channels))
                continue
            part = item[None, None, :samples]
            for layer in self._blocks():
                part = layer(part)
            items.append(part[0].T)
        frames = int(self.frames(torch.tensor(x.shape[1])))
        return unpack(torch.cat(items).unsqueeze(0), spans.tolist(), frames), spans

    def frames(self, samples: Tensor) -> Tensor:
        """Frames of recordings of so many `samples`."""
        for layer in self._blocks():
            samples = layer.frames(samples)
        return samples

    def _blocks(self) -> Iterator[ConvLayerBlock]:
        return (cast(ConvLayerBlock, layer) for layer in self.conv_layers)


def activation_module(name: str) -> nn.Module:
    """The activation of a name.

    Raises:
        ChoiceError: an unknown one.
    """
    check_choice("activation", name, _ACTIVATIONS)
    return _ACTIVATIONS[name]()


def _group_norm(x: Tensor, norm: nn.GroupNorm, counts: Tensor) -> Tensor:
    """A group norm with a group for each channel, whose moments are taken over `counts` steps of each item."""
    mask = length_to_mask(counts, x.shape[-1], torch.bool).unsqueeze(1)  # [batch, 1, steps]
    number = counts.clamp(min=1).to(x.dtype).view(-1, 1, 1)
    mean = x.masked_fill(~mask, 0).sum(-1, keepdim=True) / number
    variance = (x - mean).masked_fill(~mask, 0).square().sum(-1, keepdim=True) / number
    scale = norm.weight.view(-1, 1) * (variance + norm.eps).rsqrt()
    return (x - mean) * scale + norm.bias.view(-1, 1)
