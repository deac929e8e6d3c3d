"""Weighted draws as a function of (seed, epoch)."""

from collections import Counter

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.data import ReproducibleWeightedRandomSampler

WEIGHTS = [0.1, 0.9, 0.4, 0.7, 3.0, 0.6]


def test_draws_are_a_function_of_seed_and_epoch():
    sampler = ReproducibleWeightedRandomSampler(WEIGHTS, 30, replacement=True)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    sampler.set_epoch(0)
    assert list(sampler) == first != second


def test_shares_are_in_proportion_to_the_weights():
    n = 20_000
    counts = Counter(ReproducibleWeightedRandomSampler(WEIGHTS, n, replacement=True))
    for index, weight in enumerate(WEIGHTS):
        # Four standard deviations of a binomial share.
        p = weight / sum(WEIGHTS)
        assert counts[index] / n == pytest.approx(p, abs=4 * (p * (1 - p) / n) ** 0.5)


def test_without_replacement_no_index_comes_twice():
    assert sorted(ReproducibleWeightedRandomSampler(WEIGHTS, 6, replacement=False)) == list(range(6))


def test_a_generator_is_refused():
    with pytest.raises(ArgumentError, match="give seed="):
        ReproducibleWeightedRandomSampler(WEIGHTS, 3, True, generator=torch.Generator())


@pytest.mark.peers
def test_draws_are_those_of_speechbrain():
    theirs = pytest.importorskip("speechbrain.dataio.sampler").ReproducibleWeightedRandomSampler(WEIGHTS, 50, True)
    ours = ReproducibleWeightedRandomSampler(WEIGHTS, 50, True)
    for epoch in (0, 4):
        theirs.set_epoch(epoch)
        ours.set_epoch(epoch)
        assert list(ours) == list(theirs)
