import json
import logging

import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.training.schedules import NewBobScheduler, Schedule, update_learning_rate
from sonovox.training.schedules.resumable import set_learning_rate


def two_groups():
    return torch.optim.SGD([{"params": [torch.zeros(1)], "lr": lr} for lr in (1.0, 2.0)])


def rates(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


def test_all_groups_or_the_named_ones_are_changed(caplog):
    optimizer = two_groups()
    with caplog.at_level(logging.INFO):
        update_learning_rate(optimizer, 0.5, param_group=[1])
        assert rates(optimizer) == [1.0, 0.5]
        update_learning_rate(optimizer, 0.5)
    assert rates(optimizer) == [0.5, 0.5]
    assert [record.message for record in caplog.records] == ["Changing lr from 2 to 0.5", "Changing lr from 1 to 0.5"]
    with pytest.raises(ArgumentError, match="indices of 2 groups, got 2"):
        update_learning_rate(optimizer, 0.1, param_group=[2])


def test_a_rate_that_is_a_tensor_is_changed_in_place():
    rate = torch.tensor(1.0)
    optimizer = torch.optim.Adam([torch.zeros(1)], lr=rate, capturable=False)
    held = optimizer.param_groups[0]["lr"]
    assert set_learning_rate(optimizer, 0.25) == 1.0
    assert optimizer.param_groups[0]["lr"] is held
    assert held == 0.25


def test_the_state_is_a_copy_that_json_holds():
    scheduler = NewBobScheduler(0.1)
    scheduler(torch.tensor(2.0))
    state = scheduler.state_dict()
    scheduler(1.9)
    assert json.loads(json.dumps(state)) == {"hyperparam_value": 0.1, "metric_values": [2.0], "current_patient": 0}


def test_a_file_carries_the_state(tmp_path):
    scheduler = NewBobScheduler(0.1)
    for metric in (2.0, 2.5):
        scheduler(metric)
    scheduler.save(tmp_path / "newbob.ckpt")
    other = NewBobScheduler(7.0)
    other.load(tmp_path / "newbob.ckpt", end_of_epoch=True, device="cpu")
    assert other.state_dict() == scheduler.state_dict()


def test_a_file_of_speechbrain_is_read_and_its_arguments_left_alone(tmp_path):
    torch.save({"hyperparam_value": 0.5, "metric_values": [3.0], "current_patient": 1, "base_lr": 9}, tmp_path / "s")
    scheduler = NewBobScheduler(1.0, patient=2)
    scheduler.load(tmp_path / "s")
    assert scheduler(3.0) == (0.5, 0.5)
    assert not hasattr(scheduler, "base_lr")


def test_the_state_of_another_schedule_is_refused():
    with pytest.raises(
        ArgumentError, match=r"the state of a NewBobScheduler must have .* got n_steps; it is the state"
    ):
        NewBobScheduler(1.0).load_state_dict({"n_steps": 3})
    Schedule().load_state_dict({})  # one that remembers nothing


def test_a_file_that_runs_code_is_not_read(tmp_path):
    torch.save({"hyperparam_value": print}, tmp_path / "evil.ckpt")
    with pytest.raises(Exception, match="Weights only load failed"):
        NewBobScheduler(1.0).load(tmp_path / "evil.ckpt")
