"""A data set of Hugging Face as items; the package `datasets` itself is not imported."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sonovox._internal.errors import ArgumentError, DataError
from sonovox._internal.replacements import Replacements
from sonovox.data.item_table import Row

__all__ = ["ArrowItems"]


class ArrowItems(Mapping[str, Row]):
    """Rows by id: the column "id" where there is one, else the number of the row.

    A value is read when it is looked at, and only its column, so that sound is not decoded to sort by length.

    Args:
        dataset: with `column_names`, a length, and rows by number.
        replacements: for text.

    Raises:
        ArgumentError: something else, such as a `DatasetDict` of several splits.
        DataError: an id that stands twice.
    """

    def __init__(self, dataset: Any, replacements: Replacements) -> None:
        names: Any = getattr(dataset, "column_names", None)
        if isinstance(names, Mapping) or not (
            names and hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")
        ):
            splits = f" of the splits {', '.join(names)}" if isinstance(names, Mapping) else ""
            raise ArgumentError(
                f"a data set with rows and column_names was expected, got {type(dataset).__name__}{splits}",
                hint=f'choose one, for example dataset["{next(iter(names))}"]'
                if splits
                else "is it streaming? load it whole",
            )
        self._names: list[str] = list(names)
        self._replacements = replacements
        self._dataset = dataset
        # Where a data set can be narrowed to one column, a look at a value reads that one only.
        narrow = getattr(dataset, "select_columns", None)
        self._columns = {name: narrow([name]) if narrow else dataset for name in self._names}
        count = len(dataset)
        ids = [str(self._columns["id"][i]["id"]) for i in range(count)] if "id" in names else map(str, range(count))
        self._rows = {item_id: row for row, item_id in enumerate(ids)}
        if len(self._rows) < count:
            raise DataError(
                f"{count} different ids were expected, got {len(self._rows)}", hint='correct the column "id"'
            )

    def __getitem__(self, item_id: str) -> Row:
        return Row(self, item_id, self._rows[item_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def all_keys(self) -> list[str]:
        """The columns."""
        return self._names

    def value(self, row: int, key: str) -> Any:
        """The value of a column in a row."""
        return self._replacements(self._columns[key][row][key])

    def keys_of(self, row: int) -> Iterable[str]:
        """The columns."""
        return self._names
