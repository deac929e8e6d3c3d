"""Descriptions of items in files: JSON, JSON lines and CSV."""

import collections
import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import DataError
from sonovox._internal.replacements import Replacements
from sonovox.data.item_table import ItemTable

__all__ = ["read_csv", "read_json", "read_jsonl"]

FilePath = str | os.PathLike[str]


def read_json(path: FilePath, replacements: Mapping[str, Any] | None = None) -> ItemTable:
    """Items of a JSON file that maps ids to mappings.

    Raises:
        DataError: not of that form, or an id that stands twice.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8-sig"), object_pairs_hook=_without_repeats)
    except DataError as error:
        raise DataError(f"{path}: {error.message}", hint=error.hint) from None
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}", hint="for one object a line, use from_jsonl") from error
    if not isinstance(content, dict):
        raise DataError(
            f"{path}: ids with their items were expected, got a {type(content).__name__}",
            hint="for one object a line, use from_jsonl",
        )
    for item_id, item in content.items():
        if not isinstance(item, dict):
            raise DataError(f"{path}: item {item_id!r} must be a mapping of keys to values, got {item!r}")
        if item.get("id", item_id) != item_id:
            raise DataError(f"{path}: item {item_id!r} says that its id is {item['id']!r}", hint='rename its key "id"')
    replaced = Replacements(replacements)
    return ItemTable((item_id, replaced(item)) for item_id, item in content.items())


def read_jsonl(path: FilePath, replacements: Mapping[str, Any] | None = None, id_key: str | None = "id") -> ItemTable:
    """Items of a file with one JSON object a line, whose ids stand under `id_key`; None counts the lines from 1.

    Raises:
        DataError: a line that is no object or has no id, with its number; or an id that stands twice.
    """
    return _told_of(path, _objects(path, Replacements(replacements), id_key))


def read_csv(
    path: FilePath,
    replacements: Mapping[str, Any] | None = None,
    col_types: Mapping[str, Callable[[str], Any]] | None = None,
    *,
    id_key: str | None = "ID",
) -> ItemTable:
    """Items of a CSV file: ids in the column "ID", "duration" as a number, all else as text.

    Args:
        path: of the file; the first line names the columns. Spaces after commas do not count. With the ending .tsv
            tabs stand between the fields, and quotation marks belong to the text.
        replacements: for text.
        col_types: column -> what converts its text, such as `int`.
        id_key: the column of the ids; None counts the lines below the first from 1.

    Raises:
        DataError: no such column, a line with more or fewer fields, a duration that is no number, or an id that
            stands twice; with the number of the line.
    """
    types: dict[str, Callable[[str], Any]] = {"duration": float, **(col_types or {})}
    return _told_of(path, _rows(path, Replacements(replacements), types, id_key))


def _objects(path: FilePath, replaced: Replacements, id_key: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    with Path(path).open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
            except ValueError as error:
                raise DataError(f"{path}:{number} is not JSON: {error}") from error
            if not isinstance(item, dict) or not (id_key is None or id_key in item):
                keys = list(item) if isinstance(item, dict) else []
                raise DataError(
                    f"{path}:{number}: an object with {id_key or 'keys'!r} was expected, got {line.strip()[:80]}",
                    hint=did_you_mean(id_key or "", keys) or 'name the key that tells items apart with id_key="..."',
                )
            yield str(number if id_key is None else item[id_key]), replaced(item)


def _rows(
    path: FilePath, replaced: Replacements, types: Mapping[str, Callable[[str], Any]], id_key: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        if Path(path).suffix.lower() == ".tsv":
            reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        else:
            reader = csv.reader(file, skipinitialspace=True)
        names = [name.strip() for name in next(reader, [])]
        if id_key is not None and id_key not in names:
            near = next((name for name in names if name.lower() == id_key.lower()), "")
            raise DataError(
                f'{path}: a column "{id_key}" was expected, got {", ".join(names) or "an empty file"}',
                hint=f"rename {near}" if near else "the first line names the columns",
            )
        if len(set(names)) < len(names):
            raise DataError(f"{path}: columns must differ, got {', '.join(names)}")
        for number, row in enumerate(filter(None, reader), 1):
            if len(row) == len(names):
                item: dict[str, Any] = replaced(dict(zip(names, row, strict=True)))
                for name in types.keys() & item.keys():
                    item[name] = _converted(types[name], item[name], path, reader.line_num, name)
                yield str(number) if id_key is None else item.pop(id_key), item
            else:
                raise DataError(
                    f"{path}:{reader.line_num}: {len(names)} fields were expected, got {len(row)}",
                    hint='put text with commas in "quotes"',
                )


def _converted(convert: Callable[[str], Any], text: str, path: FilePath, line: int, name: str) -> Any:
    try:
        return convert(text)
    except ValueError as error:
        raise DataError(f"{path}:{line}: {name} could not be converted, got {text!r}: {error}") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = [key for key, count in collections.Counter(key for key, _ in pairs).items() if count > 1]
        raise DataError(f"ids and keys must differ, these stand more than once: {', '.join(twice[:5])}")
    return found


def _told_of(path: FilePath, items: Iterable[tuple[str, Mapping[str, Any]]]) -> ItemTable:
    try:
        return ItemTable(items)
    except DataError as error:
        named = error.message.startswith(os.fspath(path))
        raise DataError(error.message if named else f"{path}: {error.message}", hint=error.hint) from error.__cause__
