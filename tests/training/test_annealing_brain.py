"""A validation anneals, logs and keeps the best; a test tells what it found."""

import pytest
import torch
from torch import nn

from sonovox.training import AnnealingBrain, Checkpointer, EpochCounter, FileTrainLogger, Stage

DATA = [[torch.ones(4, 1)], [-torch.ones(4, 1)]]
LOADER = {"batch_size": None}


class Steps:
    """A schedule that halves the rate, and keeps the losses that it was given."""

    def __init__(self, rate):
        self.rate, self.losses = rate, []

    def __call__(self, loss):
        self.losses.append(loss)
        self.rate /= 2
        return 2 * self.rate, self.rate


class Line(AnnealingBrain):
    """Learns y = 2 x; the score of epoch 2 is best by decree."""

    def compute_forward(self, batch, stage):
        return self.modules.model(batch[0])

    def compute_objectives(self, predictions, batch, stage):
        return nn.functional.mse_loss(predictions, 2 * batch[0])

    def stage_stats(self, stage):
        return {"score": 1.0 if self.epoch == 2 else 5.0}


def line(folder, cls=Line, **hparams):
    hparams = {
        "output_folder": str(folder),
        "train_logger": FileTrainLogger(folder / "train_log.txt"),
        "epoch_counter": EpochCounter(3),
        "lr_annealing": Steps(0.1),
        "min_key": "score",
        "noprogressbar": True,
        **hparams,
    }
    return cls(
        {"model": nn.Linear(1, 1)},
        lambda weights: torch.optim.SGD(weights, 0.1),
        hparams,
        checkpointer=Checkpointer(folder / "save"),
    )


def fit(brain):
    brain.fit(brain.hparams.epoch_counter, DATA, DATA, train_loader_kwargs=LOADER, valid_loader_kwargs=LOADER)


def test_the_log_has_the_rate_of_the_epoch_that_ended_and_the_next_one_learns_with_the_new(tmp_path):
    brain = line(tmp_path)
    fit(brain)
    rows = [row.split(",") for row in (tmp_path / "train_log.csv").read_text().splitlines()]
    assert rows[0] == ["epoch", "lr", "train loss", "valid loss", "valid score"]
    assert [row[1] for row in rows[1:]] == ["0.1", "0.05", "0.025"]
    assert brain.learning_rates() == [0.0125]
    assert [f"{loss:.3g}" for loss in brain.hparams.lr_annealing.losses] == [f"{float(row[3]):.3g}" for row in rows[1:]]


@pytest.mark.parametrize(("keys", "epoch"), [({}, 2), ({"min_key": None, "max_key": "score"}, 3)])
def test_the_best_checkpoint_is_kept_and_the_newest(tmp_path, keys, epoch):
    brain = line(tmp_path, **keys)
    fit(brain)
    found = brain.checkpointer.find_checkpoint(**{name: "score" for name in keys or ["min_key"] if keys.get(name, 1)})
    assert found.meta["epoch"] == epoch
    assert {each.meta["epoch"] for each in brain.checkpointer.list_checkpoints()} == {epoch, 3}


def test_a_test_anneals_nothing_and_is_remembered(tmp_path):
    brain = line(tmp_path)
    fit(brain)
    loss = brain.evaluate(DATA, min_key="score", test_loader_kwargs=LOADER)
    assert len(brain.hparams.lr_annealing.losses) == 3  # those of the validations
    assert brain.test_stats["loss"] == loss
    assert "tested epoch" in (tmp_path / "train_log.txt").read_text().splitlines()[-1]


def test_it_runs_without_a_checkpointer_and_metrics_of_its_own(tmp_path):
    class Plain(AnnealingBrain):
        compute_forward, compute_objectives = Line.compute_forward, Line.compute_objectives

    brain = line(tmp_path, Plain, min_key="loss")
    brain.checkpointer = None
    fit(brain)
    assert brain.stage_stats(Stage.VALID) == {}
    assert len((tmp_path / "train_log.txt").read_text().splitlines()) == 3
