import json

import pytest

from sonovox._internal.errors import DataError
from sonovox.data import DynamicItemDataset
from sonovox.datasets.manifests import corpus_folder, split_by_name, write_manifests

ITEMS = {"a": {"duration": 1.5, "wav": "a b,c.wav", "wrd": 'say "no"'}, "b": {"duration": 2, "wav": "b.wav", "wrd": ""}}


def write(tmp_path, calls, ending=".csv", **settings):
    def read():
        calls.append(1)
        return {"train": ITEMS}

    write_manifests({"train": tmp_path / f"train{ending}"}, read, settings)


def test_a_csv_comes_back_as_it_was_written(tmp_path):
    write(tmp_path, [])
    items = DynamicItemDataset.from_csv(tmp_path / "train.csv").data
    assert {item_id: {key: item[key] for key in ITEMS["a"]} for item_id, item in items.items()} == ITEMS


def test_json_maps_ids_to_items(tmp_path):
    write(tmp_path, [], ".json")
    assert json.loads((tmp_path / "train.json").read_text()) == ITEMS


def test_a_corpus_is_read_once_for_the_same_settings(tmp_path):
    calls = []
    write(tmp_path, calls, n=1)
    write(tmp_path, calls, n=1)
    assert len(calls) == 1
    write(tmp_path, calls, n=2)
    assert len(calls) == 2
    (tmp_path / "train.csv").unlink()
    write(tmp_path, calls, n=2)
    assert len(calls) == 3


def test_an_interrupted_preparation_starts_again(tmp_path):
    def read():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_manifests({"train": tmp_path / "train.csv"}, read, {})
    calls = []
    write(tmp_path, calls)
    assert calls == [1]


def test_skip_prep_looks_at_nothing(tmp_path):
    write_manifests({"train": tmp_path / "train.csv"}, lambda: 1 / 0, {}, skip_prep=True)


def test_an_empty_part_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"nothing was found for .*train\.csv"):
        write_manifests({"train": tmp_path / "train.csv"}, lambda: {"train": {}}, {})


def test_a_folder_that_lacks_something_is_told(tmp_path):
    with pytest.raises(DataError, match="has no dev-clean, x"):
        corpus_folder(tmp_path, "dev-clean", "x")
    with pytest.raises(DataError, match="there is no folder"):
        corpus_folder(tmp_path / "nothing", "dev-clean")


def test_a_split_has_its_shares_and_does_not_depend_on_the_order():
    names = [f"n{i}" for i in range(200)]
    train, valid, test = split_by_name(names, [80, 15, 5], seed=3)
    assert (len(train), len(valid), len(test)) == (160, 30, 10)
    assert sorted(train + valid + test) == sorted(names)
    assert split_by_name(reversed(names), [80, 15, 5], seed=3) == [train, valid, test]
    assert split_by_name(names, [80, 15, 5], seed=4) != [train, valid, test]
