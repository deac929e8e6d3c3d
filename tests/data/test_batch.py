"""Batches of items."""

import copy
import pickle

import numpy as np
import pytest
import torch

from sonovox._internal.errors import DataError, UnknownKeyError
from sonovox.data import DynamicItemDataset, PaddedBatch, PaddedData


@pytest.fixture
def examples():
    first = {"id": "a", "sig": torch.ones(2), "text": "x", "tokens": [1, 2], "label": 3, "share": 0.5, "good": True}
    other = {"id": "b", "sig": torch.ones(4), "text": "y", "tokens": [1], "label": 4, "share": 1, "good": False}
    return [first, other]


def test_tensors_are_padded_numbers_stacked_and_the_rest_stays(examples):
    batch = PaddedBatch(examples)
    assert isinstance(batch.sig, PaddedData)
    assert batch.sig.data.tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert batch.sig.lengths.tolist() == [0.5, 1.0]
    assert (batch.id, batch.text, batch.tokens) == (["a", "b"], ["x", "y"], [[1, 2], [1]])
    assert (batch.label.tolist(), batch.label.dtype) == ([3, 4], torch.int64)
    assert (batch.share.tolist(), batch.share.dtype) == ([0.5, 1.0], torch.float64)
    assert (batch.good.tolist(), batch.good.dtype) == ([True, False], torch.bool)


def test_keys_are_unpacked_in_their_order(examples):
    batch = PaddedBatch(examples)
    ids, (signals, lengths), texts, *_ = batch
    assert ids is batch["id"] is batch.at_position(0)
    assert (signals is batch.sig.data, lengths is batch.sig.lengths) == (True, True)
    assert texts is batch.at_position(2)
    assert len(batch) == batch.batchsize == 2


def test_scalars_are_stacked_and_arrays_padded():
    batch = PaddedBatch([{"x": torch.tensor(1.0), "y": np.ones(1)}, {"x": torch.tensor(2.0), "y": np.ones(2)}])
    assert batch.x.tolist() == [1.0, 2.0]
    assert batch.y.data.tolist() == [[1, 0], [1, 1]]
    assert PaddedBatch([{"y": np.ones(1)}], apply_default_convert=False).y[0].tolist() == [1]


def test_nothing_is_stacked_where_that_is_not_wanted(examples):
    assert PaddedBatch(examples, nonpadded_stack=False).label == [3, 4]


def test_padded_keys_are_chosen():
    examples = [{"x": torch.ones(1), "y": torch.ones(1)}, {"x": torch.ones(2), "y": torch.ones(2)}]
    batch = PaddedBatch(examples, padded_keys=["x"])
    assert isinstance(batch.x, PaddedData)
    assert [len(y) for y in batch.y] == [1, 2]


def test_padding_has_settings_for_all_and_for_one_key():
    examples = [{"x": torch.ones(1), "y": torch.ones(1)}, {"x": torch.ones(2), "y": torch.ones(2)}]
    batch = PaddedBatch(examples, padding_kwargs={"value": -1}, per_key_padding_kwargs={"y": {"value": -2}})
    assert (batch.x.data[0, 1], batch.y.data[0, 1]) == (-1, -2)


def test_moving_converts_signals_only():
    batch = PaddedBatch(
        [
            {"x": torch.ones(3), "y": torch.tensor([1, 2]), "n": 1.5},
            {"x": torch.ones(2), "y": torch.tensor([3]), "n": 2.5},
        ]
    )
    assert batch.to(torch.float16) is batch
    assert [batch.x.data.dtype, batch.x.lengths.dtype] == [torch.float16, torch.float32]
    assert [batch.y.data.dtype, batch.n.dtype] == [torch.int64, torch.float16]
    assert batch.to("meta", non_blocking=True).y.lengths.device.type == "meta"


def test_only_chosen_keys_are_moved(examples):
    batch = PaddedBatch([{"x": torch.ones(1), "y": torch.ones(1)}], device_prep_keys=["x"]).to("meta")
    assert [batch.x.data.device.type, batch.y.data.device.type] == ["meta", "cpu"]


def test_an_id_that_was_not_asked_for_is_there_but_not_unpacked():
    dataset = DynamicItemDataset({"a": {"n": 1}, "b": {"n": 2}}, output_keys=["n"])
    batch = PaddedBatch([dataset[0], dataset[1]])
    assert batch.id == batch["id"] == ["a", "b"]
    (n,) = batch
    assert n.tolist() == [1, 2]


def test_items_without_an_id_are_fine():
    batch = PaddedBatch([{"n": 1}, {"n": 2}])
    assert not hasattr(batch, "id")


def test_a_missing_key_names_the_nearest(examples):
    batch = PaddedBatch(examples)
    with pytest.raises(AttributeError, match=r"the batch has no key 'sign'; it has id, sig, .*; did you mean sig"):
        _ = batch.sign
    with pytest.raises(UnknownKeyError, match=r"no key 'lable'.*did you mean label"):
        batch["lable"]


@pytest.mark.parametrize(
    ("examples", "said"),
    [
        ([], "at least one item"),
        ([{"id": "a", "x": 1}, {"id": "b"}], r"the same keys, \['b'\] have no 'x'"),
        (
            [{"id": "a", "x": torch.ones(2)}, {"id": "b", "x": torch.ones(2, 2)}],
            r"key 'x' of the items \['a', 'b'\]: tensors must have the same number of dimensions",
        ),
        ([{"to": 1}], "'to' cannot be a key of a batch"),
    ],
)
def test_items_that_make_no_batch_are_refused(examples, said):
    with pytest.raises(DataError, match=said):
        PaddedBatch(examples)


def test_what_is_no_tensor_cannot_be_padded():
    with pytest.raises(DataError, match="'x' can be padded where its values are tensors, got list"):
        PaddedBatch([{"x": [1, 2]}], padded_keys=["x"])


def test_a_batch_pickles_and_copies(examples):
    batch = PaddedBatch(examples)
    for other in (pickle.loads(pickle.dumps(batch)), copy.deepcopy(batch)):  # noqa: S301
        assert torch.equal(other.sig.data, batch.sig.data)
        assert other.id == batch.id
