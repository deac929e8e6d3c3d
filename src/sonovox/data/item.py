"""What a data set gives for one item."""

from collections.abc import Mapping
from typing import Any

__all__ = ["Item"]


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


def _restored_item(values: dict[str, Any], item_id: str) -> Item:
    return Item(values, item_id=item_id)
