"""Descriptions of many items in columns, one block of memory each.

A dictionary for every item would cost about a kilobyte, and each worker process that reads it
would soon have a copy of its own, as Python writes reference counts into what it reads. Columns
take the bytes of their values, and stay shared.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from sonovox._internal.errors import DataError

__all__ = ["ItemTable", "Row", "RowSource"]

_MISSING: Any = object()
_CHUNK = 1 << 14  # items that are packed together


class RowSource(Protocol):
    """What holds the values of rows."""

    def value(self, row: int, key: str) -> Any:
        """One value; KeyError where the row has none."""

    def keys_of(self, row: int) -> Iterable[str]:
        """The keys of a row."""


class Row(Mapping[str, Any]):
    """One item, a read-only mapping whose values are fetched when they are looked at; "id" is among them."""

    __slots__ = ("_id", "_row", "_source")

    def __init__(self, source: RowSource, item_id: str, row: int) -> None:
        self._source = source
        self._id = item_id
        self._row = row

    def __getitem__(self, key: str) -> Any:
        return self._id if key == "id" else self._source.value(self._row, key)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(("id", *self._source.keys_of(self._row))))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))


class ItemTable(Mapping[str, Row]):
    """Items by id, kept in columns.

    Args:
        items: ids and items, of which only some are in memory at a time where they come one by one. Values are what
            JSON has: text, numbers, booleans, None, lists, mappings. The items need not all have the same keys.

    Raises:
        DataError: an id that stands twice.

    >>> table = ItemTable([("a", {"text": "yes", "duration": 0.9}), ("b", {"text": "no", "duration": 0.5})])
    >>> table["b"]
    {'id': 'b', 'text': 'no', 'duration': 0.5}
    """

    def __init__(self, items: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        self._rows: dict[str, int] = {}
        self._chunks: list[dict[str, _Column]] = []
        remaining = iter(items)
        twice: list[str] = []
        while chunk := list(itertools.islice(remaining, _CHUNK)):
            self._chunks.append(_columns([item for _, item in chunk]))
            for item_id, _ in chunk:
                if item_id in self._rows:
                    twice.append(item_id)
                self._rows[item_id] = len(self._rows)
        if twice:
            some = ", ".join([*list(dict.fromkeys(twice))[:5], *(["…"] if len(twice) > 5 else [])])
            raise DataError(f"ids must differ, these stand more than once: {some}")

    def __getitem__(self, item_id: str) -> Row:
        return Row(self, item_id, self._rows[item_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def value(self, row: int, key: str) -> Any:
        """The value of a row; KeyError where it has none."""
        found = self._chunks[row // _CHUNK][key][row % _CHUNK]
        if found is _MISSING:
            raise KeyError(key)
        return found

    @property
    def all_keys(self) -> list[str]:
        """The keys that any item has."""
        return list(dict.fromkeys(itertools.chain.from_iterable(self._chunks)))

    def keys_of(self, row: int) -> Iterable[str]:
        """The keys of a row."""
        columns = self._chunks[row // _CHUNK]
        return (key for key, column in columns.items() if column[row % _CHUNK] is not _MISSING)


class _Numbers:
    """Numbers of one type."""

    def __init__(self, values: Sequence[float], dtype: type) -> None:
        self._array: np.ndarray = np.array(values, dtype)

    def __getitem__(self, row: int) -> Any:
        return self._array[row].item()


class _Texts:
    """Text, as UTF-8 one after the other. Lone halves of surrogates, which JSON allows, are kept."""

    def __init__(self, values: Iterable[str]) -> None:
        encoded = [value.encode("utf-8", "surrogatepass") for value in values]
        self._ends = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)))
        self._bytes = b"".join(encoded)

    def __getitem__(self, row: int) -> str:
        start = self._ends[row - 1] if row else 0
        return self._bytes[start : self._ends[row]].decode("utf-8", "surrogatepass")


class _Anything(_Texts):
    """What JSON has, as its text; the empty text stands for no value."""

    def __init__(self, values: Iterable[Any]) -> None:
        super().__init__("" if value is _MISSING else json.dumps(value) for value in values)

    def __getitem__(self, row: int) -> Any:
        text = super().__getitem__(row)
        return json.loads(text) if text else _MISSING


_Column: TypeAlias = _Numbers | _Texts | _Anything


def _columns(items: Sequence[Mapping[str, Any]]) -> dict[str, _Column]:
    keys = dict.fromkeys(itertools.chain.from_iterable(items))
    return {key: _packed([item.get(key, _MISSING) for item in items]) for key in keys if key != "id"}


def _packed(values: Sequence[Any]) -> _Column:
    types = set(map(type, values))
    if types == {str}:
        return _Texts(values)
    if types == {float}:
        return _Numbers(values, np.float64)
    if types == {int} and min(values) >= -(2**63) and max(values) < 2**63:
        return _Numbers(values, np.int64)
    return _Anything(values)
