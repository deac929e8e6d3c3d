"""Random draws with weights that are a function of (seed, epoch)."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import WeightedRandomSampler

from sonovox._internal.errors import ArgumentError

__all__ = ["ReproducibleWeightedRandomSampler"]


class ReproducibleWeightedRandomSampler(WeightedRandomSampler):
    """Indices drawn with probabilities in proportion to weights, the same whenever seed and epoch are.

    The generator starts from seed + epoch, as SpeechBrain's does.

    Args:
        weights: one for each index, not negative; their sum need not be 1.
        num_samples: how many to draw in an epoch.
        replacement: draw an index again and again; else each at most once in an epoch.
        seed: of the draws of all epochs.
        epoch: to begin with; `set_epoch` before each epoch gives it other draws.
        kwargs: further ones of `torch.utils.data.WeightedRandomSampler`.

    >>> sampler = ReproducibleWeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5, replacement=True)
    >>> list(sampler)
    [3, 1, 4, 4, 4]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool,
        seed: int = 129491412,
        epoch: int = 0,
        **kwargs: Any,
    ) -> None:
        if "generator" in kwargs:
            raise ArgumentError("generator cannot be chosen, the draws follow from seed and epoch", hint="give seed=")
        super().__init__(weights, num_samples, replacement, generator=torch.Generator(), **kwargs)
        self.seed = seed
        self.epoch = epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the draws of `epoch`."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        self.generator.manual_seed(self.seed + self.epoch)
        return super().__iter__()
