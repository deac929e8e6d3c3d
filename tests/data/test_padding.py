"""Padded tensors and back."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.data import batch_pad_right, undo_padding


def test_the_end_is_padded_and_lengths_are_shares_of_the_longest():
    data, lengths = batch_pad_right([torch.arange(1, 3), torch.arange(1, 5)], value=-1)
    assert data.tolist() == [[1, 2, -1, -1], [1, 2, 3, 4]]
    assert data.dtype == torch.int64
    assert lengths.tolist() == [0.5, 1.0]


def test_features_are_padded_in_time():
    data, lengths = batch_pad_right([torch.ones(3, 2), torch.ones(2, 2)])
    assert data.shape == (2, 3, 2)
    assert data[1].tolist() == [[1, 1], [1, 1], [0, 0]]
    torch.testing.assert_close(lengths, torch.tensor([1, 2 / 3]))


def test_other_modes_pad_time_too():
    data, _ = batch_pad_right([torch.tensor([[1.0, 5], [2, 6]]), torch.ones(4, 2)], mode="replicate")
    assert data[0].tolist() == [[1, 5], [2, 6], [2, 6], [2, 6]]
    data, _ = batch_pad_right([torch.tensor([1.0, 2]), torch.ones(3)], mode="replicate")
    assert data[0].tolist() == [1, 2, 2]


def test_mixed_dtypes_meet_where_nothing_is_lost():
    data, _ = batch_pad_right([torch.tensor([1]), torch.tensor([0.5, 1.5])])
    assert data.tolist() == [[1, 0], [0.5, 1.5]]


def test_gradients_flow_through_padding():
    x = torch.ones(2, requires_grad=True)
    batch_pad_right([x, torch.ones(3)])[0].sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_lengths_of_hours_of_audio_give_exact_counts():
    # Beyond 2**24 samples float32 counts would be rounded before the division.
    long, short = 2**24 + 4, 2**24 + 3
    _, lengths = batch_pad_right([torch.zeros(long, dtype=torch.int8), torch.zeros(short, dtype=torch.int8)])
    assert lengths[1] == torch.tensor(short / long)


def test_empty_items_are_all_padding():
    assert batch_pad_right([torch.ones(0), torch.ones(2)])[1].tolist() == [0, 1]
    assert batch_pad_right([torch.ones(0)])[0].shape == (1, 0)


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ([], "at least one"),
        ([torch.tensor(1.0)], "got a scalar; return a Python number"),
        ([torch.ones(2), torch.ones(2, 2)], r"same number of dimensions, got \(2,\) at 0 and \(2, 2\) at 1"),
        ([torch.ones(2, 2), torch.ones(2, 3)], r"first axis only, got \(2, 2\) at 0 and \(2, 3\) at 1"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(tensors, said):
    with pytest.raises(ArgumentError, match=said):
        batch_pad_right(tensors)


def test_undoing_gives_the_items_back():
    items = [[1, 2, 3, 4, 5, 6, 7], [8], [9, 10, 11]]
    assert undo_padding(*batch_pad_right([torch.tensor(item) for item in items])) == items
    features = [[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]]
    assert undo_padding(*batch_pad_right([torch.tensor(item) for item in features])) == features
