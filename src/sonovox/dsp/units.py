"""Decibels: logarithmic units of power and amplitude, and back."""

import math

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_floating, check_positive
from sonovox._internal.errors import ArgumentError

__all__ = ["AmplitudeToDB", "DB_to_amplitude", "amplitude_to_DB"]


def amplitude_to_DB(  # noqa: N802, torchaudio's name
    x: Tensor, multiplier: float, amin: float, db_multiplier: float, top_db: float | None = None
) -> Tensor:
    """Decibels of powers or amplitudes: `multiplier * (log10(max(x, amin)) - db_multiplier)`.

    Args:
        x: floating point; with `top_db` its last three dimensions (or as many as there are) are one
            item, as in `(batch, channel, freq, frames)`.
        multiplier: 10 for powers, 20 for amplitudes.
        amin: positive; smaller values count as this, so that silence is finite.
        db_multiplier: log10 of the reference that is 0 dB.
        top_db: limit each item to so many dB below its maximum. A batch of one-channel spectrograms
            is `(batch, 1, freq, frames)`: of `(batch, freq, frames)` the items would share one maximum.

    Returns:
        The shape of `x`, in dB.

    Raises:
        ArgumentError: `amin` or `top_db` not positive, integers.

    >>> amplitude_to_DB(torch.tensor([1.0, 0.1, 0.0]), 20.0, 1e-5, 0.0)
    tensor([   0.,  -20., -100.])
    >>> amplitude_to_DB(torch.tensor([1.0, 0.1, 0.0]), 20.0, 1e-5, 0.0, top_db=80.0)
    tensor([  0., -20., -80.])
    """
    check_floating("x", x)
    check_positive("amin", amin)
    if x.dtype == torch.float16:  # whose smallest number is above 1e-10: powers near silence would be log10(0)
        return amplitude_to_DB(x.float(), multiplier, amin, db_multiplier, top_db).half()
    decibels = multiplier * x.clamp(min=amin).log10() - multiplier * db_multiplier
    if top_db is None:
        return decibels
    _check_top_db(top_db)
    if x.numel() == 0:
        return decibels
    dims = tuple(range(-min(3, x.dim()), 0))
    return torch.maximum(decibels, decibels.amax(dim=dims, keepdim=True) - top_db)


class AmplitudeToDB(nn.Module):
    """Decibels relative to 1, by `amplitude_to_DB` with `amin = 1e-10`.

    Args:
        stype: `"power"`, or `"magnitude"` for amplitudes.
        top_db: see `amplitude_to_DB`.

    >>> AmplitudeToDB(top_db=80.0)(torch.tensor([100.0, 0.0]))
    tensor([ 20., -60.])
    """

    def __init__(self, stype: str = "power", top_db: float | None = None) -> None:
        super().__init__()
        check_choice("stype", stype, ["magnitude", "power"])
        if top_db is not None:
            _check_top_db(top_db)
        self.stype = stype
        self.top_db = top_db
        self.multiplier = 10.0 if stype == "power" else 20.0
        self.amin = 1e-10
        self.db_multiplier = 0.0

    def forward(self, x: Tensor) -> Tensor:
        return amplitude_to_DB(x, self.multiplier, self.amin, self.db_multiplier, self.top_db)

    def extra_repr(self) -> str:
        return f"stype={self.stype}, top_db={self.top_db}"


def DB_to_amplitude(x: Tensor, ref: float, power: float) -> Tensor:  # noqa: N802, torchaudio's name
    """Powers or amplitudes of decibels: `ref * (10 ** (x / 10)) ** power`.

    Args:
        x: in dB, floating point.
        ref: the value that is 0 dB.
        power: 1 for powers, 0.5 for amplitudes.

    >>> DB_to_amplitude(torch.tensor([0.0, -20.0]), 1.0, 0.5)
    tensor([1.0000, 0.1000])
    """
    check_floating("x", x)
    return ref * torch.exp(x * (power * math.log(10.0) / 10.0))


def _check_top_db(top_db: float) -> None:
    if top_db < 0:
        raise ArgumentError(f"top_db must not be negative, got {top_db}", hint="it is a range, such as 80 dB")
