"""Short windows over the stretches of speech of a recording: where they are, and their samples in one pass."""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError

__all__ = ["Window", "place_windows", "window_samples"]

# First sample and the one behind the last.
Window = tuple[int, int]


def place_windows(begin: int, end: int, *, size: int, hop: int) -> list[Window]:
    """The windows of one stretch, of which the last ends with it; a shorter stretch is one window.

    Args:
        begin: first sample.
        end: the one behind the last.
        size: samples of a window.
        hop: from one window to the next.

    Raises:
        ArgumentError: a size or hop below 1, or a hop that leaves gaps.

    >>> place_windows(0, 10, size=4, hop=2), place_windows(3, 5, size=4, hop=2)
    ([(0, 4), (2, 6), (4, 8), (6, 10)], [(3, 5)])
    """
    if not 1 <= hop <= size:
        raise ArgumentError(f"hop must be from 1 to size={size}, got {hop}", hint="half of size is usual")
    if end - begin <= size:
        return [(begin, end)] if end > begin else []
    return [(start, start + size) for start in range(begin, end - size, hop)] + [(end - size, end)]


def window_samples(blocks: Iterable[Tensor], windows: Sequence[Window]) -> Iterator[tuple[Window, Tensor]]:
    """Each window with its samples, `(time,)`; no more than it and a block of the recording is held.

    Args:
        blocks: of the recording, each `(time,)`.
        windows: by their begin; one that the recording has not to its end is cut there, or left out.

    >>> [x.tolist() for _, x in window_samples([torch.arange(3), torch.arange(3, 5)], [(1, 4), (2, 9), (7, 9)])]
    [[1, 2, 3], [2, 3, 4]]
    """
    held, first, position = torch.zeros(0), 0, 0  # first: place of the first sample that is held
    for block in blocks:
        held = torch.cat((held.to(block.dtype), block))
        while position < len(windows) and windows[position][1] <= first + len(held):
            begin, end = windows[position]
            yield windows[position], held[begin - first : end - first]
            position += 1
        needed = windows[position][0] if position < len(windows) else first + len(held)
        gone = min(max(needed - first, 0), len(held))
        held, first = held[gone:], first + gone
    for begin, end in windows[position:]:
        samples = held[max(begin - first, 0) : end - first]
        if len(samples):
            yield (begin, end), samples
