import json

import pytest
import torch
from torch import nn

from sonovox.errors import ArgumentError
from sonovox.training.schedules import IntervalScheduler, ScheduledLoss

X, Y = torch.tensor([3.0]), torch.tensor([1.0])


def losses():
    return ScheduledLoss(
        [{"loss_fn": nn.L1Loss(), "steps": 2}, {"loss_fn": nn.MSELoss(), "steps": 1}, {"loss_fn": lambda x, y: y}]
    )


def test_intervals_are_those_of_speechbrain(speechbrain_schedules, table_of, assert_same_rows):
    theirs = speechbrain_schedules["interval"]
    assert_same_rows(table_of(IntervalScheduler, theirs), theirs["table"])


def test_intervals_go_on_exactly(goes_on_exactly):
    goes_on_exactly(lambda: IntervalScheduler([{"steps": 20, "lr": 0.1}, {"steps": 10, "lr": 0.2}]))


def test_an_interval_leaves_other_changes_alone(optimizer_at):
    scheduler, optimizer = IntervalScheduler([{"steps": 1, "lr": 0.1}]), optimizer_at(1.0)
    scheduler(optimizer)
    optimizer.param_groups[0]["lr"] = 0.7
    assert scheduler(optimizer) == (0.7, 0.7)


def test_losses_take_turns_and_the_last_one_stays():
    loss = losses()
    assert [loss(X, Y).item() for _ in range(5)] == [2.0, 2.0, 4.0, 1.0, 1.0]


@pytest.mark.parametrize("n_calls", range(6))
def test_losses_go_on_exactly(n_calls):
    first, second = losses(), losses()
    for _ in range(n_calls):
        first(X, Y)
    second.load_state_dict(first.state_dict())
    assert [second(X, Y) for _ in range(4)] == [first(X, Y) for _ in range(4)]


def test_the_state_is_the_same_names_at_all_times():
    loss = ScheduledLoss([{"loss_fn": nn.Linear(1, 1), "steps": 1}, {"loss_fn": nn.Linear(1, 1)}])
    names = list(loss.state_dict())
    for _ in range(3):
        loss(X)
    assert list(loss.state_dict()) == names
    assert len(list(loss.parameters())) == 4
    assert json.loads(json.dumps(loss.get_extra_state())) == {"n_steps": 3}


def test_a_file_carries_the_number_of_calls(tmp_path):
    first, second = losses(), losses()
    for _ in range(3):
        first(X, Y)
    first.save(tmp_path / "loss.ckpt")
    second.load(tmp_path / "loss.ckpt")
    assert (second.n_steps, second(X, Y)) == (3, 1.0)


def test_a_loss_that_ends_is_the_last_one_all_the_same():
    loss = ScheduledLoss([{"loss_fn": nn.L1Loss(), "steps": 1}, {"loss_fn": nn.MSELoss(), "steps": 1}])
    loss.set_extra_state({"n_steps": 100})
    assert loss(X, Y) == 4.0


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match=r"an interval must have steps and lr, got \{'steps': 3\}"):
        IntervalScheduler([{"steps": 3}])
    with pytest.raises(ArgumentError, match="at least one loss"):
        ScheduledLoss([])
    with pytest.raises(ArgumentError, match=r"that can be called, got \{'steps': 3\}"):
        ScheduledLoss([{"steps": 3}])
    with pytest.raises(ArgumentError, match="all but the last item"):
        ScheduledLoss([{"loss_fn": nn.L1Loss()}, {"loss_fn": nn.MSELoss()}])
