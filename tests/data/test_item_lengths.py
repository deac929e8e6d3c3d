"""Lengths of items without reading sound."""

import pytest
from torch.utils.data import Subset

from sonovox._internal.errors import ArgumentError
from sonovox.data import DynamicItemDataset
from sonovox.data.item_lengths import item_lengths

DATA = {"a": {"duration": "2.5", "wav": "a.wav"}, "b": {"duration": 1, "wav": "b.wav"}}


def duration(item):
    return item["duration"]


def unread(path):
    raise AssertionError("sound is not needed")


def test_lengths_come_from_what_is_known():
    dataset = DynamicItemDataset(DATA, output_keys=["signal"])
    dataset.add_dynamic_item(unread, takes="wav", provides="signal")
    assert item_lengths(dataset, duration) == [2.5, 1.0]
    assert item_lengths(Subset(dataset, [1]), duration) == [1.0]
    assert item_lengths(list(DATA.values()), lambda item: 2 * float(item["duration"])) == [5.0, 2.0]


def test_given_lengths_are_taken():
    assert item_lengths(range(2), duration, [3, 4]) == [3.0, 4.0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((range(3), duration, [1.0]), "one length for each of the 3 items, got 1"),
        ((range(1), duration, [float("nan")]), "item 0 has nan"),
        ((range(1), duration, [-1.0]), "item 0 has -1.0"),
        ((DynamicItemDataset({"a": {"text": "yes"}}), duration), "item a has no length.*KeyError.*seconds"),
        (([{"duration": "long"}], duration), "item 0 has no length.*ValueError"),
        (({0: "a"}, duration), "lengths of a dict cannot be known.*lengths_list="),
    ],
)
def test_what_has_no_length_is_named(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        item_lengths(*arguments)
