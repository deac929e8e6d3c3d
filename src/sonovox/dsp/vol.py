"""Volume: a gain, and a limit at full scale."""

import math

from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_floating
from sonovox._internal.errors import ArgumentError

__all__ = ["Vol"]


class Vol(nn.Module):
    """Make signals louder or quieter; what passes full scale is cut off at -1 and 1.

    Args:
        gain: by which to change the level.
        gain_type: `"amplitude"`: `gain` is a factor; `"power"`: of the power, the square of the amplitude;
            `"db"`: in decibels.

    Raises:
        ArgumentError: a negative factor, an unknown type.

    >>> import torch
    >>> Vol(-20.0, gain_type="db")(torch.tensor([0.5, -1.0]))
    tensor([ 0.0500, -0.1000])
    """

    def __init__(self, gain: float, gain_type: str = "amplitude") -> None:
        super().__init__()
        check_choice("gain_type", gain_type, ["amplitude", "db", "power"])
        if gain_type != "db" and gain < 0:
            raise ArgumentError(
                f"gain must not be negative for gain_type={gain_type!r}, got {gain}", hint="use gain_type='db'"
            )
        self.gain = gain
        self.gain_type = gain_type

    def forward(self, waveform: Tensor) -> Tensor:
        check_floating("waveform", waveform)
        if self.gain_type == "db":
            factor = 10.0 ** (self.gain / 20)
        else:
            factor = math.sqrt(self.gain) if self.gain_type == "power" else self.gain
        return (waveform * factor).clamp(-1.0, 1.0)

    def extra_repr(self) -> str:
        return f"gain={self.gain}, gain_type={self.gain_type}"
