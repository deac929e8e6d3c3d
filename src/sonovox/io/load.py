"""Read a file of sound into a tensor."""

import numpy as np
import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.io.reader import Reader, check_complete, check_on_short, check_range, open_reader
from sonovox.io.samples import check_finite, to_float
from sonovox.io.sndfile import SndfileReader
from sonovox.io.source import AudioFile
from sonovox.io.wav import WavReader

__all__ = ["load"]

# A header is trusted with memory up to this many samples for each byte of the file and some more;
# where more come, the array grows with them.
_DENSEST = 8
_ALWAYS = 1 << 20


def load(
    filepath: AudioFile,
    frame_offset: int = 0,
    num_frames: int = -1,
    normalize: bool = True,
    channels_first: bool = True,
    format: str | None = None,
    *,
    sample_rate: int | None = None,
    mono: bool = False,
    check: bool = False,
    on_short: str = "raise",
) -> tuple[Tensor, int]:
    """The samples of a file and their rate in Hz.

    Reads wav, flac, ogg (vorbis, opus), mp3, aiff, au, caf, w64 and sph through libsndfile or
    directly, and m4a, mp4, mov, webm, mkv, wma, aac with `pip install 'sonovox[media]'`. The
    content decides, not the name. Samples that the file does not hold are never made up or
    left out in silence, and memory grows with what is there, not with what a header promises.

    Args:
        filepath: a path, or an object with `read()` in binary mode. An object is read from its
            start; one that cannot seek (a pipe) is read into memory.
        frame_offset: samples per channel to leave out at the start, at the file's own rate;
            a partial read seeks.
        num_frames: samples per channel to read, at the file's own rate; -1 for all. Fewer come
            where the file ends before.
        normalize: give float32 with full scale 1. With False, integer wav files keep their
            samples: uint8 for 8 bit, int16, int32 for 24 bit (shifted left by 8) and 32 bit, and
            float wav files theirs. On all other formats it has no effect.
        channels_first: `(channels, time)`, or `(time, channels)` with False.
        format: what the file must be, such as `"wav"`; None to accept anything.
        sample_rate: in Hz, to resample to; None for the file's own.
        mono: average the channels into one.
        check: refuse NaN and infinite samples.
        on_short: what to do with a file that ends before its header says, or that cannot be
            decoded to its end: `"raise"`, or `"warn"` and give what is there. A wav from a pipe,
            whose header has a size of 0 or 0xFFFFFFFF, lasts until its end and is not short.

    Returns:
        The samples, and their rate in Hz (`sample_rate` where that was given).

    Raises:
        AudioNotFoundError: no such file, or a folder.
        UnsupportedAudioError: not a sound file, or not of the wanted `format`.
        CorruptAudioError: an empty file or a damaged header.
        ShortAudioError: fewer samples than the header promises.
        NonFiniteAudioError: NaN or infinity, with `check`.
        MissingDependencyError: PyAV is needed and not installed.
        ArgumentError: an offset beyond the end, or arguments that exclude each other.

    >>> import io, sonovox
    >>> file = io.BytesIO()
    >>> sonovox.save(file, torch.tensor([[0.0, 0.5, -0.5, 0.25]]), 8000, format="wav")
    >>> sonovox.load(file, frame_offset=1)
    (tensor([[ 0.5000, -0.5000,  0.2500]]), 8000)
    """
    check_on_short(on_short)
    if sample_rate is not None:
        check_positive("sample_rate", sample_rate, unit="in Hz")
    if not normalize and (mono or sample_rate is not None):
        raise ArgumentError(
            "normalize=False keeps the samples as they are, and excludes mono=True and sample_rate=",
            hint="leave normalize=True, or average and resample afterwards",
        )
    with open_reader(filepath, format) as reader:
        stop = check_range(reader, frame_offset, num_frames)
        samples = _collect(reader, frame_offset, stop, normalize, mono)
        check_complete(reader, frame_offset, stop, samples.shape[1], on_short)
        if check:
            check_finite(reader.name, samples, frame_offset, reader.metadata.sample_rate)
        rate = reader.metadata.sample_rate
    waveform = torch.from_numpy(samples)  # (channels, time)
    if sample_rate is not None and sample_rate != rate:
        from sonovox.dsp.resample import resample

        waveform, rate = resample(waveform, rate, sample_rate), sample_rate
    return (waveform if channels_first else waveform.T.contiguous()), rate


def _collect(reader: Reader, start: int, stop: int | None, normalize: bool, mono: bool) -> np.ndarray:
    """Samples `start` to `stop` in one array `(channels, frames)`."""
    channels = reader.metadata.num_channels
    expected = (reader.metadata.num_frames if stop is None else stop) - start
    capacity = max(0, min(expected, (_DENSEST * reader.size + _ALWAYS) // channels))
    # NumPy asks for huge pages where torch.empty does not: page faults were half the cost of a whole read.
    out = np.empty((1 if mono else channels, capacity), np.float32 if normalize else reader.dtype)
    # Straight to its place, where the header promises no more than a file of this size may hold.
    is_plausible = stop is not None and capacity >= expected
    if isinstance(reader, WavReader | SndfileReader) and is_plausible and reader.is_raw and out.dtype == reader.dtype:
        return _cut(out, reader.read_into(out[0], start))
    filled = 0
    for block in reader.blocks(start, stop, native=not normalize):
        end = filled + len(block)
        if end > out.shape[1]:
            out = np.concatenate((out[:, :filled], np.empty((len(out), end), out.dtype)), axis=1)
        if normalize:
            to_float(block, out[:, filled:end])
        else:
            out[:, filled:end] = block.T
        filled = end
    return _cut(out, filled)


def _cut(samples: np.ndarray, frames: int) -> np.ndarray:
    return samples if frames == samples.shape[1] else samples[:, :frames].copy()
