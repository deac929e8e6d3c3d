import random

import numpy as np
import pytest
import torch

from sonovox.training import Checkpointer, RandomStates


def draw():
    return random.gauss(0, 1), np.random.randn(), float(torch.randn(())), random.random(), np.random.rand()


def test_numbers_after_a_recovery_are_those_that_would_have_come(tmp_path):
    checkpointer = Checkpointer(tmp_path, {"random": RandomStates()})
    random.gauss(0, 1), np.random.randn()  # each has kept a second number
    checkpointer.save_checkpoint()
    expected = [draw() for _ in range(3)]
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    checkpointer.recover_if_possible()
    assert [draw() for _ in range(3)] == expected


@pytest.mark.device
def test_those_of_the_gpu_come_back(tmp_path):
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    torch.rand(3, device="cuda")
    checkpointer = Checkpointer(tmp_path, {"random": RandomStates()})
    checkpointer.save_checkpoint()
    expected = torch.rand(3, device="cuda")
    checkpointer.recover_if_possible()
    assert torch.equal(torch.rand(3, device="cuda"), expected)


def test_states_of_gpus_that_are_not_here_are_left_out():
    states = RandomStates()
    many = states.state_dict() | {"cuda": [np.zeros(16, np.uint8)] * (torch.cuda.device_count() + 1)}
    if not torch.cuda.is_available():
        states.load_state_dict(many)
