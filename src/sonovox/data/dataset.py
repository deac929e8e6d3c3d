"""A data set whose items are computed from their description when they are asked for."""

import contextlib
import copy
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch.utils.data import Dataset

from sonovox._internal.checks import check_choice, check_positive
from sonovox._internal.errors import ArgumentError, DataError
from sonovox._internal.replacements import Replacements
from sonovox.data.arrow_items import ArrowItems
from sonovox.data.audio import audio_duration
from sonovox.data.audio_folder import read_audio_folder
from sonovox.data.dynamic_items import Keys
from sonovox.data.item import Item
from sonovox.data.item_cache import FolderCache, MemoryCache
from sonovox.data.item_files import read_csv, read_json, read_jsonl
from sonovox.data.item_table import ItemTable, Row
from sonovox.data.kaldi_folder import read_kaldi
from sonovox.data.lhotse_cuts import read_lhotse
from sonovox.data.pipeline import DataPipeline, OutputKeys
from sonovox.data.tar_shards import read_tar

__all__ = ["DynamicItemDataset"]

Self = TypeVar("Self", bound="DynamicItemDataset")
FilePath = str | os.PathLike[str]


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

    description = ""

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
        # Of mappings, those of the first; what others have beyond is learned as it comes.
        static = data.all_keys if isinstance(data, ItemTable | ArrowItems) else next(iter(data.values()), {})
        self.pipeline = DataPipeline({"id", *static}, dynamic_items, output_keys)

    def __len__(self) -> int:
        return len(self.data_ids)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} items{self.description and ': '}{self.description}>"

    def __getitem__(self, index: int) -> Item:
        item_id = self.data_ids[index]
        return Item(self.pipeline.compute_outputs(self._point(item_id)), item_id=item_id)

    def __add__(self, other: Dataset[Any]) -> "DynamicItemDataset":  # type: ignore[override]
        if not isinstance(other, DynamicItemDataset):
            raise ArgumentError(f"only another DynamicItemDataset can be added, got {type(other).__name__}")
        from sonovox.data.several_datasets import concatenate

        return concatenate([self, other])

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
            sort_key: key by which to sort, smallest first; items of equal value keep their order.
            reverse: turn the sorted items around, so that the largest comes first.
            select_n: take that many of the items that pass, the first ones in the order before sorting.

        >>> data = {name: {"duration": seconds} for name, seconds in [("a", 3.0), ("b", 1.0), ("c", 2.0)]}
        >>> DynamicItemDataset(data).filtered_sorted(key_max_value={"duration": 2.5}, sort_key="duration").data_ids
        ['b', 'c']
        """
        passing = self._passing(key_min_value or {}, key_max_value or {}, key_test or {}, sort_key)
        chosen = list(itertools.islice(passing, select_n))
        if sort_key is not None:
            chosen.sort(key=lambda pair: pair[1])
            if reverse:
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
    def from_manifest(
        cls: type[Self],
        path: FilePath,
        replacements: Mapping[str, Any] | None = None,
        dynamic_items: Iterable[Any] = (),
        output_keys: OutputKeys = (),
    ) -> Self:
        """The items of a file that ends in `.csv`, `.json` or `.jsonl`; see `from_csv`, `from_json`, `from_jsonl`.

        Raises:
            ChoiceError: it ends in something else.
        """
        suffix = Path(path).suffix
        check_choice("the suffix of a manifest", suffix, [".csv", ".json", ".jsonl"])
        if suffix == ".csv":
            return cls.from_csv(path, replacements, dynamic_items, output_keys)
        read = cls.from_json if suffix == ".json" else cls.from_jsonl
        return read(path, replacements, dynamic_items, output_keys)

    @classmethod
    def from_json(
        cls: type[Self],
        json_path: FilePath,
        replacements: Mapping[str, Any] | None = None,
        dynamic_items: Iterable[Any] = (),
        output_keys: OutputKeys = (),
    ) -> Self:
        """The items of a JSON file that maps ids to mappings.

        Args:
            json_path: the file.
            replacements: what `{name}` and `$name` stand for in its text, such as the folder of a corpus.
            dynamic_items: as for the class.
            output_keys: as for the class.
        """
        return cls(read_json(json_path, replacements), dynamic_items, output_keys)

    @classmethod
    def from_csv(
        cls: type[Self],
        csv_path: FilePath,
        replacements: Mapping[str, Any] | None = None,
        dynamic_items: Iterable[Any] = (),
        output_keys: OutputKeys = (),
        col_types: Mapping[str, Callable[[str], Any]] | None = None,
    ) -> Self:
        """The items of a CSV file: ids under "ID", "duration" as a number, all else as text.

        `col_types` maps columns to what converts their text, such as `int`; see `from_json`.
        """
        return cls(read_csv(csv_path, replacements, col_types), dynamic_items, output_keys)

    @classmethod
    def from_jsonl(
        cls: type[Self],
        jsonl_path: FilePath,
        replacements: Mapping[str, Any] | None = None,
        dynamic_items: Iterable[Any] = (),
        output_keys: OutputKeys = (),
        *,
        id_key: str = "id",
    ) -> Self:
        """The items of a file with one JSON object a line, told apart by `id_key`; for the rest see `from_json`."""
        return cls(read_jsonl(jsonl_path, replacements, id_key), dynamic_items, output_keys)

    @classmethod
    def from_arrow_dataset(
        cls: type[Self],
        dataset: Any,
        replacements: Mapping[str, Any] | None = None,
        dynamic_items: Iterable[Any] = (),
        output_keys: OutputKeys = (),
    ) -> Self:
        """The rows of a Hugging Face data set, by its column "id" or else by number; for the rest see `from_json`."""
        return cls(ArrowItems(dataset, Replacements(replacements)), dynamic_items, output_keys)

    @classmethod
    def from_kaldi(
        cls: type[Self],
        folder: FilePath,
        replacements: Mapping[str, Any] | None = None,
        dynamic_items: Iterable[Any] = (),
        output_keys: OutputKeys = (),
    ) -> Self:
        """The utterances of a Kaldi data directory: "audio", "text", "speaker", "duration"; see `from_json`.

        Commands in wav.scp are refused: they would run whatever the list says.
        """
        return cls(read_kaldi(folder, Replacements(replacements)), dynamic_items, output_keys)._with_duration()

    @classmethod
    def from_folder(
        cls: type[Self],
        folder: FilePath,
        transcripts: FilePath | None = None,
        dynamic_items: Iterable[Any] = (),
        output_keys: OutputKeys = (),
    ) -> Self:
        """The sound files in a folder and below: "audio", "duration", and "text" where there is some.

        Text stands in the file `transcripts` (lines `name text`), or in .txt or .lab files beside the sound, or in
        LibriSpeech's transcripts. `repr` of the data set says what was found.
        """
        table, found = read_audio_folder(folder, transcripts)
        dataset = cls(table, dynamic_items, output_keys)._with_duration()
        dataset.description = found
        return dataset

    @classmethod
    def from_tar(
        cls: type[Self],
        shards: FilePath | Iterable[FilePath],
        dynamic_items: Iterable[Any] = (),
        output_keys: OutputKeys = (),
    ) -> Self:
        """The items of tar files in WebDataset's layout, which are not unpacked: "audio", "duration", and the rest.

        Text is under its ending ("txt"), the keys of .json files are keys of the item. `shards` may be a pattern such
        as `"train-{000..012}.tar"`.
        """
        return cls(read_tar(shards), dynamic_items, output_keys)._with_duration()

    @classmethod
    def from_lhotse(
        cls: type[Self], cuts: Iterable[Any], dynamic_items: Iterable[Any] = (), output_keys: OutputKeys = ()
    ) -> Self:
        """The cuts of a Lhotse `CutSet`: "audio" (for `read_audio`), "duration", "text", "speaker", "language"."""
        return cls(read_lhotse(cuts), dynamic_items, output_keys)

    def cache(self, keys: str | Iterable[str], folder: FilePath | None = None, max_bytes: int = 1 << 30) -> None:
        """Keep computed keys, so that they are computed once; the data sets that are made from this one share them.

        Args:
            keys: computed keys to keep.
            folder: keep them in files here, over runs and for all processes. Empty it when the functions change.
            max_bytes: without a folder, keep them in memory up to this size. Each worker process has its own memory;
                run `iterate_once` before workers start, and they share what is there.
        """
        names = frozenset([keys] if isinstance(keys, str) else keys)
        self.pipeline.cache = MemoryCache(names, max_bytes) if folder is None else FolderCache(names, folder)

    def _with_duration(self: Self) -> Self:
        """This data set, which finds the duration of an item when it is asked for, unless the items have it."""
        provided = {key for item in self.pipeline.dynamic_items for key in item.keys}
        if "duration" not in self.pipeline.static_keys | provided:
            self.add_dynamic_item(audio_duration, takes="audio", provides="duration")
        return self

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

    def _point(self, item_id: str) -> Mapping[str, Any]:
        """The static keys of an item."""
        known = self.data[item_id]
        if isinstance(known, Row):
            return known
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
