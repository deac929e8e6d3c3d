"""Random orders as a function of (seed, epoch)."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.data import ReproducibleRandomSampler


def test_an_order_is_a_function_of_seed_and_epoch():
    def order(seed, epoch):
        sampler = ReproducibleRandomSampler(range(50), seed=seed)
        sampler.set_epoch(epoch)
        torch.rand(3)  # what others draw does not matter
        return tuple(sampler)

    assert order(0, 0) == order(0, 0)
    assert len({order(seed, epoch) for seed, epoch in [(0, 0), (0, 1), (5, 0), (5, 1)]}) == 4
    assert sorted(order(3, 7)) == list(range(50))


def test_an_epoch_is_the_same_again_when_it_is_not_changed():
    sampler = ReproducibleRandomSampler(range(50), epoch=2)
    assert list(sampler) == list(sampler)


def test_the_random_state_of_the_process_stays():
    before = torch.get_rng_state()
    list(ReproducibleRandomSampler(range(50)))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_number_of_samples_with_replacement():
    assert len(list(ReproducibleRandomSampler(range(3), replacement=True, num_samples=20))) == 20


def test_a_generator_is_refused():
    with pytest.raises(ArgumentError, match="give seed="):
        ReproducibleRandomSampler(range(3), generator=torch.Generator())


@pytest.mark.peers
def test_orders_are_those_of_speechbrain():
    theirs = pytest.importorskip("speechbrain.dataio.sampler").ReproducibleRandomSampler(range(100))
    ours = ReproducibleRandomSampler(range(100))
    for epoch in (0, 1, 9):
        theirs.set_epoch(epoch)
        ours.set_epoch(epoch)
        assert list(ours) == list(theirs)
