"""Fade: a signal that comes out of silence and goes back into it."""

import math

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_floating, check_time_axis
from sonovox._internal.errors import ArgumentError

__all__ = ["Fade"]

SHAPES = ("exponential", "half_sine", "linear", "logarithmic", "quarter_sine")


class Fade(nn.Module):
    """Fade signals in and out.

    Args:
        fade_in_len: of the fade at the start, in samples.
        fade_out_len: of the fade at the end, in samples. The two may overlap.
        fade_shape: of the gain, from 0 to 1: `"linear"`; `"half_sine"`, that starts and ends level; `"quarter_sine"`,
            that ends level and keeps the power of noise when two signals cross; `"logarithmic"`, fast at first;
            `"exponential"`, slow at first.

    Raises:
        ArgumentError: negative lengths, an unknown shape; on a call, a signal shorter than a fade.

    >>> Fade(fade_in_len=3, fade_out_len=2)(torch.ones(6))
    tensor([0.0000, 0.5000, 1.0000, 1.0000, 1.0000, 0.0000])
    """

    def __init__(self, fade_in_len: int = 0, fade_out_len: int = 0, fade_shape: str = "linear") -> None:
        super().__init__()
        check_choice("fade_shape", fade_shape, SHAPES)
        for name, length in (("fade_in_len", fade_in_len), ("fade_out_len", fade_out_len)):
            if length < 0:
                raise ArgumentError(f"{name} must not be negative, got {length}", hint="give it in samples")
        self.fade_in_len = fade_in_len
        self.fade_out_len = fade_out_len
        self.fade_shape = fade_shape

    def forward(self, waveform: Tensor) -> Tensor:
        """`waveform`, `(..., time)`, with its ends faded."""
        check_time_axis("waveform", waveform)
        check_floating("waveform", waveform)
        time = waveform.shape[-1]
        longest = max(self.fade_in_len, self.fade_out_len)
        if longest > time:
            raise ArgumentError(
                f"waveform must have at least {longest} samples to fade, got {time}", hint="shorten the fade"
            )
        dtype = torch.float64 if waveform.dtype == torch.float64 else torch.float32
        full = torch.ones(time, dtype=dtype, device=waveform.device)
        rising = torch.cat((_gain(self.fade_in_len, self.fade_shape, full), full[self.fade_in_len :]))
        falling = torch.cat((full[self.fade_out_len :], _gain(self.fade_out_len, self.fade_shape, full).flip(0)))
        return waveform * (rising * falling).to(waveform.dtype)

    def extra_repr(self) -> str:
        return f"fade_in_len={self.fade_in_len}, fade_out_len={self.fade_out_len}, fade_shape={self.fade_shape}"


def _gain(length: int, shape: str, like: Tensor) -> Tensor:
    x = torch.linspace(0.0, 1.0, length, dtype=like.dtype, device=like.device)
    if shape == "exponential":
        return 2.0 ** (x - 1.0) * x
    if shape == "logarithmic":
        return (torch.log10(0.1 + x) + 1.0).clamp(0.0, 1.0)
    if shape == "quarter_sine":
        return torch.sin(x * math.pi / 2)
    if shape == "half_sine":
        return (1.0 - torch.cos(x * math.pi)) / 2
    return x
