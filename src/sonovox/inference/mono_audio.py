"""Recordings of any kind as models hear them: one channel at one sample rate, block by block."""

import os
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating, check_positive
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError
from sonovox.dsp.resample import resample
from sonovox.io import info, stream
from sonovox.io.source import AudioFile, name_of_object

__all__ = ["Audio", "announced_seconds", "audio_name", "mono_blocks", "mono_stretch"]

Audio = AudioFile | Tensor


def mono_blocks(
    audio: Audio, sample_rate: int | None, model_rate: int, *, block_seconds: float = 30.0
) -> Iterator[Tensor]:
    """Blocks `(time,)` of a recording, its channels averaged, at the rate of a model.

    Args:
        audio: a path, a binary file-like object, or samples `(time,)` or `(channels, time)`.
        sample_rate: of samples, in Hz; a file knows its own.
        model_rate: of the blocks, in Hz.
        block_seconds: length of a block of a file; samples come in one.

    Raises:
        AudioError: the file cannot be read.
        NonFiniteAudioError: NaN or infinity among the samples.
        ArgumentError: samples without a rate, of integers, or of a shape that is no signal.
    """
    if isinstance(audio, Tensor):
        if sample_rate is None:
            raise ArgumentError("samples need their sample_rate", hint="give it in Hz, for example sample_rate=16000")
        if audio.dim() not in (1, 2):
            raise ArgumentError(
                f"samples must be (time,) or (channels, time), got {tuple(audio.shape)}",
                hint="transcribe_batch takes several recordings",
            )
        check_positive("sample_rate", sample_rate, unit="in Hz")
        check_floating("samples", audio)
        if not bool(torch.isfinite(audio).all()):
            raise NonFiniteAudioError("the samples contain NaN or infinity", hint="see torch.isfinite")
        samples = audio.detach().float().cpu()
        yield resample(samples if samples.dim() == 1 else samples.mean(0), sample_rate, model_rate)
        return
    for block in stream(audio, block_seconds, sample_rate=model_rate, mono=True, check=True):
        yield block[0]


def mono_stretch(
    path: str | os.PathLike[str], begin: float, end: float, model_rate: int, *, block_seconds: float = 30.0
) -> Iterator[Tensor]:
    """Blocks `(time,)` of a file from `begin` to `end`, as those of `mono_blocks`; none where that is no sample.

    Args:
        path: of the file.
        begin: in seconds.
        end: in seconds; that of the file where it lies behind it.
        model_rate: of the blocks, in Hz.
        block_seconds: length of a block.

    Raises:
        AudioError: the file cannot be read, or holds NaN or infinity.
    """
    metadata = info(path)
    first = round(begin * metadata.sample_rate)
    count = min(round(end * metadata.sample_rate), metadata.num_frames) - first
    if count <= 0:
        return
    for block in stream(
        path, block_seconds, sample_rate=model_rate, mono=True, frame_offset=first, num_frames=count, check=True
    ):
        yield block[0]


def audio_name(audio: Audio) -> str:
    """What a message calls a recording.

    >>> audio_name("a.wav"), audio_name(torch.zeros(1))
    ('a.wav', 'the tensor')
    """
    if isinstance(audio, Tensor):
        return "the tensor"
    return os.fspath(audio) if isinstance(audio, str | os.PathLike) else name_of_object(audio)


def announced_seconds(audio: Audio, sample_rate: int | None) -> float:
    """How long a recording says it is, in seconds; 0 where that cannot be known before it is read.

    >>> announced_seconds(torch.zeros(8000), 16000)
    0.5
    """
    if isinstance(audio, Tensor):
        return audio.shape[-1] / sample_rate if sample_rate else 0.0
    if isinstance(audio, str | os.PathLike) and Path(audio).is_file():
        return info(audio).duration
    return 0.0
