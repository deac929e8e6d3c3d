"""Labels and indices."""

import ast

import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError, DataError, UnknownKeyError
from sonovox.data import CategoricalEncoder, DynamicItemDataset


@pytest.fixture
def encoder():
    made = CategoricalEncoder()
    made.update_from_iterable(["dog", "cat", "dog", "cow"])
    return made


def test_labels_are_numbered_in_the_order_they_come(encoder):
    assert encoder.lab2ind == {"dog": 0, "cat": 1, "cow": 2}
    assert encoder.ind2lab == {0: "dog", 1: "cat", 2: "cow"}
    assert len(encoder) == 3
    assert ("cat" in encoder, "pig" in encoder) == (True, False)


def test_numbers_start_where_they_are_told():
    encoder = CategoricalEncoder(starting_index=5, unk_label="?")
    encoder.update_from_iterable([["a", "b"], ["a"]], sequence_input=True)
    assert encoder.lab2ind == {"?": 5, "a": 6, "b": 7}
    assert encoder.is_continuous()


def test_labels_come_from_a_dataset():
    dataset = DynamicItemDataset({"1": {"word": "ab"}, "2": {"word": "cb"}})
    encoder = CategoricalEncoder()
    encoder.update_from_didataset(dataset, "word")
    encoder.update_from_didataset(dataset, "word", sequence_input=True)
    assert list(encoder.lab2ind) == ["ab", "cb", "a", "b", "c"]


def test_frequent_labels_are_taken_most_frequent_first():
    encoder = CategoricalEncoder()
    counts = encoder.limited_labelset_from_iterable("abbccc", n_most_common=2)
    assert (encoder.lab2ind, dict(counts)) == ({"c": 0, "b": 1}, {"a": 1, "b": 2, "c": 3})
    encoder = CategoricalEncoder()
    encoder.limited_labelset_from_iterable(["ab", "bc", "cc"], sequence_input=True, min_count=3)
    assert encoder.lab2ind == {"c": 0}


def test_encoding_and_decoding(encoder):
    assert encoder.encode_label("cow") == 2
    assert encoder.encode_label_torch("cow").tolist() == [2]
    assert encoder.encode_sequence(["cow", "dog"]) == [2, 0]
    indices = encoder.encode_sequence_torch(["cow", "dog"])
    assert (indices.dtype, encoder.decode_torch(indices)) == (torch.int64, ["cow", "dog"])
    assert encoder.encode_sequence_torch([]).dtype == torch.int64


@pytest.mark.parametrize("nested", [0, [0], [[0, 1], [2]], [[], [[1]]], (0, 1)])
def test_decoding_keeps_the_nesting(encoder, nested):
    def expected(x):
        return [expected(part) for part in x] if isinstance(x, list | tuple) else ["dog", "cat", "cow"][x]

    assert encoder.decode_ndim(nested) == expected(nested)


def test_tensors_and_arrays_are_decoded(encoder):
    assert encoder.decode_torch(torch.tensor([[0, 1], [2, 0]])) == [["dog", "cat"], ["cow", "dog"]]
    assert encoder.decode_torch(torch.tensor(2)) == "cow"
    assert encoder.decode_ndim(np.array([[1]])) == [["cat"]]


def test_an_unknown_label_has_the_index_of_the_unknown_one(encoder):
    index = encoder.add_unk()
    assert encoder.encode_sequence(["pig", "dog"]) == [index, 0] == [3, 0]
    with pytest.raises(UnknownKeyError, match="no label 'pig' among 4; allow_unk=False excludes"):
        encoder.encode_label("pig", allow_unk=False)


def test_an_unknown_label_without_it_is_refused(encoder):
    with pytest.raises(KeyError, match="no label 'dgo' among 3; did you mean dog"):
        encoder.encode_label("dgo")
    with pytest.raises(KeyError, match=r"no label 7 among 3; add_unk\(\) adds a label"):
        encoder.encode_sequence([7])


def test_an_unknown_index_is_refused(encoder):
    with pytest.raises(UnknownKeyError, match="no label has index 3; there are 0 to 2"):
        encoder.decode_ndim([[3]])


def test_a_label_is_added_once(encoder):
    with pytest.raises(UnknownKeyError, match="'cat' is there already, with index 1"):
        encoder.add_label("cat")
    with pytest.raises(UnknownKeyError, match="there already"):
        encoder.insert_label("cat", 0)
    assert [encoder.ensure_label("cat"), encoder.ensure_label("pig"), encoder.add_label("hen")] == [1, 3, 4]


def test_inserting_moves_the_label_that_was_there_to_the_first_free_index(encoder):
    encoder.insert_label("pig", 0)
    assert encoder.lab2ind == {"pig": 0, "cat": 1, "cow": 2, "dog": 3}
    encoder.insert_label("far", 9)
    assert not encoder.is_continuous()
    assert [encoder.add_label(i) for i in range(6)] == [4, 5, 6, 7, 8, 10]


def test_enforcing_moves_a_label(encoder):
    encoder.enforce_label("cow", 0)
    assert encoder.lab2ind == {"cat": 1, "cow": 0, "dog": 2}
    assert encoder.ind2lab == {1: "cat", 0: "cow", 2: "dog"}
    encoder.enforce_label("cow", 0)
    encoder.enforce_label("cow", 7)
    assert encoder.lab2ind["cow"] == 7
    assert encoder.add_label("pig") == 0


def test_an_expected_number_of_labels_is_checked(encoder):
    encoder.expect_len(4)
    with pytest.raises(DataError, match=r"expect_len\(4\) was called, but there are 3"):
        encoder.encode_label("dog")
    encoder.ignore_len()
    assert encoder.encode_label("dog") == 0


def test_saving_and_loading(encoder, tmp_path):
    encoder.add_unk("?")
    encoder.save(tmp_path / "labels.txt")
    loaded = CategoricalEncoder.from_saved(tmp_path / "labels.txt")
    assert (loaded.lab2ind, loaded.ind2lab, loaded.starting_index) == (encoder.lab2ind, encoder.ind2lab, 0)
    assert loaded.encode_label("pig") == 3
    assert loaded.add_label("new") == 4


def test_loading_if_possible(encoder, tmp_path):
    assert encoder.load_if_possible(tmp_path / "nothing") is False
    encoder.save(tmp_path / "labels.txt")
    assert CategoricalEncoder().load_if_possible(tmp_path / "labels.txt", end_of_epoch=True) is True
    with pytest.raises(FileNotFoundError):
        encoder.load(tmp_path / "nothing")


def test_a_failed_load_changes_nothing(encoder, tmp_path):
    (tmp_path / "labels.txt").write_text("'a' => 0\n")
    with pytest.raises(DataError, match="'starting_index' => index was expected"):
        encoder.load(tmp_path / "labels.txt")
    assert encoder.lab2ind == {"dog": 0, "cat": 1, "cow": 2}


def test_labels_are_collected_once_and_then_loaded(tmp_path):
    path = tmp_path / "labels.txt"
    dataset = DynamicItemDataset({"1": {"word": "cow"}})
    arguments = {"from_didatasets": [dataset], "output_key": "word", "special_labels": {"unk_label": "?"}}
    encoder = CategoricalEncoder()
    encoder.load_or_create(path, [["dog"]], **arguments)
    assert encoder.lab2ind == {"dog": 0, "cow": 1, "?": 2}
    again = CategoricalEncoder()
    again.load_or_create(path, [["other"]])
    assert again.lab2ind == encoder.lab2ind
    assert again.unk_label == "?"


def test_datasets_need_a_key(tmp_path):
    with pytest.raises(ArgumentError, match="from_didatasets needs output_key"):
        CategoricalEncoder().load_or_create(tmp_path / "x", from_didatasets=[DynamicItemDataset({})])


def test_other_special_labels_are_refused():
    with pytest.raises(ArgumentError, match="CategoricalEncoder are unk_label, got 'unk'"):
        CategoricalEncoder(unk="?")


def test_a_hundred_thousand_labels_take_no_time():
    encoder = CategoricalEncoder()
    encoder.update_from_iterable(range(100_000))
    assert encoder.encode_label(99_999) == 99_999


@pytest.mark.parametrize("model", ["emotion-wav2vec2", "lang-id-ecapa", "spkrec-ecapa", "spkrec-xvector"])
def test_encoders_of_model_folders_are_read_and_written_alike(speechbrain_reference, model, tmp_path):
    path = speechbrain_reference / model / "model" / "label_encoder.ckpt"
    encoder = CategoricalEncoder.from_saved(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    first = ast.literal_eval(lines[0].split(" => ")[0])
    assert encoder.decode_ndim(0) == first
    assert len(encoder) == lines.index("=" * 16)
    encoder.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
