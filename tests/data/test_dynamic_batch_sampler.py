"""Batches of about equal seconds."""

import itertools
import logging
import random

import pytest

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.data import DynamicBatchSampler, DynamicItemDataset

rng = random.Random(0)
LENGTHS = [round(rng.lognormvariate(1.5, 0.7), 3) for _ in range(300)]
LIMIT = max(LENGTHS)
DATASET = DynamicItemDataset({f"u{i}": {"duration": seconds} for i, seconds in enumerate(LENGTHS)})

SETTINGS = [
    {"num_buckets": 10},
    {"num_buckets": 1},
    {"num_buckets": 60, "shuffle": False},
    {"bucket_boundaries": [2.0, 5.0, 11.0]},
    {"num_buckets": 5, "batch_ordering": "ascending"},
    {"num_buckets": 5, "batch_ordering": "descending", "max_batch_ex": 3},
    {"num_buckets": 5, "max_batch_ex": 1, "epoch": 3, "seed": 1},
]


def sampler_of(limit=LIMIT, **settings):
    return DynamicBatchSampler(DATASET, limit, **settings)


def longest(batch):
    return max(LENGTHS[index] for index in batch)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("limit", [LIMIT, 3 * LIMIT])
def test_every_item_comes_once_and_the_limit_is_kept(settings, limit):
    sampler = sampler_of(limit, **settings)
    batches = list(sampler)
    assert sorted(itertools.chain(*batches)) == list(range(300))
    assert max(len(batch) * longest(batch) for batch in batches) <= limit
    assert max(map(len, batches)) <= settings.get("max_batch_ex", 300)
    assert len(sampler) == len(batches)


def test_more_buckets_pad_less():
    def padding(n):
        return sum(len(batch) * longest(batch) for batch in sampler_of(4 * LIMIT, num_buckets=n)) / sum(LENGTHS) - 1

    assert padding(60) < 0.05 < 0.3 < padding(5)


def test_orderings_are_by_the_longest_item():
    keys = {
        order: [longest(batch) for batch in sampler_of(num_buckets=8, batch_ordering=order)]
        for order in ("ascending", "descending", "random")
    }
    assert keys["ascending"] == sorted(keys["ascending"])
    assert keys["descending"] == keys["ascending"][::-1]
    assert keys["random"] not in (keys["ascending"], keys["descending"])


def test_batches_are_a_function_of_seed_and_epoch():
    sampler = sampler_of(num_buckets=8)
    first = list(sampler)
    sampler.set_epoch(5)
    assert list(sampler) == list(sampler_of(num_buckets=8, epoch=5)) != first
    assert list(sampler_of(num_buckets=8, seed=43)) != first
    sampler.set_epoch(0)
    assert list(sampler) == first


def test_without_shuffling_epochs_hold_the_same_batches():
    sampler = sampler_of(num_buckets=8, shuffle=False)
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    assert sorted(sampler) == sorted(first)


def test_batches_that_are_not_full_can_be_dropped():
    whole, dropped = (sampler_of(num_buckets=4, shuffle=False, drop_last=drop) for drop in (False, True))
    assert 0 < len(whole) - len(dropped) <= 4
    assert all(batch in list(whole) for batch in dropped)


def test_a_caller_that_changes_a_batch_changes_only_its_own():
    sampler = sampler_of(num_buckets=4)
    next(iter(sampler)).clear()
    assert sorted(itertools.chain(*sampler)) == list(range(300))


def test_durations_of_a_batch():
    assert sampler_of(num_buckets=4).get_durations([3, 0]) == [LENGTHS[3], LENGTHS[0]]


def test_an_item_that_is_too_long_is_named():
    with pytest.raises(ArgumentError, match=rf"1 are longer, item u{LENGTHS.index(LIMIT)} with {LIMIT:g} most of all"):
        sampler_of(LIMIT - 0.001, num_buckets=4)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({}, ArgumentError, "num_buckets or bucket_boundaries"),
        ({"num_buckets": 0}, ArgumentError, "num_buckets must be positive"),
        ({"bucket_boundaries": [0.0, 3.0]}, ArgumentError, "bucket_boundaries must be positive"),
        ({"num_buckets": 3, "batch_ordering": "ascendin"}, ChoiceError, "did you mean ascending"),
        ({"num_buckets": 3, "max_batch_ex": 0}, ArgumentError, "max_batch_ex must be positive"),
        ({"limit": -1.0, "num_buckets": 3}, ArgumentError, "max_batch_length must be positive"),
    ],
)
def test_arguments_that_cannot_be_are_refused(settings, error, words):
    with pytest.raises(error, match=words):
        sampler_of(**settings)


def test_buckets_and_padding_are_logged_when_asked(caplog):
    with caplog.at_level(logging.INFO, logger="sonovox"):
        sampler_of(num_buckets=2, verbose=True)
    assert "items of at most" in caplog.text
    assert "% is padding" in caplog.text


@pytest.mark.peers
@pytest.mark.parametrize("settings", [*SETTINGS, {"num_buckets": 9, "drop_last": True}], ids=str)
def test_batches_are_those_of_speechbrain(settings):
    peer = pytest.importorskip("speechbrain.dataio.sampler").DynamicBatchSampler
    theirs = peer(range(300), 2 * LIMIT, lengths_list=LENGTHS, **settings)
    ours = sampler_of(2 * LIMIT, **settings)
    assert list(ours) == list(theirs)
    theirs.set_epoch(7)
    ours.set_epoch(7)
    assert list(ours) == list(theirs)
