"""Random draws in which every value of a key, such as each speaker, comes about equally often."""

from collections import Counter
from typing import Any

from sonovox._internal.errors import ArgumentError
from sonovox.data.dataset import DynamicItemDataset
from sonovox.data.random_sampler import DEFAULT_SEED
from sonovox.data.weighted_sampler import ReproducibleWeightedRandomSampler

__all__ = ["BalancingDataSampler"]


class BalancingDataSampler(ReproducibleWeightedRandomSampler):
    """Draws items with weights of one over the number of items that have the same value of `key`.

    Args:
        dataset: whose items are weighed. The key is computed for each item, and nothing else is.
        key: such as "speaker"; its values are hashable.
        num_samples: how many to draw in an epoch; as many as there are items when None.
        replacement: draw an item again and again, without which rare values run out.
        seed: of the draws of all epochs.
        epoch: to begin with.
        kwargs: of `ReproducibleWeightedRandomSampler`.

    Raises:
        ArgumentError: a dataset that has no keys.

    >>> speakers = {"u1": "A", "u2": "A", "u3": "A", "u4": "B"}
    >>> dataset = DynamicItemDataset({name: {"speaker": speaker} for name, speaker in speakers.items()})
    >>> sampler = BalancingDataSampler(dataset, "speaker", num_samples=1000)
    >>> round(sum(index == 3 for index in sampler) / 1000, 1)
    0.5
    """

    def __init__(
        self,
        dataset: DynamicItemDataset,
        key: str,
        num_samples: int | None = None,
        replacement: bool = True,
        seed: int = DEFAULT_SEED,
        epoch: int = 0,
        **kwargs: Any,
    ) -> None:
        if not isinstance(dataset, DynamicItemDataset):
            raise ArgumentError(
                f"dataset must be a DynamicItemDataset, got {type(dataset).__name__}",
                hint="for others, give ReproducibleWeightedRandomSampler the weights",
            )
        values = dataset.column(key)
        counts = Counter(values)
        weights = [1 / counts[value] for value in values]
        super().__init__(weights, num_samples or len(dataset), replacement, seed=seed, epoch=epoch, **kwargs)
        self.dataset = dataset
        self.key = key
