import pytest
import torch
from torch import nn

from sonovox.data import DynamicItemDataset
from sonovox.errors import TrainingError
from sonovox.nn import InputNormalization
from sonovox.training.brain import Brain
from sonovox.training.dry_run import dry_run


class Mean(Brain):
    def compute_forward(self, batch, stage):
        return self.modules.model(batch.sig[0].unsqueeze(-1)).mean((1, 2))

    def compute_objectives(self, predictions, batch, stage):
        return predictions.square().mean() * self.hparams.scale


def read(base):
    if base < 0:
        raise ValueError("the header ends early")
    return torch.full((4,), float(base))


def dataset(bases):
    items = DynamicItemDataset({f"item{n}": {"base": base} for n, base in enumerate(bases)})
    items.add_dynamic_item(read, takes="base", provides="sig")
    items.set_output_keys(["id", "sig"])
    return items


def brain(scale=1.0):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 2), nn.Flatten(0, 1), nn.BatchNorm1d(2), nn.Unflatten(0, (-1, 4)))
    return Mean({"model": net}, torch.optim.SGD, {"scale": scale}, {"device": "cpu", "noprogressbar": True})


def test_a_sound_run_changes_nothing():
    learner = brain()
    before = {name: value.clone() for name, value in learner.modules.state_dict().items()}
    dry_run(learner, {"train": dataset([1, 2, 3]), "valid": dataset([1]), "test": None}, {"train": {"batch_size": 2}})
    for name, value in learner.modules.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(weight.grad is None for weight in learner.modules.parameters())


def test_validation_sees_the_statistics_that_training_has_begun():
    learner = brain()
    learner.modules["model"] = nn.Sequential(InputNormalization(norm_type="global"), nn.Linear(1, 1))
    dry_run(learner, {"train": dataset([1, 2, 3]), "valid": dataset([1])}, {"train": {"batch_size": 2}})
    assert int(learner.modules["model"][0].count) == 0


def test_all_items_that_cannot_be_read_are_named():
    bases = [1] + [-1] * 5 + [2] * 10
    with pytest.raises(TrainingError, match="6 items cannot be read") as caught:
        dry_run(brain(), {"train": dataset(bases), "valid": dataset([-1, 1])}, {})
    for line in ("train item1: ", "train item5: ", "valid item0: ", "the header ends early"):
        assert line in str(caught.value)


def test_a_set_without_batches_is_told():
    with pytest.raises(TrainingError, match="the valid set has no batch"):
        dry_run(brain(), {"train": dataset([1]), "valid": dataset([])}, {})


def test_a_loss_that_is_not_finite_is_told():
    with pytest.raises(TrainingError, match="the loss of the first train batch is nan"):
        dry_run(brain(float("nan")), {"train": dataset([1])}, {})
