import random

import numpy as np
import pytest
import torch

from sonovox.training import RandomStates, seed_everything


@pytest.fixture(autouse=True)
def _leave_as_found():
    states = RandomStates()
    saved = states.state_dict()
    yield
    states.load_state_dict(saved)
    torch.use_deterministic_algorithms(False)


def drawn():
    return random.random(), np.random.rand(), torch.rand(1).item()


def test_a_seed_fixes_all_three_generators():
    assert seed_everything(3, verbose=False) == 3
    first = drawn()
    seed_everything(3, verbose=False)
    assert drawn() == first
    seed_everything(4, verbose=False)
    assert not set(drawn()) & set(first)


def test_determinism_can_be_asked_for():
    seed_everything(3, deterministic=True)
    assert torch.are_deterministic_algorithms_enabled()
