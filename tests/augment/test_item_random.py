"""Random numbers for each item of a batch."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import ItemRandom, item_seeds
from sonovox.augment.item_random import _GAMMA, _mixed


def test_the_mixing_is_that_of_splitmix64():
    # The sequence of seed 1234567 of the reference program at prng.di.unimi.it/splitmix64.c.
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    states = 1234567 + _GAMMA * torch.arange(1, 5)
    assert [value % 2**64 for value in _mixed(states).tolist()] == expected


def test_a_number_does_not_depend_on_how_many_are_drawn():
    few, many = ItemRandom(torch.tensor([5]), 1), ItemRandom(torch.tensor([5, 6]), 2)
    assert torch.equal(few.uniform(0.0, 1.0, 7), many.uniform(0.0, 1.0, 20)[:1, :7])
    assert torch.equal(few.normal(7), many.normal(20)[:1, :7])


def test_uniform_numbers_are_spread_evenly_and_do_not_depend_on_one_another():
    u = ItemRandom(torch.arange(2000), 2000).uniform(0.0, 1.0, 20)
    assert float(u.min()) >= 0.0
    assert float(u.max()) < 1.0
    histogram = torch.histc(u, 50, 0.0, 1.0)
    chi_squared = float(((histogram - 800.0).square() / 800.0).sum())
    assert chi_squared < 85.4  # 49 degrees of freedom exceed this once in a thousand times
    # Places of one item, and one place of items whose seeds are neighbours: 5 deviations of 1 / sqrt(2000).
    correlations = torch.corrcoef(u.T)
    assert float((correlations - torch.eye(20)).abs().max()) < 0.112
    assert abs(float(torch.corrcoef(torch.stack((u[:-1, 0], u[1:, 0])))[0, 1])) < 0.112


def test_normal_numbers_have_the_moments_of_normal_numbers():
    z = ItemRandom(torch.tensor([1]), 1).normal(200_001).double()
    # 5 deviations: 1 / sqrt(n), sqrt(2 / n), sqrt(15 / n), sqrt(96 / n).
    for power, moment, deviation in ((1, 0.0, 1.0), (2, 1.0, 2.0**0.5), (3, 0.0, 15.0**0.5), (4, 3.0, 96.0**0.5)):
        assert abs(float((z**power).mean()) - moment) < 5 * deviation / 200_000**0.5


def test_integers_reach_both_ends_and_nothing_else():
    drawn = ItemRandom(torch.arange(500), 500).integers(-2, 3, 4)
    assert drawn.unique().tolist() == [-2, -1, 0, 1, 2, 3]
    assert drawn.dtype == torch.int64


def test_bounds_may_differ_between_items_and_an_empty_range_gives_its_beginning():
    high = torch.tensor([[0], [9], [-5]])
    drawn = ItemRandom(torch.arange(3), 3).integers(0, high, 100)
    assert drawn[0].unique().tolist() == [0]
    assert drawn[1].unique().tolist() == list(range(10))
    assert drawn[2].unique().tolist() == [0]


def test_each_call_gives_other_numbers():
    random = ItemRandom(torch.tensor([1]), 1)
    drawn = {int(random.seeds()) for _ in range(1000)}
    assert len(drawn) == 1000


def test_without_seeds_they_come_from_torch():
    torch.manual_seed(1)
    first = ItemRandom(None, 2).uniform(0.0, 1.0, 3)
    torch.manual_seed(1)
    assert torch.equal(ItemRandom(None, 2).uniform(0.0, 1.0, 3), first)
    assert not torch.equal(first[0], first[1])


def test_the_seed_the_epoch_and_the_id_each_matter():
    seeds = [item_seeds(seed, epoch, [name]) for seed in (1, 2) for epoch in (0, 1) for name in ("a", "b")]
    assert len(torch.cat(seeds).unique()) == 8
    assert torch.equal(item_seeds(1, 0, ["a", "b"]), torch.cat(seeds)[:2])


@pytest.mark.parametrize("seeds", [torch.ones(2), torch.arange(3), torch.arange(2).unsqueeze(1)])
def test_other_seeds_are_refused(seeds):
    with pytest.raises(ArgumentError, match="one integer an item"):
        ItemRandom(seeds, 2)
