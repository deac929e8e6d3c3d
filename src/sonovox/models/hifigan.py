"""HiFi-GAN: a waveform from a mel spectrogram, all samples at once.

Kong, Kim and Bae, "HiFi-GAN: generative adversarial networks for efficient and high fidelity speech synthesis",
NeurIPS 2020; the generator. Weights of SpeechBrain load as they are, those of the authors too. Where a signal goes
on behind its ends, SpeechBrain's see it mirrored and the authors' see zeros: `padding_mode`.
"""

import re
from collections.abc import MutableMapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask
from sonovox.nn.convolution import Conv1d
from sonovox.nn.transposed_convolution import ConvTranspose1d

__all__ = ["HifiganGenerator"]

SLOPE = 0.1
# Of the authors' names, which have no ".conv" before the last part.
_AUTHORS = re.compile(r"^(conv_pre|conv_post|ups\.\d+|resblocks\.\d+\.convs[12]?\.\d+)\.(?!conv\.)")

# Length and direction of a weight, as torch names them, and as it did before.
_NORMS = (("parametrizations.weight.original0", "parametrizations.weight.original1"), ("weight_g", "weight_v"))


class HifiganGenerator(nn.Module):
    """Waveforms of mel spectrograms (their natural logarithms, as the model was trained with).

    Args:
        in_channels: bins of the spectrogram.
        out_channels: must be 1.
        resblock_type: `"1"`, two convolutions for each dilation, or `"2"`, one for each of the first two.
        resblock_dilation_sizes: for each kernel size the dilations, one after the other.
        resblock_kernel_sizes: of the residual blocks after each step up, of which the results are averaged.
        upsample_kernel_sizes: taps of each step up; as even or odd as its factor.
        upsample_initial_channel: channels at the rate of the frames; each step up halves them.
        upsample_factors: whose product is the hop length, in samples.
        inference_padding: frames that `inference` repeats at both ends.
        cond_channels: channels of a condition, such as a speaker's embedding; 0 for none.
        conv_post_bias: whether the last convolution has one.
        padding_mode: `"reflect"`, or `"constant"` for the authors' weights; see `Conv1d`.

    Raises:
        ArgumentError: other than one channel, lists of different lengths, or taps that do not go with a factor.
        ChoiceError: another `resblock_type` or `padding_mode`.

    >>> model = HifiganGenerator(
    ...     80, 1, "1", [[1, 3, 5], [1, 3, 5]], [3, 7], [16, 16, 8], 32, [8, 8, 4]
    ... )
    >>> model(torch.zeros(2, 80, 30)).shape
    torch.Size([2, 1, 7680])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        resblock_type: str,
        resblock_dilation_sizes: Sequence[Sequence[int]],
        resblock_kernel_sizes: Sequence[int],
        upsample_kernel_sizes: Sequence[int],
        upsample_initial_channel: int,
        upsample_factors: Sequence[int],
        inference_padding: int = 5,
        cond_channels: int = 0,
        conv_post_bias: bool = True,
        *,
        padding_mode: str = "reflect",
    ) -> None:
        super().__init__()
        check_choice("resblock_type", resblock_type, ["1", "2"])
        if out_channels != 1:
            raise ArgumentError(f"out_channels must be 1, got {out_channels}", hint="make one waveform at a time")
        check_choice("padding_mode", padding_mode, ["reflect", "constant"])
        _check_same_length("upsample_kernel_sizes", upsample_kernel_sizes, "upsample_factors", upsample_factors)
        for factor, kernel_size in zip(upsample_factors, upsample_kernel_sizes, strict=True):
            if kernel_size < factor or (kernel_size - factor) % 2:
                raise ArgumentError(
                    f"steps up by {factor} need {factor}, {factor + 2}, {factor + 4}, ... taps, got {kernel_size}",
                    hint="twice the factor is usual",
                )
        _check_same_length(
            "resblock_dilation_sizes", resblock_dilation_sizes, "resblock_kernel_sizes", resblock_kernel_sizes
        )
        self.in_channels, self.inference_padding = in_channels, inference_padding
        self.upsample_factors = tuple(upsample_factors)
        self.num_kernels = len(resblock_kernel_sizes)
        self.conv_pre = _convolution(in_channels, upsample_initial_channel, 7, padding_mode)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        channels = upsample_initial_channel
        block = _ResBlock1 if resblock_type == "1" else _ResBlock2
        for factor, kernel_size in zip(upsample_factors, upsample_kernel_sizes, strict=True):
            up = ConvTranspose1d(
                channels // 2,
                kernel_size,
                in_channels=channels,
                stride=factor,
                padding=(kernel_size - factor) // 2,
                skip_transpose=True,
                weight_norm=True,
            )
            self.ups.append(up)
            channels //= 2
            for size, dilations in zip(resblock_kernel_sizes, resblock_dilation_sizes, strict=True):
                self.resblocks.append(block(channels, size, dilations, padding_mode))
        self.conv_post = _convolution(channels, 1, 7, padding_mode, bias=conv_post_bias)
        self.cond_layer = Conv1d(upsample_initial_channel, 1, in_channels=cond_channels) if cond_channels else None
        self.register_load_state_dict_pre_hook(_translate)

    def forward(self, x: Tensor, g: Tensor | None = None, counts: Tensor | None = None) -> Tensor:
        """`(batch, 1, frames * hop_length)`, from -1 to 1.

        Args:
            x: `(batch, in_channels, frames)`.
            g: `(batch, 1, cond_channels)`, the condition of a model that has one.
            counts: frames of each item, `(batch,)`: up to their ends, items are what they are alone; behind, they are
                nothing. None lets shorter items hear what they are padded with.

        Raises:
            ArgumentError: a condition is missing, or there is one too many.
        """
        if (g is None) != (self.cond_layer is None):
            raise ArgumentError(
                "g must be given where cond_channels is, and only there",
                hint="leave g out" if self.cond_layer is None else "give g, (batch, 1, cond_channels)",
            )
        o = _convolve(self.conv_pre, x, counts)
        if self.cond_layer is not None:
            o = o + self.cond_layer(g).transpose(1, 2)
        each = self.num_kernels
        for step, (up, factor) in enumerate(zip(self.ups, self.upsample_factors, strict=True)):
            o = up(_silent_behind(F.leaky_relu(o, SLOPE), counts))
            counts = None if counts is None else counts * factor
            blocks = self.resblocks[step * each : (step + 1) * each]
            o = sum(block(o, counts) for block in blocks) / each
        return _convolve(self.conv_post, F.leaky_relu(o), counts).tanh()  # its slope is another one, the authors' too

    @torch.no_grad()
    def inference(self, c: Tensor, padding: bool = True, counts: Tensor | None = None) -> Tensor:
        """`(batch, 1, (frames + 2 * inference_padding) * hop_length)`, without gradients.

        Args:
            c: `(batch, in_channels, frames)`.
            padding: repeat the outermost frames at both ends, so that nothing is lost there.
            counts: frames of each item, `(batch,)`, see `forward`; its own last frame is what is repeated.
        """
        margin = self.inference_padding if padding else 0
        frames = c.shape[2]
        if counts is None:
            return self(F.pad(c, (margin, margin), "replicate"))
        last = (counts - 1).unsqueeze(1)
        source = torch.arange(-margin, frames + margin, device=c.device).clamp(min=0).minimum(last)
        padded = c.gather(2, source.unsqueeze(1).expand(-1, c.shape[1], -1))
        return self(padded, counts=counts + 2 * margin)

    def remove_weight_norm(self) -> None:
        """Put the weights together again, for inference; once or more."""
        for layer in self.modules():
            if isinstance(layer, Conv1d | ConvTranspose1d) and parametrize.is_parametrized(layer.conv):
                layer.remove_weight_norm()


class _ResBlock1(nn.Module):
    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int], padding_mode: str) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            _convolution(channels, channels, kernel_size, padding_mode, dilation=dilation) for dilation in dilations
        )
        self.convs2 = nn.ModuleList(_convolution(channels, channels, kernel_size, padding_mode) for _ in dilations)

    def forward(self, x: Tensor, counts: Tensor | None) -> Tensor:
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            y = _convolve(dilated, F.leaky_relu(x, SLOPE), counts)
            x = x + _convolve(plain, F.leaky_relu(y, SLOPE), counts)
        return x


class _ResBlock2(nn.Module):
    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int], padding_mode: str) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            _convolution(channels, channels, kernel_size, padding_mode, dilation=dilation) for dilation in dilations[:2]
        )

    def forward(self, x: Tensor, counts: Tensor | None) -> Tensor:
        for dilated in self.convs:
            x = x + _convolve(dilated, F.leaky_relu(x, SLOPE), counts)
        return x


def _convolution(
    in_channels: int, out_channels: int, kernel_size: int, padding_mode: str, *, dilation: int = 1, bias: bool = True
) -> Conv1d:
    return Conv1d(
        out_channels,
        kernel_size,
        in_channels=in_channels,
        dilation=dilation,
        bias=bias,
        padding_mode=padding_mode,
        skip_transpose=True,
        weight_norm=True,
    )


def _convolve(layer: nn.Module, x: Tensor, counts: Tensor | None) -> Tensor:
    """What `layer` makes of each item as if it ended with its `counts`."""
    if counts is None or layer.padding_mode == "reflect":
        return layer(x, counts)
    return layer(_silent_behind(x, counts))


def _silent_behind(x: Tensor, counts: Tensor | None) -> Tensor:
    return x if counts is None else x * length_to_mask(counts, x.shape[2], x.dtype).unsqueeze(1)


def _check_same_length(name: str, values: Sequence[object], other: str, others: Sequence[object]) -> None:
    if len(values) != len(others):
        raise ArgumentError(
            f"{name} and {other} must have one entry for each other, got {len(values)} and {len(others)}",
            hint="add what is missing",
        )


def _translate(module: nn.Module, state_dict: MutableMapping[str, Any], prefix: str, *_: object) -> None:
    """The authors' names to SpeechBrain's; weights in one piece or as direction and length, as we have them here."""
    own = module.state_dict().keys()
    for name in [name for name in state_dict if name.startswith(prefix)]:
        inner = _AUTHORS.sub(r"\1.conv.", name.removeprefix(prefix))
        state_dict[prefix + inner] = state_dict.pop(name)
    for place in [name.removesuffix("weight") for name in own if name.endswith(".weight")]:
        for length, direction in _NORMS:
            if prefix + place + length in state_dict and prefix + place + direction in state_dict:
                g, v = state_dict.pop(prefix + place + length), state_dict.pop(prefix + place + direction)
                state_dict[prefix + place + "weight"] = g * v / _length(v)
    for place in [name.removesuffix(_NORMS[0][0]) for name in own if name.endswith(_NORMS[0][0])]:
        if prefix + place + "weight" in state_dict:
            weight = state_dict.pop(prefix + place + "weight")
            for part, tensor in zip(_NORMS[0], (_length(weight), weight), strict=True):
                state_dict[prefix + place + part] = tensor


def _length(weight: Tensor) -> Tensor:
    return torch.linalg.vector_norm(weight, dim=(1, 2), keepdim=True)
