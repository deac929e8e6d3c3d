"""Data sets of computed items."""

import pickle

import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError, DataError, ItemError, UnknownKeyError
from sonovox.data import DynamicItemDataset, provides, takes


@takes("n")
@provides("square")
def square(n):
    return n * n


@pytest.fixture
def dataset():
    data = {f"u{i}": {"n": i, "duration": [3.0, 1.0, 2.0, 1.0, 5.0][i]} for i in range(5)}
    return DynamicItemDataset(data, [square], ["id", "square"])


def test_items_hold_the_output_keys_in_their_order(dataset):
    assert [list(item.items()) for item in dataset][2:] == [[("id", f"u{i}"), ("square", i * i)] for i in range(2, 5)]
    assert dataset[-1] == {"id": "u4", "square": 16}
    assert len(dataset) == 5


def test_an_item_knows_its_id_though_it_was_not_asked_for(dataset):
    dataset.set_output_keys(["square"])
    assert dataset[1] == {"square": 1}
    assert dataset[1]["id"] == dataset[1].id == "u1"
    assert "id" not in dataset[1]


def test_the_last_index_ends_an_iteration(dataset):
    with pytest.raises(IndexError):
        dataset[5]


def test_an_index_error_inside_a_function_does_not_end_an_iteration(dataset):
    dataset.add_dynamic_item(lambda n: [1, 2][n], "n", "short")
    dataset.set_output_keys(["short"])
    with pytest.raises(ItemError, match=r"item 'u2': .*<lambda> could not compute 'short': IndexError"):
        list(dataset)


def test_a_dataset_pickles(dataset):
    assert list(pickle.loads(pickle.dumps(dataset))) == list(dataset)  # noqa: S301


def test_the_data_stay_what_they_were(dataset):
    dataset[0]
    assert dataset.data["u0"] == {"n": 0, "duration": 3.0}


def test_output_keys_come_back_after_a_block_even_when_it_fails(dataset):
    with dataset.output_keys_as({"length": "duration"}) as same:
        assert same is dataset
        assert dataset[0] == {"length": 3.0}
    assert dataset[0] == {"id": "u0", "square": 0}
    with pytest.raises(UnknownKeyError), dataset.output_keys_as(["nothing"]):
        dataset[0]
    assert dataset[0] == {"id": "u0", "square": 0}


def test_filters_take_static_and_computed_keys(dataset):
    assert dataset.filtered_sorted(key_min_value={"square": 4}).data_ids == ["u2", "u3", "u4"]
    assert dataset.filtered_sorted(key_max_value={"duration": 2.0}).data_ids == ["u1", "u2", "u3"]
    assert dataset.filtered_sorted(key_test={"n": lambda n: n % 2 == 1}).data_ids == ["u1", "u3"]
    chosen = dataset.filtered_sorted(key_min_value={"n": 1}, key_max_value={"n": 3}, key_test={"id": "u2".__ne__})
    assert chosen.data_ids == ["u1", "u3"]


def test_equal_values_keep_their_order_when_sorted_and_are_turned_around_with_the_rest(dataset):
    assert dataset.filtered_sorted(sort_key="duration").data_ids == ["u1", "u3", "u2", "u0", "u4"]
    assert dataset.filtered_sorted(sort_key="duration", reverse=True).data_ids == ["u4", "u0", "u2", "u3", "u1"]


def test_the_first_ones_are_selected_before_sorting(dataset):
    assert dataset.filtered_sorted(sort_key="duration", select_n=2).data_ids == ["u1", "u0"]
    assert dataset.filtered_sorted(select_n=9).data_ids == dataset.data_ids


def test_selecting_computes_no_more_items_than_it_needs(dataset):
    seen = []
    dataset.add_dynamic_item(lambda n: seen.append(n) or n, "n", "seen")
    dataset.filtered_sorted(key_min_value={"seen": 1}, select_n=1)
    assert seen == [0, 1]


def test_a_filtered_dataset_goes_its_own_way(dataset):
    chosen = dataset.filtered_sorted(sort_key="duration")
    chosen.add_dynamic_item(lambda n: -n, "n", "minus")
    chosen.set_output_keys(["minus"])
    assert chosen[0] == {"minus": -1}
    assert dataset[0] == {"id": "u0", "square": 0}
    dataset.add_dynamic_item(lambda n: n, "n", "minus")  # the key is still free


def test_filtering_can_be_repeated(dataset):
    short = dataset.filtered_sorted(key_max_value={"duration": 2.0})
    assert short.filtered_sorted(sort_key="n", reverse=True).data_ids == ["u3", "u2", "u1"]


def test_overfitting_repeats_the_first_items(dataset):
    assert dataset.overfit_test(2, 5).data_ids == ["u0", "u1", "u0", "u1", "u0"]
    assert [item["id"] for item in dataset.overfit_test(1, 2)] == ["u0", "u0"]


def test_batches_are_shuffled_as_wholes(dataset):
    torch.manual_seed(0)
    orders = {tuple(dataset.batch_shuffle(2).data_ids) for _ in range(50)}
    assert orders == {("u0", "u1", "u2", "u3", "u4"), ("u2", "u3", "u0", "u1", "u4")}


def test_a_column_computes_nothing_else(dataset):
    dataset.add_dynamic_item(lambda n: 1 / 0, "n", "broken")
    dataset.set_output_keys(["broken"])
    assert dataset.column("square") == [0, 1, 4, 9, 16]
    assert dataset.column("id") == ["u0", "u1", "u2", "u3", "u4"]


def test_iterating_once_computes_every_item(dataset):
    seen = []
    dataset.add_dynamic_item(lambda n: seen.append(n), "n", "seen")
    assert dataset.iterate_once(["seen"], progressbar=False) is None
    assert seen == [0, 1, 2, 3, 4]
    dataset.set_output_keys(["square"])
    dataset.iterate_once()
    assert len(seen) == 5


def test_items_may_have_keys_that_the_first_has_not():
    dataset = DynamicItemDataset({"a": {"x": 1}, "b": {"x": 2, "y": 3}}, output_keys=["y"])
    assert dataset[1] == {"y": 3}
    with pytest.raises(ItemError, match=r"item 'a' has no 'y'; it has x, id"):
        dataset[0]


def test_an_unknown_output_key_names_the_nearest(dataset):
    dataset.set_output_keys(["sqare"])
    with pytest.raises(UnknownKeyError, match=r"did you mean square"):
        dataset[0]


def test_an_item_with_another_id_is_refused():
    with pytest.raises(DataError, match=r"item 'a' says that its id is 'b'"):
        DynamicItemDataset({"a": {"id": "b"}}, output_keys=["id"])[0]


def test_a_list_is_refused_with_the_way_to_convert_it():
    with pytest.raises(ArgumentError, match=r"a mapping of ids to items, got list; for a list, give"):
        DynamicItemDataset([{"id": "a"}])


def test_only_another_dataset_can_be_added(dataset):
    assert len(dataset + DynamicItemDataset({"v": {"n": 7}}, [square])) == 6
    with pytest.raises(ArgumentError, match=r"only another DynamicItemDataset"):
        dataset + torch.utils.data.TensorDataset(torch.ones(1))


def test_an_empty_dataset_is_empty():
    assert list(DynamicItemDataset({}, output_keys=["x"]).filtered_sorted(sort_key="x")) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "ID,n\none,1\n"),
        ("a.json", '{"one": {"n": "1"}}'),
        ("a.jsonl", '{"id": "one", "n": "1"}\n'),
    ],
)
def test_a_manifest_is_read_by_its_suffix(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    read = DynamicItemDataset.from_manifest(tmp_path / name, output_keys=["id", "n"])
    assert [dict(item) for item in read] == [{"id": "one", "n": "1"}]
    (tmp_path / name).rename(tmp_path / "a.txt")
    with pytest.raises(
        ChoiceError, match=r"the suffix of a manifest must be one of \.csv, \.json, \.jsonl, got '\.txt'"
    ):
        DynamicItemDataset.from_manifest(str(tmp_path / "a.txt"))
