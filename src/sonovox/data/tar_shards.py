"""Tar files in the layout of WebDataset as items: the files of one item follow each other and share a name.

The layout: https://github.com/webdataset/webdataset. Nothing is unpacked: the tar files are listed once,
and sound is read from its place inside of them.
"""

import glob
import itertools
import json
import os
import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from sonovox._internal.audio_suffixes import AUDIO_SUFFIXES
from sonovox._internal.errors import DataError
from sonovox.data.byte_ranges import read_range
from sonovox.data.item_table import ItemTable

__all__ = ["read_tar"]

_TEXT = {"txt", "lab", "text", "transcript"}
_LARGEST_TEXT = 1 << 20  # bytes


def read_tar(shards: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> ItemTable:
    """Items of tar files. Sound is under "audio" (`a.mix.wav`: under "mix"), text under its ending ("txt").

    The keys of a .json file become keys of the item, a .cls is a number, and other files are ranges of bytes
    (`{"file", "offset", "size"}`).

    Args:
        shards: a tar file, several, or a pattern such as `"train-{000..012}.tar"` or `"train-*.tar"`.

    Raises:
        DataError: no such file, one that is compressed or no tar file, or an id that stands twice.
    """
    return ItemTable(itertools.chain.from_iterable(map(_items_of, _paths(shards))))


def _items_of(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    item_id, item = "", dict[str, Any]()
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if not member.isreg():
                    continue
                stem, _, ending = PurePosixPath(member.name).name.partition(".")
                own_id = PurePosixPath(member.name).with_name(stem).as_posix() if stem else ""
                if not own_id or not ending:
                    continue
                if item_id and own_id != item_id:
                    yield item_id, item
                    item = {}
                item_id = own_id
                item |= _values(ending.lower(), {"file": path, "offset": member.offset_data, "size": member.size})
    except tarfile.ReadError as error:
        with Path(path).open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        raise DataError(
            f"{path} cannot be read as a tar file: {'it is compressed' if packed else error}",
            hint="uncompress it, since places inside of a compressed file cannot be jumped to" if packed else "",
        ) from error
    if item_id:
        yield item_id, item


def _values(ending: str, place: dict[str, Any]) -> dict[str, Any]:
    """What one file gives to its item."""
    name, _, kind = ending.rpartition(".")
    if f".{kind}" in AUDIO_SUFFIXES:
        return {name or "audio": place}
    if kind not in _TEXT | {"json", "cls"}:
        return {ending: place}
    if place["size"] > _LARGEST_TEXT:
        raise DataError(f"{_named(ending, place)} has {place['size']} bytes, at most {_LARGEST_TEXT} were expected")
    content = read_range(place)
    try:
        if kind == "cls":
            return {ending: int(content)}
        if kind == "json":
            fields = json.loads(content)
            return fields if isinstance(fields, dict) else {ending: fields}
        return {ending: content.decode().strip()}
    except ValueError as error:
        raise DataError(f"{_named(ending, place)} is not what its ending says: {error}") from error


def _named(ending: str, place: dict[str, Any]) -> str:
    return f"{place['file']}: the .{ending} at byte {place['offset']}"


def _paths(shards: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    given = [shards] if isinstance(shards, str | os.PathLike) else shards
    paths: list[str] = []
    for pattern in [os.fspath(shard) for shard in given]:
        found = [pattern]
        if not Path(pattern).is_file():  # a name may hold letters that patterns use
            found = sorted(path for name in _expanded(pattern) for path in glob.glob(name))  # noqa: PTH207
        if not found:
            raise DataError(f"there is no tar file {pattern}", hint="patterns: train-{000..012}.tar, train-*.tar")
        paths += found
    return paths


def _expanded(pattern: str) -> Iterator[str]:
    """`a-{08..10}` as a-08, a-09, a-10."""
    match = re.search(r"\{(\d+)\.\.(\d+)\}", pattern)
    if match is None:
        yield pattern
        return
    for number in range(int(match[1]), int(match[2]) + 1):
        yield from _expanded(f"{pattern[: match.start()]}{number:0{len(match[1])}}{pattern[match.end() :]}")
