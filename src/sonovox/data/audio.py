"""Sound of an item, from wherever its description says it lies, and sound written to a file."""

import os
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError
from sonovox.data.byte_ranges import open_range
from sonovox.dsp.resample import resample
from sonovox.io.info import info
from sonovox.io.load import load
from sonovox.io.save import save

__all__ = ["audio_duration", "read_audio", "write_audio"]

_PARTS = ("file", "start", "stop", "offset", "size")


def read_audio(waveforms_obj: Any, backend: str | None = None, *, sample_rate: int | None = None) -> Tensor:
    """The samples of a file or of a part of it, in float32 with full scale 1.

    Args:
        waveforms_obj: a path; or a mapping with "file", and "start" and "stop" in samples (the first that is read,
            and the first that is not) to read a part; or what the readers of `DynamicItemDataset` put under
            "audio": a range of bytes of a tar file, a cut of Lhotse, a value of a Hugging Face audio column.
        backend: has no effect; it is here for code that names one.
        sample_rate: resample to this rate in Hz; None to take the samples as they are.

    Returns:
        `(time,)` of one channel, `(time, channels)` of several.

    Raises:
        ArgumentError: a mapping without "file" or with other keys, or a part that ends before it starts.
        AudioError: as `sonovox.load`.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.wav"
    >>> write_audio(path, torch.tensor([0.0, 0.25, 0.5, 0.75]), 8000)
    >>> read_audio({"file": path, "start": 1, "stop": 3})
    tensor([0.2500, 0.5000])
    """
    if isinstance(waveforms_obj, str | os.PathLike):
        waveform, _ = load(waveforms_obj, sample_rate=sample_rate)
    elif isinstance(waveforms_obj, Mapping) and "array" not in waveforms_obj:
        waveform = _load_part(waveforms_obj, sample_rate)
    else:
        waveform, rate = _in_memory(waveforms_obj)
        if sample_rate is not None and sample_rate != rate:
            waveform = resample(waveform, rate, sample_rate)
    return waveform[0] if len(waveform) == 1 else waveform.T  # (time,) or (time, channels)


def write_audio(filepath: str | os.PathLike[str], audio: Tensor, samplerate: int) -> None:
    """Write samples to a file, whole or not at all; see `sonovox.save`, which has more choices.

    Args:
        filepath: its suffix chooses the format.
        audio: `(time,)` or `(time, channels)`.
        samplerate: in Hz.
    """
    save(filepath, audio, samplerate, channels_first=False)


def audio_duration(waveforms_obj: Any) -> float:
    """Seconds of what `read_audio` would read, by the header of the file, without its samples."""
    if hasattr(waveforms_obj, "duration"):
        return float(waveforms_obj.duration)
    if isinstance(waveforms_obj, str | os.PathLike):
        return info(waveforms_obj).duration
    if not isinstance(waveforms_obj, Mapping) or "array" in waveforms_obj:
        waveform, rate = _in_memory(waveforms_obj)
        return waveform.shape[1] / rate
    start, count = _extent(waveforms_obj)
    metadata = info(open_range(waveforms_obj))
    frames = metadata.num_frames - start
    return (frames if count < 0 else min(count, frames)) / metadata.sample_rate


def _load_part(part: Mapping[str, Any], sample_rate: int | None) -> Tensor:
    start, count = _extent(part)
    waveform, _ = load(open_range(part), frame_offset=start, num_frames=count, sample_rate=sample_rate)
    return waveform


def _extent(part: Mapping[str, Any]) -> tuple[int, int]:
    """First sample and number of samples, -1 for all that follow."""
    if part.get("bytes") is None:  # Hugging Face puts bytes and a path beside each other
        for name in part:
            if name not in _PARTS and name != "path":
                raise ArgumentError(
                    f"{', '.join(_PARTS)} were expected, got {name!r}", hint=did_you_mean(str(name), _PARTS)
                )
    start = int(part.get("start", 0))
    if part.get("stop") is None:
        return start, -1
    stop = int(part["stop"])
    if stop <= start:
        raise ArgumentError(
            f"stop must be after start, got start {start} and stop {stop} of {part.get('file')}",
            hint="leave stop away to read to the end",
        )
    return start, stop - start


def _in_memory(sound: Any) -> tuple[Tensor, int]:
    """`(channels, time)` and the rate of a decoded Hugging Face value or a Lhotse cut."""
    if isinstance(sound, Mapping):
        samples, rate = torch.as_tensor(sound["array"]), sound["sampling_rate"]
    elif hasattr(sound, "load_audio"):
        samples, rate = torch.as_tensor(sound.load_audio()), sound.sampling_rate
    elif hasattr(sound, "get_all_samples"):
        decoded = sound.get_all_samples()
        samples, rate = decoded.data, decoded.sample_rate
    else:
        raise ArgumentError(
            f"sound must be a path, a mapping or a cut, got {type(sound).__name__}",
            hint='does the function take the key that holds the path? for example takes="audio"',
        )
    return torch.atleast_2d(samples.float()), int(rate)
