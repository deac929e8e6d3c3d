"""Write a tensor as a file of sound."""

import io
import os
import warnings

import numpy as np
import soundfile
import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import (
    ArgumentError,
    ClippingWarning,
    NonFiniteAudioError,
    UnsupportedAudioError,
    WriteError,
)
from sonovox._internal.files import atomic_path
from sonovox.io.encodings import FORMATS, Choice, choose_encoding, choose_format, compression_settings
from sonovox.io.samples import encodable
from sonovox.io.source import AudioFile, name_of_object

__all__ = ["save"]

_BLOCK_FRAMES = 1 << 16
_WAV_LIMIT = 2**32 - 2**16  # sizes in a wav have 32 bits; beyond, RF64 is written, which is wav with longer ones
_INTEGERS = (torch.uint8, torch.int16, torch.int32)


def save(
    filepath: AudioFile,
    src: Tensor,
    sample_rate: int,
    channels_first: bool = True,
    compression: float | None = None,
    format: str | None = None,
    encoding: str | None = None,
    bits_per_sample: int | None = None,
) -> None:
    """Write `src` to a file, completely or not at all.

    The file appears under its name when it is whole; until then, and after any failure, what
    stood there before still stands. Missing folders are made.

    Encodings: wav, rf64 and w64 hold PCM_U 8, PCM_S 16, 24, 32, PCM_F 32, 64, ULAW 8 and ALAW 8;
    aiff, au and caf the same with PCM_S 8 in place of PCM_U; sph has no floats; flac has 8, 16 and
    24 bits. Integers are written bit for bit; where the asked depth is lower they are rounded.
    Floats beyond full scale are limited to it, with a `ClippingWarning` that counts them, unless
    the encoding is float.

    Args:
        filepath: a path, or a binary file-like object with `write()`.
        src: `(channels, time)`, or `(time,)` for one channel: float with full scale 1, or uint8
            around 128, int16 or int32 with their own full scale.
        sample_rate: in Hz.
        channels_first: False for `(time, channels)`.
        compression: flac: level 0 to 8; ogg: quality 0 to 10; mp3: quality 0 (best) to 9 of a
            variable bit rate, or a constant one in kbit/s; opus: bit rate in kbit/s, 6 to 256
            a channel. None for the encoder's default.
        format: wav, rf64, w64, aiff, au, caf, sph, flac, ogg (vorbis), opus or mp3; None to take
            it from the suffix. A wav above 4 GB becomes RF64.
        encoding: PCM_S, PCM_U, PCM_F, ULAW, ALAW; None to follow the tensor's dtype: float32 is
            written as PCM_F 32, int16 as PCM_S 16 and so on (flac: 16 bits, int32: 24).
        bits_per_sample: 8, 16, 24, 32 or 64; None to follow encoding and dtype.

    Raises:
        ArgumentError: a shape, dtype, rate or compression that cannot be used.
        UnsupportedAudioError: the format cannot hold it; the message lists what it can.
        NonFiniteAudioError: NaN or infinity in an encoding that is not float.
        WriteError: the disk is full, the folder is not writable, and the like.

    >>> import io, sonovox
    >>> file = io.BytesIO()
    >>> save(file, torch.zeros(1, 100), 8000, format="wav", encoding="PCM_S", bits_per_sample=24)
    >>> sonovox.info(file).bits_per_sample, len(file.getvalue())
    (24, 344)
    """
    if isinstance(filepath, (str, os.PathLike)):
        name = os.fspath(filepath)
    elif hasattr(filepath, "write"):
        name = name_of_object(filepath)
    else:
        raise ArgumentError(f"filepath must be a path or a binary file-like object, got {type(filepath).__name__}")
    key = choose_format(name, format)
    frames = _as_frames(src, channels_first)  # (time, channels)
    _check_fits(name, key, frames, sample_rate)
    choice = choose_encoding(key, frames.dtype, encoding, bits_per_sample)
    if encoding is None and bits_per_sample is None:
        _check_exact(key, frames, choice)
    _check_range(name, frames, choice)
    settings = {
        "samplerate": sample_rate,
        "channels": frames.shape[1],
        "format": "RF64" if key == "wav" and frames.numel() * choice[1] // 8 > _WAV_LIMIT else FORMATS[key].container,
        "subtype": FORMATS[key].subtypes[choice],
        **compression_settings(key, compression, sample_rate, frames.shape[1]),
    }
    if isinstance(filepath, (str, os.PathLike)):
        with atomic_path(filepath) as temporary:
            temporary.open("wb").close()  # the system's own reason, if this is not possible
            _write(name, os.fsencode(temporary) if os.name == "posix" else str(temporary), frames, choice, settings)
    else:
        encoded = io.BytesIO()  # libsndfile goes back to the header, which a pipe could not
        _write(name, encoded, frames, choice, settings)
        filepath.write(encoded.getbuffer())


def _as_frames(src: Tensor, channels_first: bool) -> Tensor:
    if not isinstance(src, Tensor):
        raise ArgumentError(
            f"src must be a tensor, got {type(src).__name__}", hint="torch.from_numpy converts an array"
        )
    if src.dim() not in (1, 2) or 0 in src.shape[:-1]:
        raise ArgumentError(
            f"src must be (channels, time) or (time,), got shape {tuple(src.shape)}", hint="save one item at a time"
        )
    if not src.is_floating_point() and src.dtype not in _INTEGERS:
        raise ArgumentError(
            f"src must be float, uint8, int16 or int32, got {str(src.dtype).removeprefix('torch.')}",
            hint="convert it, for example x.to(torch.int16)",
        )
    src = src.detach().cpu()
    src = src.float() if src.dtype in (torch.float16, torch.bfloat16) else src
    if src.dim() == 1:
        return src.unsqueeze(1)
    return src.T if channels_first else src


def _check_fits(name: str, key: str, frames: Tensor, sample_rate: int) -> None:
    check_positive("sample_rate", sample_rate, unit="in Hz")
    format_, (time, channels) = FORMATS[key], frames.shape
    if not 0 < channels <= format_.max_channels:
        raise UnsupportedAudioError(
            f"cannot write {name}: {key} has 1 to {format_.max_channels} channels, got {channels} in time {time}",
            hint="check channels_first, or choose another format",
        )
    if format_.sample_rates and sample_rate not in format_.sample_rates:
        possible = ", ".join(map(str, format_.sample_rates))
        raise UnsupportedAudioError(
            f"cannot write {name}: {key} has sample rates {possible}, got {sample_rate}",
            hint="resample first with sonovox.functional.resample",
        )
    if time == 0 and not format_.holds_nothing:
        raise UnsupportedAudioError(
            f"cannot write {name}: {key} needs at least one sample, got none", hint="skip it, or save it as wav"
        )


def _check_exact(key: str, frames: Tensor, choice: Choice) -> None:
    if frames.dtype == torch.int32 and choice == ("FLAC", 24) and bool((frames & 0xFF).any()):
        raise UnsupportedAudioError(
            f"{key} holds 24 bits and these int32 samples use 32",
            hint="give bits_per_sample=24 to round them, or save as wav",
        )


def _check_range(name: str, frames: Tensor, choice: Choice) -> None:
    """NaN and clipping, which float encodings do not mind."""
    if choice[0] == "PCM_F" or not frames.is_floating_point() or frames.numel() == 0:
        return
    low, high = (float(bound) for bound in torch.aminmax(frames))
    if not (np.isfinite(low) and np.isfinite(high)):
        raise NonFiniteAudioError(
            f"cannot write {name}: it has NaN or infinite samples: {int((~frames.isfinite()).sum())}",
            hint="replace them, or use encoding='PCM_F', which can hold them",
        )
    if low < -1 or high > 1:
        warnings.warn(
            f"{name}: {int((frames.abs() > 1).sum())} of {frames.numel()} samples are beyond full scale "
            f"(peak {max(-low, high):.3f}) and were limited to it; scale them down, or use encoding='PCM_F'",
            ClippingWarning,
            stacklevel=3,
        )


def _write(name: str, target: object, frames: Tensor, choice: Choice, settings: dict[str, object]) -> None:
    try:
        file = soundfile.SoundFile(target, "w", **settings)
    except soundfile.LibsndfileError as error:
        raise UnsupportedAudioError(
            f"cannot write {name}: libsndfile refuses {settings['subtype']} in {settings['format']} with "
            f"{settings['channels']} channels at {settings['samplerate']} Hz ({error.error_string})",
            hint="choose another format or sample rate",
        ) from error
    try:
        with file:
            # NumPy from here on: pieces that fit a cache are too small for torch to share among threads.
            for block in frames.split(_BLOCK_FRAMES):
                file.write(encodable(block.numpy(), choice))
    # soundfile asserts that everything was written; a full disk fails that as often as it is reported.
    except (soundfile.LibsndfileError, AssertionError) as error:
        raise WriteError(
            f"cannot write {name}: the system took only a part of it",
            hint="nothing was changed there; free space or choose another place",
        ) from error
