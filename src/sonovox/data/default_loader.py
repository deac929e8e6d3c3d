"""A loader with the defaults of this toolkit."""

from typing import Any

from torch.utils.data import BatchSampler, DataLoader, Dataset, DistributedSampler, IterableDataset, SequentialSampler

from sonovox._internal.errors import ArgumentError
from sonovox._internal.processes import is_distributed
from sonovox.data.batch import PaddedBatch
from sonovox.data.dataset import DynamicItemDataset
from sonovox.data.item_lengths import item_lengths
from sonovox.data.loader import SaveableDataLoader
from sonovox.data.looped_loader import LoopedLoader
from sonovox.data.random_sampler import DEFAULT_SEED, ReproducibleRandomSampler
from sonovox.data.sharded_sampler import ShardedBatchSampler

__all__ = ["make_dataloader"]


def make_dataloader(
    dataset: Dataset[Any], looped_nominal_epoch: int | None = None, *, repeat: bool = True, **loader_kwargs: Any
) -> DataLoader[Any] | LoopedLoader:
    """A `SaveableDataLoader`; one that batches with `PaddedBatch` for a `DynamicItemDataset`.

    Where torch.distributed runs several processes, each gets its part of the batches through a
    `ShardedBatchSampler`, by the items' "duration" where they have one. A sampler that shards
    already (that one, or torch's `DistributedSampler`) stays.

    Args:
        dataset: for an `IterableDataset` the loader is a plain `torch.utils.data.DataLoader`.
        looped_nominal_epoch: batches of an epoch that does not end with the dataset; see `LoopedLoader`.
        repeat: of `ShardedBatchSampler`: True for training, False for evaluation.
        loader_kwargs: of `SaveableDataLoader`. `shuffle=True` becomes a `ReproducibleRandomSampler`
            with the loader's `seed`.

    Raises:
        ArgumentError: `shuffle=True` with a `sampler`, or `batch_size=None` in several processes.

    >>> from sonovox.data import DynamicItemDataset
    >>> data = {name: {"n_words": n} for n, name in enumerate("abc")}
    >>> loader = make_dataloader(DynamicItemDataset(data, output_keys=["id", "n_words"]), batch_size=2)
    >>> [batch.id for batch in loader]
    [['a', 'b'], ['c']]
    """
    if isinstance(dataset, DynamicItemDataset):
        loader_kwargs.setdefault("collate_fn", PaddedBatch)
    loader: DataLoader[Any]
    if isinstance(dataset, IterableDataset):
        loader = DataLoader(dataset, **loader_kwargs)
    else:
        if loader_kwargs.pop("shuffle", False):
            if loader_kwargs.get("sampler") is not None:
                raise ArgumentError("shuffle=True excludes sampler=", hint="leave out one of them")
            seed = loader_kwargs.get("seed", DEFAULT_SEED)
            loader_kwargs["sampler"] = ReproducibleRandomSampler(dataset, seed=seed)  # type: ignore[arg-type]
        if is_distributed():
            _shard(dataset, loader_kwargs, repeat)
        loader = SaveableDataLoader(dataset, **loader_kwargs)
    return loader if looped_nominal_epoch is None else LoopedLoader(loader, looped_nominal_epoch)


def _shard(dataset: Any, loader_kwargs: dict[str, Any], repeat: bool) -> None:
    """Put this process's part of the batches into the arguments of a loader."""
    batches, sampler = loader_kwargs.get("batch_sampler"), loader_kwargs.get("sampler")
    if isinstance(batches, ShardedBatchSampler) or isinstance(sampler, DistributedSampler):
        return
    if batches is None:
        size, drop_last = loader_kwargs.pop("batch_size", 1), loader_kwargs.pop("drop_last", False)
        if size is None:
            raise ArgumentError("batch_size=None gives no batches to share among processes", hint="give batch_size=1")
        batches = BatchSampler(sampler or SequentialSampler(dataset), size, drop_last)
        loader_kwargs.pop("sampler", None)
    lengths = None
    if isinstance(dataset, DynamicItemDataset) and not hasattr(batches, "lengths"):
        known = [dataset.data[item_id] for item_id in dataset.data_ids]
        if all("duration" in item for item in known):
            lengths = item_lengths(known, lambda item: item["duration"])
    loader_kwargs["batch_sampler"] = ShardedBatchSampler(batches, lengths, repeat=repeat)
