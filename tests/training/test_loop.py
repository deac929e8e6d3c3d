"""What the loop does around a Brain; that it goes on exactly is in test_resume.py."""

import json

import pytest
import torch
from torch import nn

from sonovox.training.brain import Brain
from sonovox.training.loop import TrainingLoop, evaluate_stage
from sonovox.training.stage import Stage


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
