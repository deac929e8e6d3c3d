import pytest
import torch

from sonovox.errors import ArgumentError, ChoiceError
from sonovox.training.schedules import CyclicCosineScheduler, CyclicLRScheduler


def at_batch_end(scheduler, optimizer, k):
    return scheduler.on_batch_end(optimizer)


@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
def test_cyclic_rates_are_those_of_speechbrain(speechbrain_schedules, table_of, assert_same_rows, mode):
    theirs = speechbrain_schedules[f"cyclic_{mode}"]
    assert_same_rows(table_of(CyclicLRScheduler, theirs, at_batch_end), theirs["table"])


def test_the_cosine_is_that_of_speechbrain(speechbrain_schedules, table_of, assert_same_rows):
    theirs = speechbrain_schedules["cyclic_cosine"]
    assert_same_rows(table_of(CyclicCosineScheduler, theirs), theirs["table"])


def test_the_cosine_starts_at_the_rate_of_the_optimiser(optimizer_at):
    # SpeechBrain 1.1.2 multiplies the rates of all steps there.
    scheduler, given = CyclicCosineScheduler(2, total_steps=9), CyclicCosineScheduler(2, lr_initial=0.4, total_steps=9)
    optimizer, other = optimizer_at(0.4), optimizer_at(0.4)
    assert [scheduler(optimizer) for _ in range(5)] == [given(other) for _ in range(5)]


@pytest.mark.parametrize(
    ("make", "call"),
    [
        (lambda: CyclicCosineScheduler(3, total_steps=9), lambda s, o, k: s(o)),
        (lambda: CyclicLRScheduler(step_size=4, mode="exp_range", gamma=0.9), at_batch_end),
    ],
)
def test_training_goes_on_exactly(goes_on_exactly, make, call):
    goes_on_exactly(make, call)


def test_a_file_of_speechbrain_is_read(tmp_path):
    torch.save({"losses": [], "n_steps": 7}, tmp_path / "cosine.ckpt")
    scheduler = CyclicCosineScheduler(2, lr_initial=0.4)
    scheduler.load(tmp_path / "cosine.ckpt")
    assert (scheduler.n_steps, scheduler.initial_lr) == (7, 0.4)


def test_an_own_scale_is_of_the_cycle_or_of_the_step():
    by_cycle = CyclicLRScheduler(0.0, 1.0, step_size=2, scale_fn=lambda cycle: 1 / cycle)
    assert [by_cycle.clr(step) for step in (2, 6)] == [1.0, 0.5]
    by_step = CyclicLRScheduler(0.0, 1.0, step_size=2, scale_fn=lambda step: step, scale_mode="iterations")
    assert [by_step.clr(step) for step in (2, 6)] == [2.0, 6.0]


def test_the_next_rate_is_known_before_the_first_step(optimizer_at):
    scheduler = CyclicLRScheduler(0.1, 0.3, step_size=2)
    assert scheduler(1) == pytest.approx((0.1, 0.2))


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ChoiceError, match="did you mean triangular"):
        CyclicLRScheduler(mode="triangle")
    with pytest.raises(ArgumentError, match="step_size must be positive"):
        CyclicLRScheduler(step_size=0)
    with pytest.raises(ArgumentError, match="total_steps must be positive"):
        CyclicCosineScheduler(2, total_steps=0)
