"""Long recordings through a model chunk by chunk: chunks overlap, and their results fade into one another."""

import itertools
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError

__all__ = ["through_chunks"]


def through_chunks(
    blocks: Iterable[Tensor], function: Callable[[Tensor], Tensor], *, size: int, overlap: int
) -> Iterator[Tensor]:
    """The results of `function` for a recording, `(rows, time)`, part by part; joined, they are as long as it.

    A recording that is not longer than `size` goes through as a whole. Of a longer one,
    rows (separated sources) may come out in another order for each chunk: they are put
    into the order that fits best to the chunk before, where both have results.

    Args:
        blocks: of the recording, each `(time,)`.
        function: from `(time,)` to `(rows, time)`.
        size: samples of a chunk.
        overlap: samples that a chunk shares with the one before, over which it is faded in linearly.

    Raises:
        ArgumentError: an overlap that is not shorter than the chunk.

    >>> parts = through_chunks([torch.arange(7.0)], lambda x: 2 * x[None], size=4, overlap=2)
    >>> torch.cat(list(parts), dim=1)
    tensor([[ 0.,  2.,  4.,  6.,  8., 10., 12.]])
    """
    if not 0 <= overlap < size:
        raise ArgumentError(f"overlap must be at least 0 and below size={size}, got {overlap}", hint="in samples")
    held, before = torch.zeros(0), None
    for block in blocks:
        held = torch.cat((held, block))
        while len(held) > size:
            result = _joined(before, function(held[:size]))
            before = result[:, size - overlap :]
            yield result[:, : size - overlap]
            held = held[size - overlap :]
    if len(held):
        yield _joined(before, function(held))


def _joined(before: Tensor | None, result: Tensor) -> Tensor:
    """`result`, in the order of `before` and faded in over it."""
    if before is None or before.shape[1] == 0:
        return result
    overlap = before.shape[1]
    alike = before @ result[:, :overlap].T  # (rows before, rows now)
    rows = range(len(before))
    order = max(itertools.permutations(rows), key=lambda order: float(alike[list(rows), list(order)].sum()))
    result = result[list(order)]
    fade = torch.linspace(0, 1, overlap + 2, device=result.device)[1:-1]
    return torch.cat((before + fade * (result[:, :overlap] - before), result[:, overlap:]), dim=1)
