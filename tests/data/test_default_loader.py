"""The loader with the toolkit's defaults."""

import pytest
import torch
from torch.utils.data import DataLoader, DistributedSampler, IterableDataset

from random_items import RandomItems, as_list
from sonovox._internal.errors import ArgumentError
from sonovox.data import (
    DynamicBatchSampler,
    DynamicItemDataset,
    LoopedLoader,
    PaddedBatch,
    ReproducibleRandomSampler,
    SaveableDataLoader,
    ShardedBatchSampler,
    make_dataloader,
)


@pytest.fixture
def dataset():
    dataset = DynamicItemDataset({f"u{n}": {"n": n} for n in range(1, 5)}, output_keys=["id", "signal"])
    dataset.add_dynamic_item(torch.ones, takes="n", provides="signal")
    return dataset


def test_computed_items_become_padded_batches(dataset):
    first, second = make_dataloader(dataset, batch_size=2)
    assert isinstance(first, PaddedBatch)
    assert (first.id, second.id) == (["u1", "u2"], ["u3", "u4"])
    assert first.signal.lengths.tolist() == [0.5, 1.0]


def test_another_collate_function_can_be_chosen(dataset):
    assert isinstance(next(iter(make_dataloader(dataset, collate_fn=as_list))), list)


def test_other_datasets_are_collated_as_torch_does():
    loader = make_dataloader([1, 2, 3], batch_size=3)
    assert isinstance(loader, SaveableDataLoader)
    assert next(iter(loader)).tolist() == [1, 2, 3]


def test_shuffling_is_a_reproducible_sampler_with_the_seed_of_the_loader(dataset):
    loader = make_dataloader(dataset, shuffle=True, seed=3, drop_last=True, batch_size=3)
    assert isinstance(loader.sampler, ReproducibleRandomSampler)
    assert loader.sampler.seed == loader.seed == 3
    loader.set_epoch(4)
    assert loader.sampler.epoch == 4


def test_a_sampler_that_was_given_stays(dataset):
    sampler = ReproducibleRandomSampler(dataset, seed=1)
    assert make_dataloader(dataset, sampler=sampler).sampler is sampler
    with pytest.raises(ArgumentError, match="shuffle=True excludes sampler="):
        make_dataloader(dataset, sampler=sampler, shuffle=True)


def test_a_nominal_epoch_loops():
    loader = make_dataloader(RandomItems(3), looped_nominal_epoch=5, batch_size=None, collate_fn=dict)
    assert isinstance(loader, LoopedLoader)
    assert len(list(loader)) == 5


def test_an_endless_dataset_gets_a_plain_loader():
    class Count(IterableDataset):
        def __iter__(self):
            return iter(range(3))

    loader = make_dataloader(Count(), batch_size=None)
    assert type(loader) is DataLoader
    assert list(loader) == [0, 1, 2]
    assert list(make_dataloader(Count(), looped_nominal_epoch=4, batch_size=None)) == [0, 1, 2, 0]


@pytest.fixture
def three_processes(monkeypatch):
    """torch.distributed as it looks in the second of three processes."""
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 3)


@pytest.fixture
def spoken():
    return DynamicItemDataset({f"u{n}": {"duration": float(n)} for n in range(12)}, output_keys=["id"])


@pytest.mark.usefixtures("three_processes")
def test_several_processes_get_their_part_by_duration(spoken):
    loader = make_dataloader(spoken, shuffle=True, batch_size=2, drop_last=True)
    assert isinstance(loader.batch_sampler, ShardedBatchSampler)
    assert loader.batch_sampler.lengths == [float(n) for n in range(12)]
    assert (len(loader), len(list(loader))) == (2, 2)
    first = [batch.id for batch in loader]
    loader.set_epoch(1)
    assert [batch.id for batch in loader] != first


@pytest.mark.usefixtures("three_processes")
def test_dynamic_batches_are_shared_among_processes(spoken):
    batches = DynamicBatchSampler(spoken, 12.0, num_buckets=3)
    loader = make_dataloader(spoken, batch_sampler=batches, repeat=False)
    assert isinstance(loader.batch_sampler, ShardedBatchSampler)
    assert loader.batch_sampler.lengths is batches.lengths
    assert not loader.batch_sampler.repeat


@pytest.mark.usefixtures("three_processes")
def test_items_without_durations_are_shared_by_number(dataset):
    assert make_dataloader(dataset).batch_sampler.lengths is None
    assert len(make_dataloader([1, 2, 3, 4, 5, 6], batch_size=2)) == 1


@pytest.mark.usefixtures("three_processes")
def test_samplers_that_shard_already_stay(dataset):
    sampler = DistributedSampler(dataset, num_replicas=3, rank=1)
    assert make_dataloader(dataset, sampler=sampler).sampler is sampler
    batches = ShardedBatchSampler([[0], [1], [2]])
    assert make_dataloader(dataset, batch_sampler=batches).batch_sampler is batches
    with pytest.raises(ArgumentError, match="batch_size=None gives no batches"):
        make_dataloader(dataset, batch_size=None)
