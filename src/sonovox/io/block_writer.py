"""Write a file of sound block by block, in bounded memory, completely or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import soundfile
import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError, UnsupportedAudioError, WriteError
from sonovox._internal.files import atomic_path
from sonovox.io.encodings import FORMATS, choose_encoding, choose_format
from sonovox.io.samples import encodable

__all__ = ["BlockWriter", "block_writer"]


class BlockWriter:
    """What `block_writer` gives.

    Attributes:
        peak: of all samples, before they are limited to full scale.
        clipped: samples that were beyond it.
    """

    def __init__(self, name: str, file: soundfile.SoundFile, choice: tuple[str, int]) -> None:
        self._name, self._file, self._choice = name, file, choice
        self.peak, self.clipped = 0.0, 0

    def write(self, samples: Tensor) -> None:
        """Add samples, `(channels, time)` or `(time,)`, float with full scale 1.

        Raises:
            ArgumentError: another number of channels.
            NonFiniteAudioError: NaN or infinity.
            WriteError: the disk is full.
        """
        frames = samples.detach().float().cpu()
        frames = frames.unsqueeze(0) if frames.dim() == 1 else frames
        if frames.dim() != 2 or frames.shape[0] != self._file.channels:
            raise ArgumentError(f"samples must be ({self._file.channels}, time), got {tuple(samples.shape)}")
        if frames.numel() == 0:
            return
        if not bool(torch.isfinite(frames).all()):
            raise NonFiniteAudioError(f"cannot write {self._name}: NaN or infinity among the samples")
        self.peak = max(self.peak, float(frames.abs().max()))
        if self._choice[0] != "PCM_F":
            self.clipped += int((frames.abs() > 1).sum())
        try:
            self._file.write(encodable(np.ascontiguousarray(frames.numpy().T), self._choice))
        # soundfile asserts that everything was written; a full disk fails that as often as it is reported.
        except (soundfile.LibsndfileError, AssertionError) as error:
            raise WriteError(
                f"cannot write {self._name}: the system took only a part of it",
                hint="nothing was changed there; free space or choose another place",
            ) from error


@contextmanager
def block_writer(
    filepath: str | os.PathLike[str],
    sample_rate: int,
    num_channels: int = 1,
    *,
    format: str | None = None,
    encoding: str | None = None,
    bits_per_sample: int | None = None,
) -> Iterator[BlockWriter]:
    """A file to write blocks into, which appears under its name when the `with` ends without an error.

    Args:
        filepath: a path. Missing folders are made.
        sample_rate: in Hz.
        num_channels: of all blocks.
        format: as for `save`, as are `encoding` and `bits_per_sample`; for more than 4 GB give `"rf64"`.
        encoding: None for 32-bit floats where the format has them.
        bits_per_sample: None to follow the encoding.

    Raises:
        ArgumentError: a rate or format that cannot be.
        UnsupportedAudioError: the format cannot hold it.
        WriteError: the folder is not writable, and the like.

    >>> import tempfile, sonovox
    >>> path = f"{tempfile.mkdtemp()}/a.wav"
    >>> with block_writer(path, 8000, encoding="PCM_S", bits_per_sample=16) as writer:
    ...     writer.write(torch.zeros(1, 100))
    ...     writer.write(torch.full((1, 50), 2.0))
    >>> sonovox.info(path).num_frames, writer.peak, writer.clipped
    (150, 2.0, 50)
    """
    name = os.fspath(filepath)
    check_positive("sample_rate", sample_rate, unit="in Hz")
    check_positive("num_channels", num_channels)
    key = choose_format(name, format)
    choice = choose_encoding(key, torch.float32, encoding, bits_per_sample)
    with atomic_path(filepath) as temporary:
        try:
            file = soundfile.SoundFile(
                os.fsencode(temporary) if os.name == "posix" else str(temporary),
                "w",
                samplerate=sample_rate,
                channels=num_channels,
                format=FORMATS[key].container,
                subtype=FORMATS[key].subtypes[choice],
            )
        except soundfile.LibsndfileError as error:
            raise UnsupportedAudioError(
                f"cannot write {name}: {error.error_string}", hint="is the folder writable? else choose another format"
            ) from error
        with file:
            yield BlockWriter(name, file, choice)
