"""Batches of a fixed mixture of several datasets."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from torch.utils.data import Sampler

from sonovox._internal.errors import ArgumentError

__all__ = ["ConcatDatasetBatchSampler"]


class ConcatDatasetBatchSampler(Sampler[list[int]]):
    """Batches of a `torch.utils.data.ConcatDataset` with a chosen number of items of each of its datasets.

    An epoch ends when one of the samplers cannot fill its part any more.

    Args:
        samplers: one for each dataset, in their order; each has `data_source`, as torch's samplers have.
        batch_sizes: how many items of each dataset a batch has.
        epoch: to begin with.

    Raises:
        ArgumentError: as many batch sizes as samplers were expected.

    >>> from torch.utils.data import SequentialSampler
    >>> samplers = [SequentialSampler(range(4)), SequentialSampler(range(100))]
    >>> list(ConcatDatasetBatchSampler(samplers, [2, 1]))
    [[0, 1, 4], [2, 3, 5]]
    """

    def __init__(self, samplers: Sequence[Any], batch_sizes: Sequence[int], epoch: int = 0) -> None:
        if len(samplers) != len(batch_sizes):
            raise ArgumentError(
                f"batch_sizes must have one number for each of the {len(samplers)} samplers, got {len(batch_sizes)}"
            )
        if not batch_sizes or min(batch_sizes) < 1:
            raise ArgumentError(f"batch_sizes must be positive, got {list(batch_sizes)}")
        self.samplers = list(samplers)
        self.batch_sizes = list(batch_sizes)
        # Of dataset k the concatenation holds the items from here on.
        self._offsets = [0, *itertools.accumulate(len(sampler.data_source) for sampler in samplers[:-1])]
        self.set_epoch(epoch)

    def set_epoch(self, epoch: int) -> None:
        """Choose the orders of `epoch`."""
        for sampler in self.samplers:
            if hasattr(sampler, "set_epoch"):
                sampler.set_epoch(epoch)

    def __iter__(self) -> Iterator[list[int]]:
        orders = [iter(sampler) for sampler in self.samplers]
        for _ in range(len(self)):
            yield [
                offset + index
                for order, size, offset in zip(orders, self.batch_sizes, self._offsets, strict=True)
                for index in itertools.islice(order, size)
            ]

    def __len__(self) -> int:
        return min(len(sampler) // size for sampler, size in zip(self.samplers, self.batch_sizes, strict=True))
