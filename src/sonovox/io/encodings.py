"""What each format can hold: encodings, bit depths, rates, channels and degrees of compression."""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError, UnsupportedAudioError

__all__ = ["FORMATS", "Format", "choose_encoding", "choose_format", "compression_settings"]

Choice = tuple[str, int]  # encoding, bits per sample

_COMPANDED = {("ULAW", 8): "ULAW", ("ALAW", 8): "ALAW"}
_SIGNED = {("PCM_S", 16): "PCM_16", ("PCM_S", 24): "PCM_24", ("PCM_S", 32): "PCM_32"}
_FLOAT = {("PCM_F", 32): "FLOAT", ("PCM_F", 64): "DOUBLE"}
_RIFF = {("PCM_U", 8): "PCM_U8", **_SIGNED, **_FLOAT, **_COMPANDED}
_APPLE = {**_SIGNED, ("PCM_S", 8): "PCM_S8", **_FLOAT, **_COMPANDED}
_FLAC = {("FLAC", 16): "PCM_16", ("FLAC", 24): "PCM_24", ("FLAC", 8): "PCM_S8"}
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)


@dataclass(frozen=True)
class Format:
    """One format of `save`.

    Attributes:
        container: libsndfile's name.
        subtypes: (encoding, bits) -> libsndfile's subtype; the first is the default.
        max_channels: that a file can have.
        sample_rates: that it can have, in Hz; empty for any.
        holds_nothing: whether a file of no samples is possible.
    """

    container: str
    subtypes: dict[Choice, str]
    max_channels: int = 1024
    sample_rates: tuple[int, ...] = field(default=())
    holds_nothing: bool = True


FORMATS = {
    "wav": Format("WAV", _RIFF),
    "rf64": Format("RF64", _RIFF),
    "w64": Format("W64", _RIFF),
    "aiff": Format("AIFF", _APPLE),
    "au": Format("AU", _APPLE),
    "caf": Format("CAF", _APPLE),
    "sph": Format("NIST", {**_SIGNED, ("PCM_S", 8): "PCM_S8", **_COMPANDED}),
    "flac": Format("FLAC", _FLAC, max_channels=8, holds_nothing=False),
    "ogg": Format("OGG", {("VORBIS", 0): "VORBIS"}, max_channels=255),
    "opus": Format("OGG", {("OPUS", 0): "OPUS"}, max_channels=255, sample_rates=_OPUS_RATES, holds_nothing=False),
    "mp3": Format("MP3", {("MP3", 0): "MPEG_LAYER_III"}, max_channels=2, sample_rates=_MP3_RATES, holds_nothing=False),
}
_ALIASES = {"aif": "aiff", "nist": "sph", "oga": "ogg", "vorbis": "ogg", "wave": "wav"}
_OF_DTYPE: dict[torch.dtype, Choice] = {
    torch.uint8: ("PCM_U", 8),
    torch.int16: ("PCM_S", 16),
    torch.int32: ("PCM_S", 32),
    torch.float32: ("PCM_F", 32),
    torch.float64: ("PCM_F", 64),
}
# Bits without an encoding, as torchaudio reads them.
_OF_BITS: dict[int, Choice] = {
    8: ("PCM_U", 8),
    16: ("PCM_S", 16),
    24: ("PCM_S", 24),
    32: ("PCM_S", 32),
    64: ("PCM_F", 64),
}


def choose_format(name: str, format: str | None) -> str:
    """A key of `FORMATS`, from `format` or else from the suffix of the file `name`.

    Raises:
        UnsupportedAudioError: neither is known.

    >>> choose_format("talk.WAV", None), choose_format("talk", "vorbis")
    ('wav', 'ogg')
    """
    wanted = (format if format is not None else Path(name).suffix.removeprefix(".")).lower()
    key = _ALIASES.get(wanted, wanted)
    if key not in FORMATS:
        what = f"format {wanted!r}" if wanted else "a name without suffix"
        raise UnsupportedAudioError(
            f"cannot write {name}: {what}; possible formats: {', '.join(sorted(FORMATS))}",
            hint=did_you_mean(wanted, FORMATS) or "give format=, for example format='wav'",
        )
    return key


def choose_encoding(key: str, dtype: torch.dtype, encoding: str | None, bits: int | None) -> Choice:
    """The encoding and bits for a tensor of `dtype` in the format `key`; what the caller left open follows the dtype.

    Raises:
        UnsupportedAudioError: the format cannot hold it; the message lists what it can.

    >>> choose_encoding("wav", torch.float32, None, None), choose_encoding("wav", torch.float32, "PCM_S", None)
    (('PCM_F', 32), ('PCM_S', 16))
    """
    possible = list(FORMATS[key].subtypes)
    if key == "flac" and encoding == "PCM_S":
        encoding = "FLAC"
    own = _OF_DTYPE.get(dtype, ("PCM_F", 32))
    preferred = [own, ("FLAC", {8: 8, 32: 24}.get(own[1], 16) if own[0] != "PCM_F" else 16)]
    if encoding is None and bits is not None:
        preferred.insert(0, _OF_BITS.get(bits, own))
    for choice in (*preferred, *possible):
        if choice in possible and encoding in (None, choice[0]) and bits in (None, choice[1]):
            return choice
    asked = " ".join(filter(None, (encoding, f"samples of {bits} bits" if bits is not None else "")))
    held = ", ".join(f"{name} {size}" if size else name for name, size in possible)
    raise UnsupportedAudioError(
        f"{key} cannot hold {asked}; possible: {held}",
        hint="choose one of these, or another format",
    )


def compression_settings(key: str, compression: float | None, sample_rate: int, channels: int) -> dict[str, object]:
    """soundfile's arguments for a `compression` as `save` documents it.

    Raises:
        ArgumentError: outside the range of the format, or a format that does not compress.

    >>> compression_settings("flac", 8, 16000, 1), compression_settings("mp3", 64, 44100, 1)["bitrate_mode"]
    ({'compression_level': 1.0}, 'CONSTANT')
    """
    if compression is None:
        return {}
    # libsndfile wants 0 (largest file) to 1; each line undoes how it maps that to the encoder's own scale.
    if key == "flac":
        _check_compression(key, compression, 0, 8, "level")
        return {"compression_level": compression / 8}
    if key == "ogg":
        _check_compression(key, compression, 0, 10, "quality")
        return {"compression_level": 1 - compression / 10}
    if key == "opus":
        _check_compression(key, compression, 6 * channels, 256 * channels, "bit rate in kbit/s")
        return {"compression_level": (256 - compression / channels) / 250}
    if key == "mp3" and compression <= 9:
        _check_compression(key, compression, 0, 9, "quality")
        return {"compression_level": compression / 10, "bitrate_mode": "VARIABLE"}
    if key == "mp3":
        low, high = (32, 320) if sample_rate >= 32000 else (8, 160) if sample_rate >= 16000 else (8, 64)
        _check_compression(
            key, compression, low, high, f"bit rate in kbit/s at {sample_rate} Hz, or 0 to 9 for a quality"
        )
        # The last step before 1 is as far as libsndfile goes.
        return {"compression_level": min((high - compression) / (high - low), 0.999), "bitrate_mode": "CONSTANT"}
    raise ArgumentError(f"{key} does not compress, got compression={compression}", hint="leave compression out")


def _check_compression(key: str, value: float, low: float, high: float, what: str) -> None:
    if not low <= value <= high:
        raise ArgumentError(f"compression of {key} is from {low} to {high} ({what}), got {value}")
