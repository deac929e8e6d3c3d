"""Batches of about equal seconds: items of similar length together, many short ones or few long ones."""

import bisect
import logging
import math
from collections.abc import Callable, Iterator, Sequence, Sized
from statistics import NormalDist
from typing import Any

import torch
from torch.utils.data import Sampler

from sonovox._internal.checks import check_choice, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.data.item_lengths import item_lengths
from sonovox.data.item_seed import item_id

__all__ = ["DynamicBatchSampler"]

logger = logging.getLogger(__name__)


def _duration(item: Any) -> float:
    return item["duration"]


class DynamicBatchSampler(Sampler[list[int]]):
    """Batches of items of similar length, whose padded length does not exceed `max_batch_length`.

    Items go into buckets by their length. A bucket whose items are at most b long gives batches of
    floor(max_batch_length / b) items, so that padded to the longest they still fit. Orders and
    batches are those of SpeechBrain's sampler for the same arguments, a function of seed + epoch.

    Args:
        dataset: the lengths come from what is known of its items; no sound is read.
        max_batch_length: of all items of a batch together, padding included; in the unit of the lengths.
        num_buckets: how many buckets to make, with boundaries in proportion to the quantiles of a
            log-normal distribution with a spread of 1, whose uppermost is `max_batch_length`. More
            buckets pad less, and mix lengths less.
        length_func: takes what is known of an item and gives its length; its "duration" by default.
        shuffle: order the items at random before they go into buckets.
        batch_ordering: `"random"`, or `"ascending"` or `"descending"` by the longest item of a batch.
        max_batch_ex: most items of a batch.
        bucket_boundaries: upper lengths of the buckets, instead of `num_buckets`.
        lengths_list: the length of each item, instead of `length_func`.
        seed: of the orders of all epochs.
        epoch: to begin with.
        drop_last: leave out the batches that were not full at the end.
        verbose: log buckets and batches.

    Raises:
        ArgumentError: items that are longer than a batch may be, neither buckets nor boundaries, and the like.

    >>> lengths = [1.0, 9.0, 2.0, 8.0, 1.5]
    >>> sampler = DynamicBatchSampler(range(5), 10.0, bucket_boundaries=[2.0, 10.0], lengths_list=lengths,
    ...                               shuffle=False, batch_ordering="ascending")
    >>> list(sampler)
    [[0, 2, 4], [3], [1]]
    """

    def __init__(
        self,
        dataset: Sized,
        max_batch_length: float,
        num_buckets: int | None = None,
        length_func: Callable[[Any], float] = _duration,
        shuffle: bool = True,
        batch_ordering: str = "random",
        max_batch_ex: int | None = None,
        bucket_boundaries: Sequence[float] = (),
        lengths_list: Sequence[float] | None = None,
        seed: int = 42,
        epoch: int = 0,
        drop_last: bool = False,
        verbose: bool = False,
    ) -> None:
        check_positive("max_batch_length", max_batch_length)
        check_choice("batch_ordering", batch_ordering, ["random", "ascending", "descending"])
        if max_batch_ex is not None:
            check_positive("max_batch_ex", max_batch_ex)
        self.lengths = item_lengths(dataset, length_func, lengths_list)
        _check_fit(dataset, self.lengths, max_batch_length)
        self._boundaries = _boundaries(max_batch_length, num_buckets, bucket_boundaries)
        most = max_batch_ex or len(self.lengths)
        # Items beyond the last boundary stay alone: nothing bounds what padding would add.
        self._sizes = [max(1, min(most, int(max_batch_length / b))) for b in self._boundaries] + [1]
        self._shuffle = shuffle
        self._ordering = batch_ordering
        self._drop_last = drop_last
        self._seed = seed
        self._epoch = epoch
        self._batches = self._make_batches()
        if verbose:
            self._log()

    def set_epoch(self, epoch: int) -> None:
        """Choose the batches of `epoch`."""
        if epoch != self._epoch:
            self._epoch = epoch
            self._batches = self._make_batches()

    def get_durations(self, batch: Sequence[int]) -> list[float]:
        """The length of each item of a batch of indices."""
        return [self.lengths[index] for index in batch]

    def __iter__(self) -> Iterator[list[int]]:
        return (list(batch) for batch in self._batches)

    def __len__(self) -> int:
        return len(self._batches)

    def _make_batches(self) -> list[list[int]]:
        order = self._permutation(len(self.lengths)) if self._shuffle else range(len(self.lengths))
        buckets: list[list[int]] = [[] for _ in self._sizes]
        batches = []
        for index in order:
            number = bisect.bisect_left(self._boundaries, self.lengths[index])
            buckets[number].append(index)
            if len(buckets[number]) == self._sizes[number]:
                batches.append(buckets[number])
                buckets[number] = []
        if not self._drop_last:
            batches += filter(None, buckets)
        if self._ordering == "random":
            return [batches[number] for number in self._permutation(len(batches))]
        return sorted(batches, key=lambda b: max(self.get_durations(b)), reverse=self._ordering == "descending")

    def _permutation(self, n: int) -> list[int]:
        generator = torch.Generator().manual_seed(self._seed + self._epoch)
        return torch.randperm(n, generator=generator).tolist()

    def _log(self) -> None:
        for upper, size in zip([*self._boundaries, math.inf], self._sizes, strict=True):
            logger.info("items of at most %.2f: %d in a batch", upper, size)
        used = sum(self.lengths)
        padded = sum(len(batch) * max(self.get_durations(batch)) for batch in self._batches)
        logger.info("%d batches, of which %.1f %% is padding", len(self), 100 * (1 - used / padded) if padded else 0)


def _boundaries(max_batch_length: float, num_buckets: int | None, given: Sequence[float]) -> list[float]:
    if len(given) > 0:
        boundaries = sorted(float(b) for b in given)
        check_positive("bucket_boundaries", boundaries[0])
        return boundaries
    if num_buckets is None:
        raise ArgumentError("num_buckets or bucket_boundaries must be given", hint="10 buckets suit most corpora")
    check_positive("num_buckets", num_buckets)
    normal = [NormalDist().inv_cdf(k / (num_buckets + 1)) for k in range(1, num_buckets + 1)]
    return [max_batch_length * math.exp(z - normal[-1]) for z in normal]


def _check_fit(dataset: Any, lengths: Sequence[float], max_batch_length: float) -> None:
    too_long = [index for index, length in enumerate(lengths) if length > max_batch_length]
    if too_long:
        longest = max(too_long, key=lambda index: lengths[index])
        raise ArgumentError(
            f"items must be at most max_batch_length = {max_batch_length:g} long, {len(too_long)} are longer, "
            f"item {item_id(dataset, longest)} with {lengths[longest]:g} most of all",
            hint='raise max_batch_length, or leave them out: filtered_sorted(key_max_value={"duration": ...})',
        )
