"""Samples on their way from a file to a tensor: full scale 1, averaged channels, no NaN."""

import numpy as np

from sonovox._internal.errors import NonFiniteAudioError

__all__ = ["check_finite", "encodable", "to_float"]

_LEVELS = ("PCM_S", "PCM_U", "FLAC")  # encodings of which a sample is a whole number

# Bytes of an integer sample -> its smallest step where full scale is 1.
_UNIT = {size: np.float32(2.0 ** (1 - 8 * size)) for size in (1, 2, 4)}


def to_float(block: np.ndarray, out: np.ndarray) -> None:
    """Write `block` into `out` as float32 of full scale 1, averaging the channels where `out` has one row.

    Args:
        block: `(frames, channels)`, uint8 around 128, int16, int32, float32 or float64.
        out: `(channels, frames)` or `(1, frames)`, float32.

    >>> out = np.empty((1, 2), np.float32)
    >>> to_float(np.array([[16384, 0], [-32768, -32768]], np.int16), out)
    >>> out
    array([[ 0.25, -1.  ]], dtype=float32)
    """
    if block.dtype.kind == "f":
        # float64 samples beyond float32 become infinite, and the mean of infinities NaN: for `check_finite` to see.
        with np.errstate(over="ignore", invalid="ignore"):
            _copy(block, out)
        return
    _copy(block, out)
    if block.dtype == np.uint8:
        out -= np.float32(128)
    out *= _UNIT[block.dtype.itemsize]


def check_finite(name: str, samples: np.ndarray, start: int, sample_rate: int) -> None:
    """Refuse NaN and infinity.

    Args:
        name: of the file.
        samples: `(channels, frames)`.
        start: which sample of the file the first of them is.
        sample_rate: of the file, in Hz.

    Raises:
        NonFiniteAudioError: naming the file, how many there are, and the time and channel of the first.
    """
    if samples.dtype.kind != "f":
        return
    # A sum is finite where all its terms are (float32 cannot overflow float64): one pass, no temporary.
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(samples.sum(dtype=np.float64)):
            return
    bad = ~np.isfinite(samples)
    if not bad.any():
        return  # float64 samples may overflow the sum
    frame, channel = divmod(int(bad.T.reshape(-1).argmax()), len(bad))
    raise NonFiniteAudioError(
        f"{name} has NaN or infinite samples: {int(bad.sum())}, "
        f"the first at {(start + frame) / sample_rate:.3f} s in channel {channel}",
        hint="repair the file, or load it in Python with check=False and replace them",
    )


def _copy(block: np.ndarray, out: np.ndarray) -> None:
    channels = block.shape[1]
    if len(out) == channels:
        out[...] = block.T
        return
    out[0] = block[:, 0]
    for column in block.T[1:]:
        out[0] += column
    out *= np.float32(1 / channels)


def encodable(block: np.ndarray, choice: tuple[str, int]) -> np.ndarray:
    """`block` in a type of which libsndfile keeps every bit that the encoding has room for."""
    encoding, bits = choice
    source_bits = 8 * block.dtype.itemsize
    if block.dtype.kind != "f":
        if encoding in _LEVELS and source_bits <= bits:
            return (block.astype(np.int16) - 128) << 8 if block.dtype == np.uint8 else block
        block = (block.astype(np.float64) - (128 if block.dtype == np.uint8 else 0)) / 2 ** (source_bits - 1)
    if encoding == "PCM_F":
        return block
    if encoding not in _LEVELS:
        return block.clip(-1, 1).astype(np.float32)
    # Rounded here, because libsndfile cuts the lower bits off, which shifts everything by half a step.
    step = 2.0 ** (bits - 1)
    levels = np.rint(block.astype(np.float64) * step).clip(-step, step - 1)
    return (levels * 2.0 ** (32 - bits)).astype(np.int32)
