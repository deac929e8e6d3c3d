"""Sound of an item that is made up of several recordings, such as a string of spoken digits."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.data.audio import read_audio

__all__ = ["read_joined_audio"]


def read_joined_audio(sounds: Any, *, sample_rate: int, pause_s: float = 0.1) -> Tensor:
    """The samples `(time,)` of recordings of one channel each, one after another.

    Args:
        sounds: a list of what `read_audio` takes, or one alone, which is read as it is.
        sample_rate: of the result in Hz; recordings of another are resampled.
        pause_s: seconds of silence between two.

    Raises:
        ArgumentError: no recording, several channels in one of many, or a pause below 0.
        AudioError: as `sonovox.load`.

    >>> import pathlib, tempfile
    >>> from sonovox.data import write_audio
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.wav"
    >>> write_audio(path, torch.tensor([0.25, 0.5]), 8000)
    >>> read_joined_audio([path, path], sample_rate=8000, pause_s=1 / 8000)
    tensor([0.2500, 0.5000, 0.0000, 0.2500, 0.5000])
    """
    if pause_s < 0:
        raise ArgumentError(f"pause_s must not be negative, got {pause_s}")
    is_one = isinstance(sounds, str | os.PathLike | Mapping) or not isinstance(sounds, Sequence)
    signals = [read_audio(sound, sample_rate=sample_rate) for sound in ([sounds] if is_one else sounds)]
    if not signals:
        raise ArgumentError("at least one recording is needed, got an empty list")
    if len(signals) == 1:
        return signals[0]
    if any(signal.dim() != 1 for signal in signals):
        raise ArgumentError("recordings of one channel can be joined, got several channels", hint="average them first")
    pause = torch.zeros(round(pause_s * sample_rate))
    return torch.cat([part for signal in signals for part in (signal, pause)][:-1])
