"""Batches for several processes."""

import itertools
import random

import pytest
import torch
from torch.utils.data import BatchSampler

from random_items import RandomItems, as_list
from sonovox._internal.errors import ArgumentError
from sonovox.data import DynamicBatchSampler, ReproducibleRandomSampler, SaveableDataLoader, ShardedBatchSampler

rng = random.Random(1)
LENGTHS = [round(rng.lognormvariate(1.5, 0.7), 3) for _ in range(203)]


def plain(batch_size=8, epoch=0, n=203):
    return BatchSampler(ReproducibleRandomSampler(range(n), epoch=epoch), batch_size, drop_last=False)


def dynamic(epoch=0):
    return DynamicBatchSampler(range(203), 40.0, num_buckets=6, lengths_list=LENGTHS, epoch=epoch)


def shards(make, world_size, **settings):
    samplers = [ShardedBatchSampler(make(), rank=rank, world_size=world_size, **settings) for rank in range(world_size)]
    batches = [list(sampler) for sampler in samplers]
    assert [len(sampler) for sampler in samplers] == [len(own) for own in batches]
    return batches


def seconds(batches):
    return sum(LENGTHS[index] for batch in batches for index in batch)


@pytest.mark.parametrize("world_size", [1, 2, 3, 8])
@pytest.mark.parametrize("make", [plain, dynamic])
def test_every_item_comes_once_and_every_rank_has_as_many_batches(make, world_size):
    ranks = shards(make, world_size, lengths=LENGTHS)
    assert len({len(batches) for batches in ranks}) == 1
    assert all(batch for batches in ranks for batch in batches)
    assert sorted(itertools.chain(*itertools.chain(*ranks))) == list(range(203))


@pytest.mark.parametrize("make", [plain, dynamic])
def test_ranks_get_about_equal_seconds(make):
    totals = [seconds(batches) for batches in shards(make, 4, lengths=LENGTHS)]
    assert max(totals) / min(totals) < 1.05


def test_dealing_by_length_evens_out_each_round():
    def slowest(ranks):
        return sum(max(seconds([batch]) for batch in batches) for batches in zip(*ranks, strict=True))

    even, blind = shards(plain, 4, lengths=LENGTHS), shards(plain, 4)
    floor = sum(LENGTHS) / 4
    assert slowest(even) < 1.1 * floor < 1.2 * floor < slowest(blind)


@pytest.mark.parametrize("make", [plain, dynamic])
def test_a_round_holds_the_batches_that_one_process_would_accumulate(make):
    whole = list(make())
    for number, batches in enumerate(zip(*shards(make, 3, lengths=LENGTHS), strict=True)):
        alone = itertools.chain(*whole[3 * number : 3 * number + 3])
        assert sorted(itertools.chain(*batches)) == sorted(alone)


def test_the_limit_of_dynamic_batches_is_kept_and_their_lengths_are_known():
    for batch in itertools.chain(*shards(dynamic, 3)):
        assert len(batch) * max(LENGTHS[index] for index in batch) <= 40.0
    assert shards(dynamic, 3) == shards(dynamic, 3, lengths=LENGTHS)


def test_one_process_gets_the_batches_as_they_are():
    assert shards(plain, 1, lengths=LENGTHS) == [list(plain())]


def test_the_epoch_reaches_the_sampler_inside():
    for make in (plain, dynamic):
        sampler = ShardedBatchSampler(make(), LENGTHS, rank=1, world_size=2)
        sampler.set_epoch(3)
        assert list(sampler) == list(ShardedBatchSampler(make(epoch=3), LENGTHS, rank=1, world_size=2))
        assert list(sampler) != list(ShardedBatchSampler(make(), LENGTHS, rank=1, world_size=2))


def test_fewer_items_than_ranks_are_repeated_for_training_and_counted_once_for_evaluation():
    def few():
        return BatchSampler(range(5), 1, drop_last=False)

    assert shards(few, 4) == [[[0], [4]], [[1], [4]], [[2], [4]], [[3], [4]]]
    assert shards(few, 4, repeat=False) == [[[0], [4]], [[1], []], [[2], []], [[3], []]]


def test_a_loader_passes_over_the_empty_batches_of_evaluation():
    seen = []
    for rank in range(4):
        sampler = ShardedBatchSampler(BatchSampler(range(5), 1, False), rank=rank, world_size=4, repeat=False)
        loader = SaveableDataLoader(RandomItems(5), batch_sampler=sampler, collate_fn=as_list)
        seen += [item["id"] for batch in loader for item in batch]
        assert len(loader) == 2
    assert sorted(seen) == RandomItems(5).data_ids


def test_ranks_come_from_torch_distributed(tmp_path):
    assert (ShardedBatchSampler(plain()).rank, ShardedBatchSampler(plain()).world_size) == (0, 1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1)
    try:
        sampler = ShardedBatchSampler(plain())
        assert (sampler.rank, sampler.world_size) == (0, 1)
        assert ShardedBatchSampler(plain(), rank=2, world_size=3).rank == 2
    finally:
        torch.distributed.destroy_process_group()


def test_a_rank_beyond_the_last_is_refused():
    with pytest.raises(ArgumentError, match="rank must be from 0 to world_size - 1 = 1, got 2"):
        ShardedBatchSampler(plain(), rank=2, world_size=2)
