import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.training.schedules import (
    InverseSquareRootScheduler,
    LinearNoamScheduler,
    LinearWarmupScheduler,
    NoamIntervalScheduler,
    NoamScheduler,
)

CASES = {
    "noam": NoamScheduler,
    "noam_model_size": NoamScheduler,
    "noam_interval": NoamIntervalScheduler,
    "linear_noam": LinearNoamScheduler,
    "inverse_sqrt": InverseSquareRootScheduler,
    "linear_warmup": LinearWarmupScheduler,
}
ARGUMENTS = [
    (NoamScheduler, (0.1, 7)),
    (NoamIntervalScheduler, (0.1, 3, [5, 20], [0.5, 0.2])),
    (LinearNoamScheduler, (0.1, 4, 6)),
    (InverseSquareRootScheduler, (5,)),
    (LinearWarmupScheduler, (0.1, 7, 25)),
]


@pytest.mark.parametrize("case", CASES)
def test_the_table_is_that_of_speechbrain(speechbrain_schedules, table_of, assert_same_rows, case):
    theirs = speechbrain_schedules[case]
    assert_same_rows(table_of(CASES[case], theirs), theirs["table"])


@pytest.mark.parametrize(("cls", "arguments"), ARGUMENTS)
def test_training_goes_on_exactly(goes_on_exactly, cls, arguments):
    goes_on_exactly(lambda: cls(*arguments))


@pytest.mark.parametrize(("cls", "arguments"), ARGUMENTS)
def test_there_is_no_end(optimizer_at, cls, arguments):
    scheduler, optimizer = cls(*arguments), optimizer_at(1.0)
    scheduler.load_state_dict(dict.fromkeys(scheduler.state_dict(), 10**7))
    assert 0.0 <= scheduler(optimizer)[1] < 0.01


def test_the_rate_can_be_asked_for(optimizer_at):
    scheduler = NoamScheduler(0.1, n_warmup_steps=2)
    assert scheduler.current_lr == 0.1
    scheduler(optimizer_at(1.0))
    assert scheduler.current_lr == pytest.approx(0.05)


def test_files_of_speechbrain_are_read(tmp_path):
    torch.save({"losses": [], "n_steps": 7}, tmp_path / "noam.ckpt")
    noam = NoamScheduler(0.1, 3)
    noam.load(tmp_path / "noam.ckpt")
    assert noam.n_steps == 7
    torch.save(
        {"initial_value": 9.0, "num_warmup_steps": 1, "num_training_steps": 2, "current_step": 4}, tmp_path / "l"
    )
    linear = LinearWarmupScheduler(0.1, 7, 25)
    linear.load(tmp_path / "l")
    assert (linear.current_step, linear.lr_initial) == (4, 0.1)


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match="n_warmup_steps must be positive, got 0"):
        NoamScheduler(0.1, 0)
    with pytest.raises(ArgumentError, match="as many as anneal_steps, 2, got 1"):
        NoamIntervalScheduler(0.1, 3, [5, 20], [0.5])
