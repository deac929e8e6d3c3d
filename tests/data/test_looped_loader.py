"""Epochs of a chosen number of batches."""

import pytest

from random_items import RandomItems, as_list
from sonovox._internal.errors import ArgumentError, DataError
from sonovox.data import LoopedLoader, SaveableDataLoader


def looped(length=5, num_workers=0, n=20):
    loader = SaveableDataLoader(RandomItems(n), batch_size=3, shuffle=True, collate_fn=as_list, num_workers=num_workers)
    return LoopedLoader(loader, length)


def take(loader, epochs):
    batches = []
    for epoch in range(epochs):
        loader.set_epoch(epoch)
        batches += loader
    return batches


def test_epochs_go_on_where_the_one_before_ended():
    passes = SaveableDataLoader(RandomItems(20), batch_size=3, shuffle=True, collate_fn=as_list)
    expected = []
    for epoch in range(3):
        passes.set_epoch(epoch)
        expected += passes
    assert take(looped(), 4) == expected[:20]


def test_an_epoch_may_be_longer_than_the_dataset():
    loader = looped(length=16)
    assert len(loader) == len(list(loader)) == 16


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_saved_loader_goes_on_exactly(num_workers):
    whole = take(looped(), 3)
    for position in (0, 1, 4, 5):  # batch 7 of the second epoch is beyond the end of the dataset
        loader = looped(num_workers=num_workers)
        list(loader)
        loader.set_epoch(1)
        running = iter(loader)
        for _ in range(position):
            next(running)
        again = looped(num_workers=num_workers)
        again.load_state_dict(loader.state_dict())
        again.set_epoch(1)
        assert again.position == position
        rest = list(again)
        again.set_epoch(2)
        assert rest + list(again) == whole[5 + position :]


def test_the_position_returns_to_0():
    loader = looped(length=2)
    assert [loader.position for _ in loader] == [1, 2]
    assert loader.position == 0


def test_a_plain_iterable_is_looped_too():
    loader = LoopedLoader("ab", 3)
    assert list(loader) + list(loader) == list("ababab")
    assert loader.state_dict() == {"epoch": 0, "position": 0, "loader": None}


def test_a_loader_without_batches_is_refused():
    with pytest.raises(DataError, match="is the dataset empty"):
        list(LoopedLoader([], 3))


def test_an_epoch_has_at_least_one_batch():
    with pytest.raises(ArgumentError, match="epoch_length must be positive"):
        LoopedLoader("ab", 0)
