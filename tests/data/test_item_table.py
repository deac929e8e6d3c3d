"""Descriptions of items in columns."""

import pickle

import pytest

from sonovox._internal.errors import DataError
from sonovox.data.item_table import ItemTable, Row

VALUES = {
    "text": ["é字", "", "\ud800"],
    "float": [0.1, float("inf"), -0.0],
    "int": [1, -(2**62), 0],
    "large": [2**70, 1, 2],
    "mixed": [1, 2.0, "3"],
    "bool": [True, False, True],
    "anything": [None, [1, "x"], {"a": {"b": []}}],
}


def test_values_come_back_with_their_types():
    items = [dict(zip(VALUES, values, strict=True)) for values in zip(*VALUES.values(), strict=True)]
    table = ItemTable(zip("abc", items, strict=True))
    for key, values in VALUES.items():
        found = [table[item_id][key] for item_id in table]
        assert [(type(value), value) for value in found] == [(type(value), value) for value in values]


def test_a_row_is_a_mapping_that_has_the_id():
    row = ItemTable([("a", {"x": 1})])["a"]
    assert isinstance(row, Row)
    assert dict(row) == {"id": "a", "x": 1}
    assert (len(row), list(row), row.get("id"), repr(row)) == (2, ["id", "x"], "a", "{'id': 'a', 'x': 1}")
    with pytest.raises(KeyError, match="y"):
        row["y"]
    with pytest.raises(TypeError, match="does not support item assignment"):
        row["x"] = 2


def test_items_need_not_have_the_same_keys():
    table = ItemTable([("a", {"x": 1}), ("b", {"y": "", "id": "b"})])
    assert [dict(table[item_id]) for item_id in table] == [{"id": "a", "x": 1}, {"id": "b", "y": ""}]
    assert "x" not in table["b"]
    assert table.all_keys == ["x", "y"]


def test_ids_must_differ():
    with pytest.raises(DataError, match="these stand more than once: a, c"):
        ItemTable((letter, {}) for letter in "abcac")


def test_an_unknown_id_is_a_key_error():
    with pytest.raises(KeyError, match="b"):
        ItemTable([("a", {})])["b"]


def test_a_table_pickles():
    table = pickle.loads(pickle.dumps(ItemTable([("a", {"x": 1}), ("b", {"y": 2})])))  # noqa: S301
    assert [dict(row) for row in table.values()] == [{"id": "a", "x": 1}, {"id": "b", "y": 2}]


def test_a_table_takes_little_more_than_its_values():
    count = 20_000
    table = ItemTable((str(i), {"path": "/data/a.wav", "duration": i / 2}) for i in range(count))
    columns = pickle.dumps(table._chunks)
    # 11 letters and their end in 8 bytes, 8 bytes for the duration; a dictionary of the two takes above 184.
    assert len(columns) < 28 * count


def test_a_long_table_is_packed_in_pieces():
    table = ItemTable((str(i), {"n": i} if i < 20_000 else {"n": str(i), "late": i}) for i in range(40_000))
    assert [table[str(i)]["n"] for i in (0, 16383, 16384, 19_999, 20_000)] == [0, 16383, 16384, 19_999, "20000"]
    assert table.all_keys == ["n", "late"]
    assert dict(table["16385"]) == {"id": "16385", "n": 16385}
