"""Checks of arguments: each raises an error that says what was expected, what came and the remedy."""

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sonovox._internal.errors import ArgumentError, ChoiceError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["check_choice", "check_floating", "check_positive", "check_time_axis", "did_you_mean"]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion for a misspelt `word`, or an empty string where nothing is near.

    >>> did_you_mean("tiny.eng", ["tiny", "tiny.en", "base"])
    'did you mean tiny.en?'
    """
    lowered = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f"did you mean {lowered[near[0]]}?" if near else ""


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    """Refuse a `value` that is not among `known`.

    Raises:
        ChoiceError: with the known names, and the nearest one as the hint.

    >>> check_choice("mel_scale", "slany", ["htk", "slaney"])
    Traceback (most recent call last):
    sonovox._internal.errors.ChoiceError: mel_scale must be one of htk, slaney, got 'slany'; did you mean slaney?
    """
    known = list(known)
    if value not in known:
        raise ChoiceError(
            f"{name} must be one of {', '.join(known)}, got {value!r}", hint=did_you_mean(str(value), known)
        )


def check_positive(name: str, value: float, *, unit: str = "") -> None:
    """Refuse zero, negative values and NaN; `unit` (such as "in Hz") goes into the hint.

    Raises:
        ArgumentError: naming the argument and its value.
    """
    if not value > 0:
        raise ArgumentError(f"{name} must be positive, got {value}", hint=f"give it {unit}" if unit else "")


def check_floating(name: str, tensor: "Tensor", *, allow_complex: bool = False) -> None:
    """Refuse tensors of integers, with the way to convert them.

    Raises:
        ArgumentError: naming the dtype that came and the conversion.
    """
    if tensor.is_floating_point() or (allow_complex and tensor.is_complex()):
        return
    dtype = str(tensor.dtype).removeprefix("torch.")
    full_scale = {"uint8": "(x.float() - 128) / 128", "int16": "x.float() / 32768", "int32": "x.double() / 2**31"}
    remedy = full_scale.get(dtype, "x.float()")
    raise ArgumentError(f"{name} must be floating point, got {dtype}", hint=f"convert it, for example {remedy}")


def check_time_axis(name: str, tensor: "Tensor") -> None:
    """Refuse a scalar where a signal `(..., time)` is needed.

    Raises:
        ArgumentError: when the tensor has no dimension.
    """
    if tensor.dim() == 0:
        raise ArgumentError(f"{name} must have a time axis (..., time), got a scalar", hint="pass a tensor of samples")
