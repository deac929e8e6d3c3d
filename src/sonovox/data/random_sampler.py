"""Random orders that are a function of (seed, epoch)."""

from collections.abc import Iterator, Sized
from typing import Any

import torch
from torch.utils.data import RandomSampler

from sonovox._internal.errors import ArgumentError

__all__ = ["DEFAULT_SEED", "ReproducibleRandomSampler"]

DEFAULT_SEED = 563375142  # SpeechBrain's, so that orders are the same there and here


class ReproducibleRandomSampler(RandomSampler):
    """Indices in a random order that is the same whenever seed and epoch are.

    The generator starts from seed + epoch, as SpeechBrain's does.

    Args:
        data_source: of which to draw, with a length.
        seed: of the orders of all epochs.
        epoch: to begin with; `set_epoch` before each epoch gives it another order.
        kwargs: `replacement` and `num_samples` of `torch.utils.data.RandomSampler`.

    >>> sampler = ReproducibleRandomSampler(range(5), seed=0)
    >>> list(sampler)
    [4, 0, 1, 3, 2]
    >>> sampler.set_epoch(1)
    >>> list(sampler)
    [0, 4, 2, 3, 1]
    """

    def __init__(self, data_source: Sized, seed: int = DEFAULT_SEED, epoch: int = 0, **kwargs: Any) -> None:
        if "generator" in kwargs:
            raise ArgumentError("generator cannot be chosen, the order follows from seed and epoch", hint="give seed=")
        super().__init__(data_source, generator=torch.Generator(), **kwargs)
        self.seed = seed
        self.epoch = epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of `epoch`."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        self.generator.manual_seed(self.seed + self.epoch)
        return super().__iter__()
