"""A signal at another rate, piece by piece, as if it had been resampled as a whole."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import torch

__all__ = ["SampleQueue", "resampled_blocks"]

# Samples that are resampled at once, besides the guards: long enough for these to cost little.
_RESAMPLED_AT_ONCE = 1 << 18


def resampled_blocks(pieces: Iterable[np.ndarray], orig_freq: int, new_freq: int) -> Iterator[np.ndarray]:
    """The pieces at another rate, as if they had been resampled as a whole.

    Each stretch is resampled with a guard of samples on both sides, whose output is dropped. A
    stretch begins at a multiple of orig/gcd samples, where an output sample falls exactly on an
    input sample, so that all stretches share one grid.
    """
    from sonovox.dsp.resample import resample, resample_guard

    common = math.gcd(orig_freq, new_freq)
    step_in, step_out = orig_freq // common, new_freq // common
    guard = resample_guard(orig_freq, new_freq)
    stretch = -(-max(guard, _RESAMPLED_AT_ONCE) // step_in) * step_in
    queue, left = SampleQueue(), 0  # left: the guard in front, which the first stretch does not have
    for piece in pieces:
        queue.push(piece)
        while queue.length >= left + stretch + guard:
            converted = resample(torch.from_numpy(queue.first(left + stretch + guard)), orig_freq, new_freq).numpy()
            yield converted[:, left // step_in * step_out : (left + stretch) // step_in * step_out]
            queue.drop(left + stretch - guard)
            left = guard
    if queue.length > left:
        converted = resample(torch.from_numpy(queue.first(queue.length)), orig_freq, new_freq).numpy()
        yield converted[:, left // step_in * step_out :]


class SampleQueue:
    """Samples that came and are still needed, in arrays `(channels, frames)`."""

    def __init__(self) -> None:
        self._pieces: list[np.ndarray] = []
        self.length = 0

    def push(self, piece: np.ndarray) -> None:
        self._pieces.append(piece)
        self.length += piece.shape[1]

    def first(self, count: int) -> np.ndarray:
        """A copy of the first `count` samples."""
        joined = np.concatenate(self._pieces, axis=1) if len(self._pieces) > 1 else self._pieces[0]
        self._pieces = [joined]
        return joined[:, :count].copy()

    def drop(self, count: int) -> None:
        """Forget the first `count` samples, which `first` has just given."""
        self._pieces = [self._pieces[0][:, count:]]
        self.length -= count
