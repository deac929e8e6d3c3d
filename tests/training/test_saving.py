"""When a SavePlan writes checkpoints; that what is in them suffices to go on is in test_loop.py."""

import pytest
import torch
from torch import nn

from sonovox.training import Checkpointer
from sonovox.training.brain import Brain
from sonovox.training.saving import INTRA_EPOCH_KEY


class Square(Brain):
    def compute_forward(self, batch, stage):
        return self.modules.model(batch)

    def compute_objectives(self, predictions, batch, stage):
        return predictions.square().mean()


def saved_steps(folder, batches=6, epochs=1, **options):
    """Epoch and step of each checkpoint that became durable, in order."""
    options = {"device": "cpu", "noprogressbar": True, "ckpt_interval_minutes": 0.0, **options}
    checkpointer = Checkpointer(folder)
    net = nn.Linear(1, 1)
    brain = Square(
        {"model": net}, lambda p: torch.optim.SGD(p, 0.1), {"output_folder": str(folder)}, options, checkpointer
    )
    brain.fit(range(1, epochs + 1), [torch.ones(2, 1)] * batches, train_loader_kwargs={"batch_size": None})
    events = [event for event in brain.run_log.read() if event["event"] == "saved"]
    assert all(event["meta"][INTRA_EPOCH_KEY] for event in events)
    return [(event["meta"]["epoch"], event["meta"]["step"]) for event in events]


def test_an_epoch_is_saved_even_if_no_hook_does(tmp_path):
    assert saved_steps(tmp_path, epochs=2) == [(1, 6), (2, 6)]
    assert len(Checkpointer(tmp_path).list_checkpoints()) == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"ckpt_interval_steps": 2}, [2, 4, 6, 6]),
        ({"ckpt_interval_steps": 4}, [4, 6]),
        ({"ckpt_interval_steps": 1, "grad_accumulation_factor": 4}, [4, 6, 6]),
        ({"ckpt_interval_minutes": 1e-9}, [1, 2, 3, 4, 5, 6, 6]),
    ],
)
def test_intervals_count_steps_of_the_optimiser(tmp_path, options, expected):
    assert saved_steps(tmp_path, **options) == [(1, step) for step in expected]


def test_a_hook_that_saves_is_enough(tmp_path):
    class Saves(Square):
        def on_stage_end(self, stage, stage_loss, epoch=None):
            self.checkpointer.save_and_keep_only(meta={"loss": stage_loss})

    checkpointer = Checkpointer(tmp_path)
    options = {"device": "cpu", "noprogressbar": True}
    brain = Saves({"model": nn.Linear(1, 1)}, lambda p: torch.optim.SGD(p, 0.1), None, options, checkpointer)
    brain.fit(range(1), [torch.ones(2, 1)], train_loader_kwargs={"batch_size": None})
    (checkpoint,) = checkpointer.list_checkpoints()
    assert "loss" in checkpoint.meta
    assert INTRA_EPOCH_KEY not in checkpoint.meta
