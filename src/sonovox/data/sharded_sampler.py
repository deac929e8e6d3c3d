"""Batches for several processes: the same number for each, of about equal seconds."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch.distributed
from torch.utils.data import Sampler

from sonovox._internal.errors import ArgumentError
from sonovox._internal.processes import is_distributed

__all__ = ["ShardedBatchSampler"]


class ShardedBatchSampler(Sampler[list[int]]):
    """The part of a batch sampler's batches that belongs to one of several processes (ranks).

    Each round takes as many batches as there are ranks, in the order of the batch sampler, so that
    the ranks together see what one process sees that accumulates gradients over a round. Where the
    batches of a round have the same number of items, the items are dealt anew, the longest first, each to
    the rank with the fewest seconds; else whole batches are. For a last round that is not
    full, batches are split. Every rank makes the same plan by itself.

    Args:
        batch_sampler: of the whole dataset, the same on all ranks, of plain indices.
        lengths: of the items; those of a `DynamicBatchSampler`, and else all the same, when None.
        rank: of this process; that of torch.distributed (0 where it is not used) when None.
        world_size: number of processes; that of torch.distributed (or 1) when None.
        repeat: where the last round has fewer items than ranks, repeat some, so that each rank has
            as many batches for training. With False the ranks without an item get an empty batch,
            which a `SaveableDataLoader` passes over: for evaluation, where each item counts once.

    Raises:
        ArgumentError: a rank that is not below `world_size`.

    >>> from torch.utils.data import BatchSampler
    >>> batches = BatchSampler(range(8), batch_size=2, drop_last=False)
    >>> lengths = [9.0, 1.0, 5.0, 5.0, 2.0, 2.0, 8.0, 8.0]
    >>> [list(ShardedBatchSampler(batches, lengths, rank, world_size=2)) for rank in range(2)]
    [[[0, 1], [4, 6]], [[2, 3], [5, 7]]]
    """

    def __init__(
        self,
        batch_sampler: Any,
        lengths: Sequence[float] | None = None,
        rank: int | None = None,
        world_size: int | None = None,
        repeat: bool = True,
    ) -> None:
        own_rank, n_ranks = _process()
        self.rank = own_rank if rank is None else rank
        self.world_size = n_ranks if world_size is None else world_size
        if not 0 <= self.rank < self.world_size:
            raise ArgumentError(f"rank must be from 0 to world_size - 1 = {self.world_size - 1}, got {self.rank}")
        self.batch_sampler = batch_sampler
        self.lengths = getattr(batch_sampler, "lengths", None) if lengths is None else lengths
        self.repeat = repeat

    def set_epoch(self, epoch: int) -> None:
        """Choose the batches of `epoch`."""
        for sampler in (self.batch_sampler, getattr(self.batch_sampler, "sampler", None)):
            if sampler is not None and hasattr(sampler, "set_epoch"):
                sampler.set_epoch(epoch)

    def __iter__(self) -> Iterator[list[int]]:
        batches = [list(batch) for batch in self.batch_sampler]
        totals = [0.0] * self.world_size  # seconds of each rank so far
        for start in range(0, len(batches), self.world_size):
            yield self._deal(batches[start : start + self.world_size], totals)[self.rank]

    def __len__(self) -> int:
        return -(-len(self.batch_sampler) // self.world_size)

    def _deal(self, batches: list[list[int]], totals: list[float]) -> list[list[int]]:
        """A batch for each rank; adds to the `totals`."""
        if len(batches) < self.world_size:
            batches = self._split(batches)
        sizes = {len(batch) for batch in batches}
        if len(sizes) == 1:
            pieces, room = [[index] for batch in batches for index in batch], sizes.pop()
        else:
            pieces, room = batches, 1
        places = {id(piece): place for place, piece in enumerate(pieces)}
        dealt: list[list[list[int]]] = [[] for _ in range(self.world_size)]
        seconds = [0.0] * self.world_size  # of each rank in this round, at whose end they wait for each other
        for piece in sorted(pieces, key=self._length, reverse=True):
            open_ranks = [rank for rank, got in enumerate(dealt) if len(got) < room]
            rank = min(open_ranks, key=lambda rank: (seconds[rank], totals[rank]))
            dealt[rank].append(piece)
            seconds[rank] += self._length(piece)
            totals[rank] += self._length(piece)
        # Within a rank the order is that of the batch sampler.
        return [[i for piece in sorted(got, key=lambda p: places[id(p)]) for i in piece] for got in dealt]

    def _split(self, batches: list[list[int]]) -> list[list[int]]:
        """As many batches as ranks: the ones with most to do are halved, and then copied or left empty."""
        batches = list(batches)
        while len(batches) < self.world_size:
            divisible = [batch for batch in batches if len(batch) > 1]
            if not divisible:
                missing = self.world_size - len(batches)
                return batches + [list(batches[k % len(batches)]) if self.repeat else [] for k in range(missing)]
            largest = max(divisible, key=self._length)
            batches.remove(largest)
            batches += [largest[0::2], largest[1::2]]
        return batches

    def _length(self, indices: list[int]) -> float:
        return sum(1.0 if self.lengths is None else self.lengths[index] for index in indices)


def _process() -> tuple[int, int]:
    """Rank of this process, and how many there are."""
    if is_distributed():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1
