"""Gain in decibels."""

from torch import Tensor

from sonovox._internal.checks import check_floating

__all__ = ["gain"]


def gain(waveform: Tensor, gain_db: float = 1.0) -> Tensor:
    """`waveform` times `10^(gain_db / 20)`; not limited.

    Args:
        waveform: `(..., time)`, floating point.
        gain_db: in dB; negative attenuates.

    Returns:
        The shape of `waveform`.

    Raises:
        ArgumentError: a waveform of integers.

    >>> import torch
    >>> gain(torch.tensor([0.1, -0.1]), 20.0)
    tensor([ 1., -1.])
    """
    check_floating("waveform", waveform)
    return waveform * 10 ** (gain_db / 20)
