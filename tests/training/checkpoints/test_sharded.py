import os
import subprocess
import sys

import pytest
import torch

import sharded_trainer
from sonovox.training import Checkpointer
from sonovox.training.checkpoints.sharded import gather_shards, spread_shards


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["foreground", "background"])
def test_what_two_processes_hold_in_parts_is_saved_whole_and_spread_again(tmp_path, mode):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, sharded_trainer.__file__, str(tmp_path)]
    runs = [
        subprocess.Popen([*command, str(rank), mode], stderr=subprocess.PIPE, text=True, env=environment)
        for rank in range(2)
    ]
    for run in runs:
        _, told = run.communicate(timeout=120)
        assert run.returncode == 0, told[-3000:]
    # One process, in which nothing is spread, reads the same checkpoint.
    model, optimizer = sharded_trainer.built(None)
    alone = Checkpointer(tmp_path / "save", {"model": model, "optimizer": optimizer})
    assert alone.recover_if_possible().meta["n"] == 1
    expected, its_optimizer = sharded_trainer.built(None)
    sharded_trainer.step(expected, its_optimizer)
    for name, value in expected.state_dict().items():
        # two processes sum the gradients of halves of the weights in another order
        torch.testing.assert_close(model.state_dict()[name], value, rtol=0, atol=1e-6)


def test_what_is_not_spread_is_left_alone():
    model = torch.nn.Linear(2, 2)
    assert gather_shards(model.weight) is model.weight
    state = spread_shards(model, model.state_dict())
    assert state.keys() == model.state_dict().keys()
    assert state._metadata == model.state_dict()._metadata
    assert state["weight"].data_ptr() == model.weight.data_ptr()
    optimizer = torch.optim.SGD(model.parameters(), momentum=0.9)
    assert spread_shards(optimizer, optimizer.state_dict()) == optimizer.state_dict()
    assert spread_shards(object(), 3) == 3
