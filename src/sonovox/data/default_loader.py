"""A loader with the defaults of this toolkit."""

from typing import Any

from torch.utils.data import DataLoader, Dataset, IterableDataset

from sonovox._internal.errors import ArgumentError
from sonovox.data.batch import PaddedBatch
from sonovox.data.dataset import DynamicItemDataset
from sonovox.data.loader import SaveableDataLoader
from sonovox.data.looped_loader import LoopedLoader
from sonovox.data.random_sampler import DEFAULT_SEED, ReproducibleRandomSampler

__all__ = ["make_dataloader"]


def make_dataloader(
    dataset: Dataset[Any], looped_nominal_epoch: int | None = None, **loader_kwargs: Any
) -> DataLoader[Any] | LoopedLoader:
    """A `SaveableDataLoader`; one that batches with `PaddedBatch` for a `DynamicItemDataset`.

    Args:
        dataset: for an `IterableDataset` the loader is a plain `torch.utils.data.DataLoader`.
        looped_nominal_epoch: batches of an epoch that does not end with the dataset; see `LoopedLoader`.
        loader_kwargs: of `SaveableDataLoader`. `shuffle=True` becomes a `ReproducibleRandomSampler`
            with the loader's `seed`.

    Raises:
        ArgumentError: `shuffle=True` with a `sampler`.

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
        loader = SaveableDataLoader(dataset, **loader_kwargs)
    return loader if looped_nominal_epoch is None else LoopedLoader(loader, looped_nominal_epoch)
