import pytest

from sonovox.errors import ArgumentError, ChoiceError
from sonovox.training import EpochCounter, EpochCounterWithStopper


def test_a_counter_goes_on_behind_an_epoch_that_ended_and_with_one_that_did_not(tmp_path):
    counter = EpochCounter(5)
    next(counter), next(counter)
    counter.save(tmp_path / "counter")
    again = EpochCounter(5)
    again.load(tmp_path / "counter", end_of_epoch=True)
    assert list(again) == [3, 4, 5]
    again.load(tmp_path / "counter", end_of_epoch=False)
    assert list(again) == [2, 3, 4, 5]


def test_a_counter_of_speechbrain_is_one_number(tmp_path):
    (tmp_path / "counter.ckpt").write_text("3")
    counter, stopper = EpochCounter(4), EpochCounterWithStopper(4, 1, 0, "min")
    for each in (counter, stopper):
        each.load(tmp_path / "counter.ckpt")
        assert list(each) == [4]


@pytest.mark.parametrize(
    ("direction", "metrics"), [("min", [3.0, 2.0, 2.5, 2.0, 1.0]), ("max", [1.0, 2.0, 1.5, 2.0, 3.0])]
)
def test_a_stopper_waits_for_something_better(direction, metrics):
    counter = EpochCounterWithStopper(5, limit_to_stop=2, limit_warmup=0, direction=direction)
    for epoch in counter:
        counter.update_metric(metrics[epoch - 1])
    assert counter.current == 4
    assert (counter.best_limit, counter.best_score) == (2, 2.0)


def test_a_stopper_never_stops_in_its_warmup_and_nan_is_never_better():
    counter = EpochCounterWithStopper(9, limit_to_stop=1, limit_warmup=4, direction="min")
    for _ in counter:
        counter.update_metric(float("nan"))
    assert counter.current == 5
    assert counter.best_score is None


def test_a_stopper_is_saved_whole(tmp_path):
    counter = EpochCounterWithStopper(9, limit_to_stop=3, limit_warmup=0, direction="max")
    for metric in (0.1, 0.30000000000000004, 0.2):
        next(counter)
        counter.update_metric(metric)
    counter.save(tmp_path / "stopper")
    again = EpochCounterWithStopper(9, limit_to_stop=3, limit_warmup=0, direction="max")
    again.load(tmp_path / "stopper")
    assert vars(again) == vars(counter)


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(ArgumentError, match="limit must be a number of epochs, got -1"):
        EpochCounter(-1)
    with pytest.raises(ChoiceError, match="did you mean max"):
        EpochCounterWithStopper(3, 1, 1, "maxx")
    with pytest.raises(ArgumentError, match="must not be negative"):
        EpochCounterWithStopper(3, -1, 1, "max")
