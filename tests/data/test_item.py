"""What a data set gives for one item."""

import copy
import pickle

import pytest

from sonovox.data.item import Item


def test_an_item_knows_its_id_though_it_is_not_among_its_keys():
    item = Item({"x": 1}, item_id="u1")
    assert (item, item["id"], item.id, "id" in item) == ({"x": 1}, "u1", "u1", False)
    with pytest.raises(KeyError, match="nothing"):
        item["nothing"]


@pytest.mark.parametrize("passed_on", [lambda item: pickle.loads(pickle.dumps(item)), copy.copy, copy.deepcopy])  # noqa: S301
def test_an_item_is_passed_on_with_its_id(passed_on):
    other = passed_on(Item({"x": 1}, item_id="u1"))
    assert (type(other), other, other["id"]) == (Item, {"x": 1}, "u1")
