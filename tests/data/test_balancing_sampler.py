"""Draws that balance the values of a key."""

from collections import Counter

import pytest

from sonovox._internal.errors import ArgumentError
from sonovox.data import BalancingDataSampler, DynamicItemDataset

SPEAKERS = ["a"] * 60 + ["b"] * 30 + ["c"] * 10


def unread(path):
    raise AssertionError("sound is not needed")


@pytest.fixture
def dataset():
    data = {f"u{i}": {"speaker": speaker, "wav": "x"} for i, speaker in enumerate(SPEAKERS)}
    dataset = DynamicItemDataset(data, output_keys=["signal", "initial"])
    dataset.add_dynamic_item(unread, takes="wav", provides="signal")
    dataset.add_dynamic_item(str.upper, takes="speaker", provides="initial")
    return dataset


@pytest.mark.parametrize("key", ["speaker", "initial"])
def test_each_value_comes_about_equally_often(dataset, key):
    n = 9000
    counts = Counter(SPEAKERS[index] for index in BalancingDataSampler(dataset, key, num_samples=n))
    # Four standard deviations of a binomial share of 1/3.
    assert [counts[value] / n for value in "abc"] == pytest.approx([1 / 3] * 3, abs=4 * (2 / 9 / n) ** 0.5)


def test_an_epoch_has_as_many_draws_as_items_by_default(dataset):
    assert len(list(BalancingDataSampler(dataset, "speaker"))) == len(dataset)


def test_epochs_differ(dataset):
    sampler = BalancingDataSampler(dataset, "speaker")
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first


def test_other_datasets_are_refused():
    with pytest.raises(ArgumentError, match="got list"):
        BalancingDataSampler([1, 2], "speaker")


@pytest.mark.peers
def test_draws_are_those_of_speechbrain(dataset):
    sampler = pytest.importorskip("speechbrain.dataio.sampler")
    theirs = pytest.importorskip("speechbrain.dataio.dataset").DynamicItemDataset(dataset.data)
    expected = list(sampler.BalancingDataSampler(theirs, "speaker", num_samples=50))
    assert list(BalancingDataSampler(dataset, "speaker", num_samples=50)) == expected
