"""What is done to several data sets at once."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sonovox._internal.errors import ArgumentError, DataError
from sonovox.data.dataset import DynamicItemDataset
from sonovox.data.dynamic_items import Keys
from sonovox.data.pipeline import OutputKeys

__all__ = ["add_dynamic_item", "concatenate", "set_output_keys"]


def add_dynamic_item(
    datasets: Iterable[DynamicItemDataset],
    func: Callable[..., Any] | Mapping[str, Any],
    takes: Keys | None = None,
    provides: Iterable[Keys] | None = None,
) -> None:
    """Add a function to several data sets; see `DataPipeline.add_dynamic_item`."""
    for dataset in datasets:
        dataset.add_dynamic_item(func, takes, provides)


def set_output_keys(datasets: Iterable[DynamicItemDataset], output_keys: OutputKeys) -> None:
    """Choose what the items of several data sets shall hold."""
    for dataset in datasets:
        dataset.set_output_keys(output_keys)


def concatenate(datasets: Sequence[DynamicItemDataset]) -> DynamicItemDataset:
    """A data set of all items of several, with functions and output keys of the first; `first + second` does the same.

    Raises:
        ArgumentError: functions that provide other keys; put data sets together before adding functions.
        DataError: ids that stand in several.

    >>> yes, no = (DynamicItemDataset({name: {"text": name}}, output_keys=["text"]) for name in ("yes", "no"))
    >>> list(concatenate([yes, no]))
    [{'text': 'yes'}, {'text': 'no'}]
    """
    first = datasets[0]
    expected = _provided(first)
    data: dict[str, Mapping[str, Any]] = {}
    for dataset in datasets:
        if other := _provided(dataset) ^ expected:
            raise ArgumentError(
                f"data sets that provide the same keys were expected, {sorted(other)} differ",
                hint="put them together before add_dynamic_item",
            )
        own = {item_id: dataset.data[item_id] for item_id in dataset.data_ids}
        if twice := sorted(data.keys() & own.keys()):
            some = ", ".join(twice[:5])
            raise DataError(f"ids must differ between data sets, {len(twice)} do not: {some}")
        data |= own
    joined = copy.copy(first)
    joined.data = data
    joined.data_ids = [item_id for dataset in datasets for item_id in dataset.data_ids]
    joined.pipeline = first.pipeline.copy()
    joined.pipeline.add_static_keys(set().union(*(dataset.pipeline.static_keys for dataset in datasets)))
    joined.description = "; ".join(dataset.description for dataset in datasets if dataset.description)
    return joined


def _provided(dataset: DynamicItemDataset) -> set[str]:
    return {key for item in dataset.pipeline.dynamic_items for key in item.keys}
