"""Sequences of labels with marks of beginning and end."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError, UnknownKeyError
from sonovox.data import DynamicItemDataset, TextEncoder


@pytest.fixture
def encoder():
    made = TextEncoder()
    made.update_from_iterable(["ab"])
    made.insert_bos_eos(bos_index=0)
    return made


def test_input_is_sequences(encoder):
    encoder = TextEncoder()
    encoder.update_from_didataset(DynamicItemDataset({"1": {"text": "ba"}}), "text")
    encoder.limited_labelset_from_iterable(["xx", "y"], min_count=2)
    assert encoder.lab2ind == {"b": 0, "a": 1, "x": 2}


def test_inserted_marks_take_their_places(encoder):
    assert encoder.lab2ind == {"a": 2, "b": 3, "<bos>": 0, "<eos>": 1}
    assert (encoder.get_bos_index(), encoder.get_eos_index()) == (0, 1)


def test_marks_go_where_they_are_told():
    encoder = TextEncoder()
    encoder.update_from_iterable(["ab"])
    encoder.insert_bos_eos("<s>", "</s>", bos_index=2, eos_index=1)
    assert encoder.lab2ind == {"a": 0, "b": 3, "<s>": 2, "</s>": 1}


def test_added_marks_come_next():
    encoder = TextEncoder()
    encoder.update_from_iterable(["ab"])
    encoder.add_bos_eos()
    assert (encoder.get_bos_index(), encoder.get_eos_index()) == (2, 3)


@pytest.mark.parametrize("add", [TextEncoder.add_bos_eos, TextEncoder.insert_bos_eos])
def test_one_mark_may_do_for_both(add):
    encoder = TextEncoder()
    add(encoder, "<s>", "<s>")
    assert (encoder.lab2ind, encoder.get_bos_index(), encoder.get_eos_index()) == ({"<s>": 0}, 0, 0)


def test_special_labels_are_labels_or_indices():
    assert TextEncoder(bos_label="<s>", eos_label="</s>", unk_label="?").lab2ind == {"?": 0, "<s>": 1, "</s>": 2}
    assert TextEncoder(bos_label=1, eos_label=0).lab2ind == {"<bos>": 1, "<eos>": 0}
    with pytest.raises(ArgumentError, match="go together"):
        TextEncoder(bos_label="<s>")


def test_sequences_are_marked(encoder):
    assert encoder.prepend_bos_label("ab") == ["<bos>", "a", "b"]
    assert encoder.append_eos_label(["a"]) == ["a", "<eos>"]
    assert encoder.prepend_bos_index([2, 3]) == [0, 2, 3]
    assert encoder.append_eos_index([2, 3]) == [2, 3, 1]


def test_tensors_are_marked_and_keep_their_dtype(encoder):
    marked = encoder.append_eos_index(encoder.prepend_bos_index(torch.tensor([2, 3])))
    assert (marked.tolist(), marked.dtype) == ([0, 2, 3, 1], torch.int64)
    with pytest.raises(ArgumentError, match=r"x must be \(count,\), got shape \(1, 1\)"):
        encoder.append_eos_index(torch.tensor([[2]]))


def test_marks_that_were_not_set_are_missed():
    with pytest.raises(UnknownKeyError, match=r"eos_label was not set; call insert_bos_eos\(\)"):
        TextEncoder().append_eos_label(["a"])


def test_marks_are_saved(encoder, tmp_path):
    encoder.save(tmp_path / "labels.txt")
    loaded = TextEncoder.from_saved(tmp_path / "labels.txt")
    assert (loaded.get_bos_index(), loaded.get_eos_index()) == (0, 1)
