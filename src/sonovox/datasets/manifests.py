"""Manifests: files that describe the items of a corpus, written once and read by `DynamicItemDataset`.

Going through a large corpus takes minutes, since the header of every file is read. So what was
written is kept with the settings that it came from, and written again only when these differ.
"""

import csv
import io
import itertools
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sonovox._internal.derive_seed import derive_seed
from sonovox._internal.errors import DataError
from sonovox._internal.files import write_text

__all__ = ["corpus_folder", "split_by_name", "with_progress", "write_manifests"]

logger = logging.getLogger(__name__)
T = TypeVar("T")
Items = Mapping[str, Mapping[str, Any]]


def write_manifests(
    files: Mapping[str, str | os.PathLike[str]],
    read: Callable[[], Mapping[str, Items]],
    settings: Mapping[str, Any],
    *,
    skip_prep: bool = False,
) -> None:
    """Write a manifest for each part of a corpus, unless all are there from the same settings.

    Args:
        files: part, such as "train", -> its manifest: `.csv` with the columns ID and those of the first item, or
            `.json` that maps ids to items.
        read: goes through the corpus; part -> id -> item, with the same keys in all items of a part.
        settings: what `read` depends on, as JSON; kept beside the first manifest.
        skip_prep: the manifests are there, and are not looked at.

    Raises:
        DataError: a part has no items.
    """
    if skip_prep:
        return
    paths = {part: Path(file) for part, file in files.items()}
    first = next(iter(paths.values()))
    note = first.with_name(f"{first.stem}.settings.json")
    told = json.dumps({"files": sorted(map(str, paths.values())), **settings}, indent=1, sort_keys=True, default=str)
    if note.is_file() and note.read_text(encoding="utf-8") == told and all(map(Path.is_file, paths.values())):
        return
    parts = read()
    for part, path in paths.items():
        if not parts[part]:
            raise DataError(f"nothing was found for {path}", hint="look at the folder of the corpus and at the splits")
        write_text(path, _csv(parts[part]) if path.suffix == ".csv" else json.dumps(parts[part], indent=1))
        logger.info("%s: %d items, %s", path, len(parts[part]), _hours(parts[part]))
    write_text(note, told)  # last, so that an interrupted preparation starts again


def corpus_folder(data_folder: str | os.PathLike[str], *needed: str) -> Path:
    """The folder of a corpus, in which these must be.

    Raises:
        DataError: one is not there.
    """
    folder = Path(data_folder)
    missing = [name for name in dict.fromkeys(needed) if not (folder / name).exists()]
    if missing or not folder.is_dir():
        raise DataError(
            f"{folder} has no {', '.join(missing)}" if folder.is_dir() else f"there is no folder {folder}",
            hint="data_folder is the unpacked corpus",
        )
    return folder


def with_progress(things: Sequence[T], what: str) -> Iterable[T]:
    """The things one by one, with a bar where there is a terminal.

    >>> list(with_progress([1, 2], "numbers"))
    [1, 2]
    """
    if not sys.stderr.isatty():
        return things
    from rich.console import Console
    from rich.progress import track

    return track(things, description=what, console=Console(stderr=True))


def split_by_name(names: Iterable[str], shares: Sequence[float], seed: int) -> list[list[str]]:
    """Names in parts of these shares of all, in an order that seed and name alone decide.

    >>> split_by_name(["a", "b", "c", "d", "e", "f"], [2, 1], seed=1)
    [['f', 'c', 'a', 'd'], ['b', 'e']]
    """
    order = sorted(names, key=lambda name: derive_seed(seed, 0, name))
    bounds = [round(len(order) * sum(shares[:i]) / sum(shares)) for i in range(len(shares) + 1)]
    return [order[start:end] for start, end in itertools.pairwise(bounds)]


def _csv(items: Items) -> str:
    columns = list(next(iter(items.values())))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["ID", *columns])
    writer.writerows([item_id, *(item[column] for column in columns)] for item_id, item in items.items())
    return text.getvalue()


def _hours(items: Items) -> str:
    seconds = sum(float(item.get("duration", 0.0)) for item in items.values())
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"
