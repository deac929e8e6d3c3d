"""Random numbers of an item."""

import random
from types import SimpleNamespace

import numpy as np
import torch
from torch.utils.data import Subset

from sonovox.data import DynamicItemDataset, item_seed
from sonovox.data.item_seed import item_id, kept_random_states, seed_random_states


def draws():
    return torch.rand(()).item(), np.random.rand(), np.random.randn(), random.random()


def test_a_seed_fixes_all_three_generators():
    seed_random_states(2**63 + 5)
    first = draws()
    draws()
    seed_random_states(2**63 + 5)
    assert draws() == first
    seed_random_states(2**63 + 6)
    assert not set(draws()) & set(first)


def test_what_a_block_draws_is_undone():
    seed_random_states(1)
    np.random.randn()  # leaves a second normal number in numpy's state
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    with kept_random_states():
        seed_random_states(2)
        draws()
    assert torch.equal(torch.get_rng_state(), states[0])
    assert str(np.random.get_state()) == str(states[1])
    assert np.random.get_state()[3] == 1
    assert random.getstate() == states[2]


def test_a_block_draws_what_its_seed_says_whatever_numpy_uses_outside():
    def draw():
        with kept_random_states():
            seed_random_states(2)
            return draws()

    first = draw()
    before = np.random.get_bit_generator()
    np.random.set_bit_generator(np.random.PCG64(3))
    try:
        assert draw() == first
    finally:
        np.random.set_bit_generator(before)


def test_an_error_leaves_the_states_as_they_were():
    seed_random_states(1)
    first = draws()
    seed_random_states(1)
    try:
        with kept_random_states():
            draws()
            raise KeyError
    except KeyError:
        assert draws() == first


def test_an_item_keeps_its_name_in_every_selection():
    dataset = DynamicItemDataset({"a": {"n": 3}, "b": {"n": 1}})
    assert item_id(dataset, 1) == item_id(dataset.filtered_sorted(sort_key="n"), 0) == "b"
    assert item_id(Subset(dataset, [1]), 0) == "b"
    assert item_id([5, 6], 1) == "1"


def test_a_numpy_that_hides_its_generator_costs_time_only(monkeypatch):
    mtrand = item_seed.mtrand
    hiding = SimpleNamespace(get_bit_generator=mtrand.get_bit_generator, set_bit_generator=mtrand.set_bit_generator)
    monkeypatch.setattr(item_seed, "mtrand", hiding)
    np.random.seed(1)
    np.random.randn()  # the second number of the pair waits
    before = np.random.get_state()
    with kept_random_states():
        seed_random_states(7)
        np.random.randn(3)
    assert np.random.get_state()[3:] == before[3:]
