import pytest

from sonovox.errors import ArgumentError
from sonovox.training.schedules import TriStageLRSchedule, WarmAndExpDecayLRSchedule, WarmCoolDecayLRSchedule


def by_update(scheduler, optimizer, k):
    return scheduler(optimizer, k + 1)


def test_warm_and_exponential_decay_is_that_of_speechbrain(speechbrain_schedules, table_of, assert_same_rows):
    theirs = speechbrain_schedules["warm_exp_decay"]
    assert_same_rows(table_of(WarmAndExpDecayLRSchedule, theirs), theirs["table"])


def test_three_stages_are_those_of_speechbrain(speechbrain_schedules, table_of, assert_same_rows):
    theirs = speechbrain_schedules["tristage"]
    assert_same_rows(table_of(TriStageLRSchedule, theirs, by_update), theirs["table"])


def test_warm_cool_decay_is_that_of_speechbrain_until_its_end(speechbrain_schedules, table_of, assert_same_rows):
    theirs = speechbrain_schedules["warm_cool_decay"]
    ours, n = table_of(WarmCoolDecayLRSchedule, theirs, by_update), theirs["kwargs"]["total_steps"]
    assert_same_rows(ours[:n], theirs["table"][:n])
    # There SpeechBrain 1.1.2 has learning rates below 0, which climb instead of descending.
    assert [row["lr"] for row in ours[n:]] == [0.0] * (50 - n)
    assert theirs["table"][n]["lr"] < 0


def test_without_cooldown_the_rate_ends_at_once(optimizer_at):
    scheduler, optimizer = WarmCoolDecayLRSchedule(1.0, warmup=0, cooldown=0, total_steps=3), optimizer_at(1.0)
    for step, expected in ((1, 1.0), (3, 1.0), (4, 0.0)):
        scheduler(optimizer, step)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("make", "call"),
    [
        (lambda: WarmAndExpDecayLRSchedule(0.1, 5, 20), lambda s, o, k: s(o)),
        (lambda: WarmCoolDecayLRSchedule(0.1, 5, 4, 20, decay_every=3), by_update),
        (lambda: TriStageLRSchedule(0.1, 5, 4, 10, 19), by_update),
    ],
)
def test_training_goes_on_exactly(goes_on_exactly, make, call):
    goes_on_exactly(make, call)


def test_stages_without_steps_are_left_out(optimizer_at):
    optimizer = optimizer_at(0.0)
    TriStageLRSchedule(1.0, 0, 0, 10, 10)(optimizer, 0)
    assert optimizer.param_groups[0]["lr"] == 1.0
    scheduler = WarmAndExpDecayLRSchedule(1.0, 0, 10)
    scheduler(optimizer)
    assert (scheduler.current_lr, optimizer.param_groups[0]["lr"]) == (1.0, 1.0)


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match="total_steps must be above n_warmup_steps = 5, got 5"):
        WarmAndExpDecayLRSchedule(1.0, 5, 5)
    with pytest.raises(ArgumentError, match="decay_steps must be positive"):
        TriStageLRSchedule(1.0, 5, 5, 0, 10)
    with pytest.raises(ArgumentError, match="decay_factor must be positive"):
        WarmCoolDecayLRSchedule(1.0, 5, 5, 20, decay_factor=0.0)
