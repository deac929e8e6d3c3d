"""Batches of a mixture of datasets."""

import pytest
from torch.utils.data import ConcatDataset, SequentialSampler

from sonovox._internal.errors import ArgumentError
from sonovox.data import ConcatDatasetBatchSampler, ReproducibleRandomSampler, SaveableDataLoader

SMALL, MIDDLE, LARGE = [f"s{i}" for i in range(7)], [f"m{i}" for i in range(12)], [f"l{i}" for i in range(50)]


def mixture(epoch=0):
    samplers = [ReproducibleRandomSampler(data) for data in (SMALL, MIDDLE, LARGE)]
    return ConcatDatasetBatchSampler(samplers, [2, 1, 4], epoch)


def test_each_batch_has_its_part_of_each_dataset():
    batches = list(SaveableDataLoader(ConcatDataset([SMALL, MIDDLE, LARGE]), batch_sampler=mixture(), collate_fn=list))
    assert ["".join(name[0] for name in batch) for batch in batches] == ["ssmllll"] * 3
    names = [name for batch in batches for name in batch]
    assert len(set(names)) == len(names)


def test_the_epoch_reaches_every_sampler():
    sampler = mixture()
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert second == list(mixture(1))
    for part in (slice(0, 2), slice(2, 3), slice(3, 7)):
        assert [batch[part] for batch in first] != [batch[part] for batch in second]


def test_its_length_is_the_number_of_batches():
    assert len(mixture()) == len(list(mixture())) == 3


@pytest.mark.parametrize(("sizes", "words"), [([1], "one number for each of the 2"), ([1, 0], "must be positive")])
def test_sizes_that_do_not_fit_are_refused(sizes, words):
    with pytest.raises(ArgumentError, match=words):
        ConcatDatasetBatchSampler([SequentialSampler(SMALL), SequentialSampler(LARGE)], sizes)


@pytest.mark.peers
def test_batches_are_those_of_speechbrain():
    peer = pytest.importorskip("speechbrain.dataio.sampler")
    samplers = [peer.ReproducibleRandomSampler(data) for data in (SMALL, MIDDLE, LARGE)]
    assert list(mixture()) == list(peer.ConcatDatasetBatchSampler(samplers, [2, 1, 4]))
