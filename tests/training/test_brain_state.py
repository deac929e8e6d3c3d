import pytest
import torch
from torch import nn

from sonovox.metrics import ErrorRateStats
from sonovox.training import Checkpointer
from sonovox.training.brain import Brain
from sonovox.training.brain_state import BrainState, register, stateful_attributes


def brain(modules=None, folder=None, recoverables=None):
    checkpointer = Checkpointer(folder, recoverables) if folder else None
    return Brain(modules or {}, torch.optim.SGD, run_opts={"device": "cpu"}, checkpointer=checkpointer)


def test_what_hooks_have_put_on_the_brain_comes_back():
    one, other = brain(), brain()
    given = set(vars(one))
    one.step, one.epoch, one.avg_train_loss = 7, 2, 0.5
    one.train_stats = {"loss": 0.25, "rates": [1e-3, None]}
    one.guard.count = 2
    one.wer, other.wer = ErrorRateStats(), ErrorRateStats()
    one.wer.append(["a"], [["x"]], [["y"]])
    one.function = print  # no state, and nothing that JSON holds
    BrainState(other, given).load_state_dict(BrainState(one, given).state_dict())
    assert (other.step, other.epoch, other.avg_train_loss, other.guard.count) == (7, 2, 0.5, 2)
    assert other.train_stats == one.train_stats
    assert other.wer.ids == ["a"]
    assert "function" not in vars(other)


def test_what_was_there_before_training_is_not_saved():
    one = brain()
    one.own = 3
    assert "own" not in BrainState(one, set(vars(one))).state_dict()["plain"]


def test_modules_and_optimisers_have_places_of_their_own():
    net = nn.Linear(1, 1)
    found = stateful_attributes(
        {"net": net, "adam": torch.optim.Adam(net.parameters()), "wer": ErrorRateStats(), "n": 1}
    )
    assert list(found) == ["wer"]


def test_everything_that_learns_becomes_recoverable_once(tmp_path):
    a, b, frozen = nn.Linear(1, 1), nn.BatchNorm1d(1), nn.Linear(1, 1).requires_grad_(False)
    together = nn.ModuleList([a])
    learner = brain({"a": a, "b": b, "frozen": frozen}, tmp_path, {"model": together})
    learner.init_optimizers()
    register(learner, loader=None, given=set())
    assert set(learner.checkpointer.recoverables) == {"model", "module-b", "optimizer", "brain", "random"}


def test_an_optimiser_that_the_researcher_has_registered_stays(tmp_path):
    learner = brain({"a": nn.Linear(1, 1)}, tmp_path)
    learner.init_optimizers()
    learner.checkpointer.add_recoverable("modelopt", learner.optimizer)
    register(learner, loader=None, given=set())
    assert "optimizer" not in learner.checkpointer.recoverables


@pytest.mark.parametrize("times", [1, 2])
def test_registering_again_takes_the_newest(tmp_path, times):
    learner = brain({"a": nn.Linear(1, 1)}, tmp_path)
    for _ in range(times):
        learner.init_optimizers()
        register(learner, loader=None, given=set())
    assert learner.checkpointer.recoverables["optimizer"] is learner.optimizer
