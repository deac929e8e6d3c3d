import json
import math

import pytest

from sonovox.errors import ArgumentError
from sonovox.training.schedules import LinearScheduler, NewBobScheduler, ReduceLROnPlateau, StepScheduler


def pairs_of(rows):
    return pytest.approx([value for row in rows for value in row["returned"]], rel=1e-7)  # float32 tables


@pytest.mark.parametrize("case", ["newbob", "newbob_patient"])
def test_newbob_is_that_of_speechbrain(speechbrain_schedules, case):
    case = speechbrain_schedules[case]
    scheduler = NewBobScheduler(**case["kwargs"])
    assert [value for metric in case["metric"] for value in scheduler(metric)] == pairs_of(case["table"])


@pytest.mark.parametrize(
    ("case", "cls"), [("linear", LinearScheduler), ("step", StepScheduler), ("step_opts", StepScheduler)]
)
def test_functions_of_the_epoch_are_those_of_speechbrain(speechbrain_schedules, case, cls):
    case = speechbrain_schedules[case]
    scheduler = cls(**case["kwargs"])
    assert [value for row in case["table"] for value in scheduler(row["current_epoch"])] == pairs_of(case["table"])


def test_newbob_goes_on_exactly_from_its_state():
    metrics = [5.0, 4.0, 3.999, 3.99, 3.0, 3.5, 3.4]
    whole = NewBobScheduler(0.1, patient=1)
    expected = [whole(metric) for metric in metrics]
    first = NewBobScheduler(0.1, patient=1)
    begun = [first(metric) for metric in metrics[:4]]
    second = NewBobScheduler(0.1, patient=1)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert begun + [second(metric) for metric in metrics[4:]] == expected


def test_newbob_knows_that_losses_below_zero_improve_when_they_fall():
    scheduler = NewBobScheduler(1.0)  # SpeechBrain 1.1.2 anneals here, as it divides by a negative loss
    assert [scheduler(loss) for loss in (-10.0, -12.0)] == [(1.0, 1.0), (1.0, 1.0)]
    assert scheduler(-11.0) == (1.0, 0.5)


def test_newbob_takes_nan_and_standstill_at_zero_for_no_improvement():
    assert [NewBobScheduler(1.0)(1.0), *map(NewBobScheduler(1.0), (0.0, 0.0, math.nan))] == [
        (1.0, 1.0),
        (1.0, 1.0),
        (1.0, 0.5),
        (0.5, 0.25),
    ]


def test_linear_stays_at_its_end():
    scheduler = LinearScheduler(1.0, 0.1, 3)
    assert scheduler(3) == (0.1, 0.1)
    assert scheduler(300) == (0.1, 0.1)
    assert LinearScheduler(1.0, 0.1, 1)(7) == (1.0, 1.0)
    with pytest.raises(ArgumentError, match="epoch_count must be positive, got 0"):
        LinearScheduler(1.0, 0.1, 0)


def test_a_half_life_halves():
    scheduler = StepScheduler(8.0, half_life=3)
    assert scheduler(3)[0] == pytest.approx(4.0)
    assert scheduler(9)[0] == pytest.approx(1.0)
    with pytest.raises(ArgumentError, match="give one or the other"):
        StepScheduler(1.0, decay_factor=0.1, half_life=3)


def test_a_plateau_is_counted_once_for_all_optimisers(optimizer_at):
    scheduler = ReduceLROnPlateau(patience=1, dont_halve_until_epoch=0)
    optimizers = [optimizer_at(1.0), optimizer_at(0.4)]
    rates = [scheduler(optimizers, epoch, loss) for epoch, loss in enumerate([3.0, 4.0, 4.0, 2.0, 2.5, 2.5], start=1)]
    assert [new for _, new in rates] == [0.4, 0.4, 0.2, 0.4, 0.4, 0.2]
    assert optimizers[0].param_groups[0]["lr"] == 1.0


def test_a_plateau_goes_on_from_its_state_and_stops_at_the_least_rate(optimizer_at):
    first = ReduceLROnPlateau(lr_min=0.3, patience=0, dont_halve_until_epoch=1)
    assert first([optimizer_at(1.0)], 1, 5.0) == (1.0, 1.0)
    second = ReduceLROnPlateau(lr_min=0.3, patience=0, dont_halve_until_epoch=1)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert second([optimizer_at(1.0)], 2, 6.0) == (1.0, 0.5)
    assert second([optimizer_at(0.5)], 3, 6.0) == (0.5, 0.3)
