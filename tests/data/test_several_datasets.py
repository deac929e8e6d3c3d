"""Several data sets at once."""

import pytest

from sonovox._internal.errors import ArgumentError, DataError
from sonovox.data import DynamicItemDataset, add_dynamic_item, concatenate, provides, set_output_keys, takes


@takes("n")
@provides("square")
def square(n):
    return n * n


@pytest.fixture
def dataset():
    return DynamicItemDataset({f"u{i}": {"n": i} for i in range(5)}, [square], ["id", "square"])


def test_several_datasets_are_told_at_once(dataset):
    pair = [dataset, dataset.filtered_sorted(select_n=1)]
    add_dynamic_item(pair, lambda n: -n, takes="n", provides="minus")
    set_output_keys(pair, ["minus"])
    assert [one[0] for one in pair] == [{"minus": 0}, {"minus": 0}]


def test_datasets_are_put_together(dataset):
    other = DynamicItemDataset({"v": {"n": 7, "speaker": "x"}}, [square])
    both = concatenate([dataset.filtered_sorted(select_n=2), other])
    assert list(both) == [{"id": "u0", "square": 0}, {"id": "u1", "square": 1}, {"id": "v", "square": 49}]
    assert both.filtered_sorted(key_min_value={"square": 2})[0]["id"] == "v"
    with pytest.raises(DataError, match=r"ids must differ between data sets, 5 do not: u0, u1"):
        concatenate([dataset, dataset])
    with pytest.raises(ArgumentError, match=r"\['square'\] differ"):
        concatenate([dataset, DynamicItemDataset({"v": {"n": 7}})])


def test_items_of_both_keep_their_keys():
    both = concatenate([DynamicItemDataset({"a": {"x": 1}}, output_keys=["y"]), DynamicItemDataset({"b": {"y": 2}})])
    assert both[1] == {"y": 2}
    assert both.column("id") == ["a", "b"]
