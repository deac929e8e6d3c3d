"""A data set whose items are computed from their description when they are asked for."""

import contextlib
import copy
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch.utils.data import Dataset

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError, DataError
from sonovox.data.dynamic_items import Keys
from sonovox.data.pipeline import DataPipeline, OutputKeys

__all__ = ["DynamicItemDataset", "Item", "add_dynamic_item", "set_output_keys"]

Self = TypeVar("Self", bound="DynamicItemDataset")
Path = str | os.PathLike[str]


class Item(dict[str, Any]):
    """The asked keys of an item; `item["id"]` answers even where "id" is not among them.

    >>> item = Item({"text": "yes"}, item_id="u1")
    >>> item, item["id"]
    ({'text': 'yes'}, 'u1')
    """

    def __init__(self, values: Mapping[str, Any], *, item_id: str) -> None:
        super().__init__(values)
        self.id = item_id

    def __missing__(self, key: str) -> Any:
        if key == "id":
            return self.id
        raise KeyError(key)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored_item, (dict(self), self.id)


class DynamicItemDataset(Dataset[Item]):
    """Items by number, each a dictionary of the output keys, computed when it is asked for.

    Args:
        data: id -> what is known of the item, a mapping whose values are its static keys. The key "id" gives the id.
        dynamic_items: functions that compute further keys; see `DataPipeline`.
        output_keys: what an item shall hold; a mapping renames the keys.

    Raises:
        DataError: an item whose own "id" is another one.

    >>> data = {"u1": {"text": "yes", "duration": 0.9}, "u2": {"text": "no", "duration": 0.5}}
    >>> dataset = DynamicItemDataset(data, output_keys=["id", "size"])
    >>> dataset.add_dynamic_item(len, takes="text", provides="size")
    >>> dataset[0]
    {'id': 'u1', 'size': 3}
    >>> dataset.filtered_sorted(sort_key="duration").data_ids
    ['u2', 'u1']
    """

    def __init__(
        self,
        data: Mapping[str, Mapping[str, Any]],
        dynamic_items: Iterable[Any] | None = None,
        output_keys: OutputKeys | None = None,
    ) -> None:
        if not isinstance(data, Mapping):
            raise ArgumentError(
                f"data must be a mapping of ids to items, got {type(data).__name__}",
                hint='for a list, give {item["id"]: item for item in items}',
            )
        self.data = data
        self.data_ids: list[str] = list(data)
        static = set(data[self.data_ids[0]]) if data else set()
        self.pipeline = DataPipeline({"id", *static}, dynamic_items, output_keys)

    def __len__(self) -> int:
        return len(self.data_ids)

    def __getitem__(self, index: int) -> Item:
        item_id = self.data_ids[index]
        return Item(self.pipeline.compute_outputs(self._point(item_id)), item_id=item_id)

    def __add__(self, other: Dataset[Any]) -> "DynamicItemDataset":  # type: ignore[override]
        if not isinstance(other, DynamicItemDataset):
            raise ArgumentError(f"only another DynamicItemDataset can be added, got {type(other).__name__}")
        return self.concatenate([self, other])

    def iterate_once(self, output_keys: OutputKeys | None = None, progressbar: bool = True) -> None:
        """Compute every item once, to fill a cache or to find the items that fail.

        Args:
            output_keys: to compute; those of the data set when None.
            progressbar: show one, where there is a terminal.
        """
        mapping = self.pipeline.output_mapping if output_keys is None else output_keys
        ids: Iterable[str] = self.data_ids
        if progressbar and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import track

            ids = track(ids, description="items", console=Console(stderr=True))
        for item_id in ids:
            self.pipeline.compute_specific(mapping, self._point(item_id))

    def add_dynamic_item(
        self,
        func: Callable[..., Any] | Mapping[str, Any],
        takes: Keys | None = None,
        provides: Iterable[Keys] | None = None,
    ) -> None:
        """Add a function that computes keys; see `DataPipeline.add_dynamic_item`."""
        self.pipeline.add_dynamic_item(func, takes, provides)

    def set_output_keys(self, keys: OutputKeys) -> None:
        """Choose what an item shall hold: keys, or a mapping of names in the item to keys."""
        self.pipeline.set_output_keys(keys)

    @contextlib.contextmanager
    def output_keys_as(self: Self, keys: OutputKeys) -> Iterator[Self]:
        """This data set with other output keys inside a `with` block.

        >>> dataset = DynamicItemDataset({"u1": {"text": "yes", "n": 1}}, output_keys=["text"])
        >>> with dataset.output_keys_as(["n"]):
        ...     print(dataset[0])
        {'n': 1}
        """
        before = self.pipeline.output_mapping
        self.set_output_keys(keys)
        try:
            yield self
        finally:
            self.set_output_keys(before)

    def column(self, key: str) -> list[Any]:
        """The value of one key for every item, in their order; nothing else is computed.

        >>> DynamicItemDataset({"u1": {"duration": 0.9}, "u2": {"duration": 0.5}}).column("duration")
        [0.9, 0.5]
        """
        if key == "id":
            return list(self.data_ids)
        return [self.pipeline.compute_specific([key], self._point(item_id))[key] for item_id in self.data_ids]

    def filtered_sorted(
        self: Self,
        key_min_value: Mapping[str, Any] | None = None,
        key_max_value: Mapping[str, Any] | None = None,
        key_test: Mapping[str, Callable[[Any], bool]] | None = None,
        sort_key: str | None = None,
        reverse: bool = False,
        select_n: int | None = None,
    ) -> Self:
        """A data set of the items that pass, sorted. It has functions and output keys of its own from here on.

        Keys may be static or computed.

        Args:
            key_min_value: key -> smallest value that passes.
            key_max_value: key -> largest value that passes.
            key_test: key -> function that is true for values that pass.
            sort_key: key by which to sort; items of equal value keep their order.
            reverse: largest first.
            select_n: take that many of the items that pass, the first ones in the order before sorting.

        >>> data = {name: {"duration": seconds} for name, seconds in [("a", 3.0), ("b", 1.0), ("c", 2.0)]}
        >>> DynamicItemDataset(data).filtered_sorted(key_max_value={"duration": 2.5}, sort_key="duration").data_ids
        ['b', 'c']
        """
        passing = self._passing(key_min_value or {}, key_max_value or {}, key_test or {}, sort_key)
        chosen = list(itertools.islice(passing, select_n))
        if sort_key is not None:
            chosen.sort(key=lambda pair: pair[1], reverse=reverse)
        elif reverse:
            chosen.reverse()
        return self._with_ids([item_id for item_id, _ in chosen])

    def overfit_test(self: Self, sample_count: int, total_count: int) -> Self:
        """A data set that repeats the first `sample_count` items until there are `total_count`."""
        check_positive("sample_count", sample_count)
        return self._with_ids(list(itertools.islice(itertools.cycle(self.data_ids[:sample_count]), total_count)))

    def batch_shuffle(self: Self, batch_size: int) -> Self:
        """A data set whose runs of `batch_size` items are shuffled, by torch's random state; order within a run stays.

        A run that is not full stays at the end, so that the others are batches again.
        """
        check_positive("batch_size", batch_size)
        whole = len(self) // batch_size
        starts = (torch.randperm(whole) * batch_size).tolist()
        ids = [item_id for start in starts for item_id in self.data_ids[start : start + batch_size]]
        return self._with_ids(ids + self.data_ids[whole * batch_size :])

    @classmethod
    def concatenate(cls, datasets: Sequence["DynamicItemDataset"]) -> "DynamicItemDataset":
        """A data set of all items of several, with functions and output keys of the first.

        Raises:
            ArgumentError: functions that provide other keys; put data sets together before adding functions.
            DataError: ids that stand in several.
        """
        first = datasets[0]
        ids = [item_id for dataset in datasets for item_id in dataset.data_ids]
        data: dict[str, Mapping[str, Any]] = {}
        for dataset in datasets:
            provided = {key for item in dataset.pipeline.dynamic_items for key in item.keys}
            expected = {key for item in first.pipeline.dynamic_items for key in item.keys}
            if provided != expected:
                raise ArgumentError(
                    f"data sets that provide the same keys were expected, {sorted(provided ^ expected)} differ",
                    hint="put them together before add_dynamic_item",
                )
            own = {item_id: dataset.data[item_id] for item_id in dataset.data_ids}
            if twice := data.keys() & own.keys():
                raise DataError(f"ids must differ between data sets, {len(twice)} do not: {_some(sorted(twice))}")
            data |= own
        joined = copy.copy(first)
        joined.data, joined.data_ids, joined.pipeline = data, ids, first.pipeline.copy()
        joined.pipeline.add_static_keys(set().union(*(dataset.pipeline.static_keys for dataset in datasets)))
        return joined

    def _passing(
        self,
        smallest: Mapping[str, Any],
        largest: Mapping[str, Any],
        tests: Mapping[str, Callable[[Any], bool]],
        sort_key: str | None,
    ) -> Iterator[tuple[str, Any]]:
        """Ids of the items that pass, with their values to sort by."""
        keys = {*smallest, *largest, *tests, *([] if sort_key is None else [sort_key])}
        for item_id in self.data_ids:
            values = self.pipeline.compute_specific(keys, self._point(item_id)) if keys else {}
            if (
                all(values[key] >= least for key, least in smallest.items())
                and all(values[key] <= most for key, most in largest.items())
                and all(test(values[key]) for key, test in tests.items())
            ):
                yield item_id, values.get(sort_key) if sort_key is not None else None

    def _point(self, item_id: str) -> dict[str, Any]:
        """The static keys of an item."""
        known = self.data[item_id]
        if known.get("id", item_id) != item_id:
            raise DataError(f"item {item_id!r} says that its id is {known['id']!r}", hint='rename its key "id"')
        if not known.keys() <= self.pipeline.static_keys:
            self.pipeline.add_static_keys(known.keys())
        return {**known, "id": item_id}

    def _with_ids(self: Self, ids: list[str]) -> Self:
        other = copy.copy(self)
        other.data_ids = ids
        other.pipeline = self.pipeline.copy()
        return other


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


def _restored_item(values: dict[str, Any], item_id: str) -> Item:
    return Item(values, item_id=item_id)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
