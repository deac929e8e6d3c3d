"""The loop around a Brain. A run that was stopped anywhere continues bit for bit: order, losses, averages, weights."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from sonovox.errors import TrainingInterruptedError
from sonovox.training.brain import Brain
from sonovox.training.loop import TrainingLoop, evaluate_stage
from sonovox.training.stage import Stage
from training.resume import Classify, Stopped, run

STEPS_OF_AN_EPOCH = 8
CONFIGURATIONS = {
    "every step": {"ckpt_interval_steps": 1},
    "every third step": {"ckpt_interval_steps": 3},
    "epochs only": {},
    "accumulation": {"ckpt_interval_steps": 2, "grad_accumulation_factor": 3},
    "bf16": {"ckpt_interval_steps": 1, "precision": "bf16"},
    "buckets": {"ckpt_interval_steps": 2, "buckets": True},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Runs that nothing stopped, by configuration."""
    done = {}

    def get(name):
        if name not in done:
            done[name] = run(tmp_path_factory.mktemp("whole"), **CONFIGURATIONS[name])
        return done[name]

    return get


def assert_same_run(brain, whole):
    # What ran twice must have given the same both times; what counts is the last.
    assert {entry[:2]: entry[2:] for entry in brain.seen} == {entry[:2]: entry[2:] for entry in whole.seen}
    assert dict((*entry[:1], entry[1:]) for entry in brain.sums) == dict(
        (*entry[:1], entry[1:]) for entry in whole.sums
    )
    for name, value in whole.modules.state_dict().items():
        assert torch.equal(value, brain.modules.state_dict()[name]), name
    assert brain.optimizer_step == whole.optimizer_step
    assert brain.learning_rates() == whole.learning_rates()


def stopped_and_continued(folder, stops, **options):
    seen = ([], [])
    for seed, stop in enumerate(stops, start=1):
        with pytest.raises(Stopped):
            run(folder, stop_at=stop, seed=seed, seen=seen, **options)
    return run(folder, seed=99, seen=seen, **options)


@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize("stop", [(1, 1), (1, 8), (2, 5), (3, 7)])
def test_a_stopped_run_continues_bit_for_bit(tmp_path, whole, name, stop):
    brain = stopped_and_continued(tmp_path, [stop], **CONFIGURATIONS[name])
    assert_same_run(brain, whole(name))


def test_a_run_may_be_stopped_again_and_again(tmp_path, whole):
    stops = [(1, 2), (1, 4), (1, 8), (2, 1), (2, 6), (3, 3)]
    assert_same_run(stopped_and_continued(tmp_path, stops, ckpt_interval_steps=1), whole("every step"))


@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")  # more workers than cores
@pytest.mark.parametrize("workers", [pytest.param(2, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)])
def test_workers_change_nothing(tmp_path, whole, workers):
    brain = stopped_and_continued(tmp_path, [(2, 5)], ckpt_interval_steps=1, workers=workers)
    assert_same_run(brain, whole("every step"))


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize("step", range(1, STEPS_OF_AN_EPOCH + 1))
@pytest.mark.parametrize("epoch", [1, 2])
def test_every_step_is_a_place_to_stop(tmp_path, whole, name, epoch, step):
    if name == "buckets" and step > len({entry[1] for entry in whole(name).seen if entry[0] == epoch}):
        pytest.skip("this epoch has fewer batches")
    brain = stopped_and_continued(tmp_path, [(epoch, step)], **CONFIGURATIONS[name])
    assert_same_run(brain, whole(name))


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    first = run(tmp_path)
    again = run(tmp_path)
    assert again.seen == []
    for name, value in first.modules.state_dict().items():
        assert torch.equal(value, again.modules.state_dict()[name]), name


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_finishes_the_step_and_saves(self, tmp_path, whole, number, monkeypatch):
        def raise_signal(self, batch, outputs, loss, should_step):
            original(self, batch, outputs, loss, should_step)
            if (self.epoch, self.step) == (2, 3):
                signal.raise_signal(number)

        original = Classify.on_fit_batch_end
        monkeypatch.setattr(Classify, "on_fit_batch_end", raise_signal)
        seen = ([], [])
        with pytest.raises(TrainingInterruptedError, match="in epoch 2 after batch 3") as caught:
            run(tmp_path, seen=seen)
        assert caught.value.exit_code == 128 + number
        assert seen[0][-1][:2] == (2, 3)
        monkeypatch.undo()
        brain = run(tmp_path, seed=5, seen=seen)
        assert [entry[:2] for entry in brain.seen] == [(epoch, step) for epoch in (1, 2, 3) for step in range(1, 9)]
        assert_same_run(brain, whole("epochs only"))

    def test_a_signal_in_validation_loses_nothing(self, tmp_path, whole, monkeypatch):
        def raise_signal(self, batch, stage):
            signal.raise_signal(signal.SIGTERM)
            return original(self, batch, stage)

        original = Classify.evaluate_batch
        monkeypatch.setattr(Classify, "evaluate_batch", raise_signal)
        seen = ([], [])
        with pytest.raises(TrainingInterruptedError, match="in epoch 1 after batch 8"):
            run(tmp_path, seen=seen)
        monkeypatch.undo()
        brain = run(tmp_path, seed=5, seen=seen)
        assert len(brain.seen) == 24  # no step ran twice
        assert_same_run(brain, whole("epochs only"))


CHILD = """
import sys; sys.path[:0] = [sys.argv[1]]
from training.resume import run
brain = run(sys.argv[2], ckpt_interval_steps=1, epochs=int(sys.argv[3]), seed=7)
import torch
torch.save({name: value for name, value in brain.modules.state_dict().items()}, sys.argv[2] + "/final.pt")
"""


@pytest.mark.slow
def test_kill_minus_nine_loses_nothing(tmp_path):
    """Real kills at moments that nobody chose; each start goes on, and the end is bit for bit the same."""
    tests = str(Path(__file__).parents[1])
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    # In a process of its own too, with as many threads: sums of many threads have other last bits.
    subprocess.run([sys.executable, "-c", CHILD, tests, str(whole), "40"], env=environment, check=True)
    kills, generator = 0, torch.Generator().manual_seed(0)
    while True:
        child = subprocess.Popen([sys.executable, "-c", CHILD, tests, str(folder), "40"], env=environment)
        began = len(list(folder.glob("CKPT*")))
        while kills < 12 and child.poll() is None and not list(folder.glob("CKPT*")):
            time.sleep(0.01)
        if kills < 12 and child.poll() is None:
            time.sleep((3.0 if began else 0.2) + 0.5 * torch.rand(1, generator=generator).item())
            child.kill()
            kills += child.wait() == -signal.SIGKILL
            continue
        assert child.wait() == 0
        break
    assert kills >= 3
    expected, final = (torch.load(path / "final.pt", weights_only=True) for path in (whole, folder))
    for name, value in expected.items():
        assert torch.equal(value, final[name]), name


class Square(Brain):
    def compute_forward(self, batch, stage):
        return self.modules.model(batch)

    def compute_objectives(self, predictions, batch, stage):
        return predictions.square().mean()


def brain(folder=None, **options):
    torch.manual_seed(0)
    hparams = {"output_folder": str(folder)} if folder else {}
    options = {"device": "cpu", "noprogressbar": True, **options}
    return Square({"model": nn.Linear(1, 1)}, lambda p: torch.optim.SGD(p, 0.1), hparams, options)


BATCHES = [torch.ones(2, 1), 2 * torch.ones(2, 1)]


def test_every_event_is_logged(tmp_path):
    TrainingLoop(brain(tmp_path), BATCHES, BATCHES, quiet=True).run([1, 2])
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(event["stage"], event["epoch"]) for event in events] == [
        ("train", 1),
        ("valid", 1),
        ("train", 2),
        ("valid", 2),
    ]
    assert events[0]["rates"] == [0.1]
    assert events[2]["loss"] < events[0]["loss"]


def test_losses_are_kept_where_no_logger_is_given(tmp_path):
    TrainingLoop(brain(tmp_path), BATCHES, BATCHES, quiet=True).run([1, 2])
    header, *rows = (tmp_path / "train_log.csv").read_text().splitlines()
    assert header == "epoch,lr,train loss,valid loss"
    assert [row.split(",")[:2] for row in rows] == [["1", "0.1"], ["2", "0.1"]]


def test_epochs_of_loaders_are_set():
    class Loader(list):
        def set_epoch(self, epoch):
            epochs.append(epoch)

    epochs = []
    TrainingLoop(brain(), Loader(BATCHES), Loader(BATCHES), quiet=True).run([3, 4])
    assert epochs == [3, 3, 4, 4]


def test_evaluation_calls_between_batches_and_keeps_no_gradients():
    learner = brain()
    calls = []
    loss = evaluate_stage(learner, BATCHES, Stage.VALID, 1, quiet=True, between=lambda: calls.append(1))
    expected = [learner.modules.model(batch).square().mean().item() for batch in BATCHES]
    assert loss == pytest.approx(sum(expected) / 2)
    assert len(calls) == 2
    assert not learner.modules.training


def test_a_trace_is_written_where_the_run_writes(tmp_path):
    learner = brain(tmp_path, profile_training=True, profile_warmup=1, profile_steps=1)
    TrainingLoop(learner, BATCHES, None, quiet=True).run([1])
    assert json.loads((tmp_path / "profile.json").read_text())["traceEvents"]
