"""An encoder that learns late, slowly or not at all, under a head that learns at once."""

import pytest
import torch
from torch import nn

from sonovox.training import Checkpointer, EncoderBrain, EpochCounter, FileTrainLogger, NewBobScheduler

BATCHES = [(torch.full((4, 2), float(sign)), torch.ones(4)) for sign in (1, -1, 1, -1)]
LOADER = {"batch_size": None}


class Encoder(nn.Linear):
    def forward(self, signals, lengths):
        return super().forward(signals)


class Sum(EncoderBrain):
    """Learns the sum of two numbers; remembers whether the encoder had gradients."""

    def compute_forward(self, batch, stage):
        features = self.encode(*batch)
        self.seen.append(features.requires_grad)
        return self.modules.head(features)

    def compute_objectives(self, predictions, batch, stage):
        return nn.functional.mse_loss(predictions, batch[0].sum(1, keepdim=True))


def brain(folder, epochs=1, **hparams):
    torch.manual_seed(0)
    parts = {"wav2vec2": Encoder(2, 3), "head": nn.Linear(3, 1)}
    hparams = {
        "output_folder": str(folder),
        "train_logger": FileTrainLogger(folder / "train_log.txt"),
        "epoch_counter": EpochCounter(epochs),
        "freeze": False,
        "model": nn.ModuleList([parts["head"]]),
        "model_opt_class": lambda weights: torch.optim.SGD(weights, 0.1),
        "wav2vec2_opt_class": lambda weights: torch.optim.SGD(weights, 0.01),
        "lr_annealing_model": NewBobScheduler(0.1, annealing_factor=0.5, improvement_threshold=2.0),
        "lr_annealing_wav2vec2": NewBobScheduler(0.01, annealing_factor=0.25, improvement_threshold=2.0),
        "min_key": "loss",
        "noprogressbar": True,
        **hparams,
    }
    made = Sum(parts, hparams=hparams, checkpointer=Checkpointer(folder / "save"))
    made.seen = []
    return made


def fit(each):
    counter = each.hparams.epoch_counter
    each.fit(counter, BATCHES, BATCHES[:1], train_loader_kwargs=LOADER, valid_loader_kwargs=LOADER)


def moved(each, name, before):
    return not torch.equal(each.modules[name].weight, before[f"{name}.weight"])


def start(each):
    return {name: value.clone() for name, value in each.modules.state_dict().items()}


@pytest.mark.parametrize(
    ("hparams", "seen"),
    [
        ({}, [True] * 4),
        ({"freeze_steps": 2}, [False, False, True, True]),
        ({"freeze_steps": 1, "grad_accumulation_factor": 2}, [False, False, True, True]),
        ({"freeze": True}, [False] * 4),
        ({"freeze_steps": 4}, [False] * 4),
    ],
)
def test_the_encoder_has_gradients_exactly_where_it_learns(tmp_path, hparams, seen):
    each = brain(tmp_path, **hparams)
    before = start(each)
    fit(each)
    assert each.seen == [*seen, False]  # and none in validation
    assert moved(each, "wav2vec2", before) == any(seen)
    assert moved(each, "head", before)


def test_it_learns_what_a_loop_with_two_optimisers_learns(tmp_path):
    each, other = brain(tmp_path / "a", freeze_steps=2), brain(tmp_path / "b")
    fit(each)
    encoder, head = other.modules["wav2vec2"], other.modules["head"]
    slow, quick = torch.optim.SGD(encoder.parameters(), 0.01), torch.optim.SGD(head.parameters(), 0.1)
    for number, (signals, lengths) in enumerate(BATCHES):
        nn.functional.mse_loss(head(encoder(signals, lengths)), signals.sum(1, keepdim=True)).backward()
        nn.utils.clip_grad_norm_(head.parameters() if number < 2 else other.modules.parameters(), 5.0)
        quick.step()
        if number >= 2:
            slow.step()
        slow.zero_grad()
        quick.zero_grad()
    for name, value in other.modules.state_dict().items():
        torch.testing.assert_close(each.modules.state_dict()[name], value, rtol=1e-6, atol=1e-7)


def test_both_rates_are_annealed_by_their_own_schedules_and_logged(tmp_path):
    each = brain(tmp_path, epochs=3)
    fit(each)
    rows = [row.split(",") for row in (tmp_path / "train_log.csv").read_text().splitlines()]
    assert rows[0][:3] == ["epoch", "lr_model", "lr_wav2vec2"]
    assert [row[1:3] for row in rows[1:]] == [["0.1", "0.01"], ["0.1", "0.01"], ["0.05", "0.0025"]]


def test_a_frozen_encoder_has_neither_optimiser_nor_rate(tmp_path):
    each = brain(tmp_path, freeze=True)
    fit(each)
    assert list(each.optimizers_dict) == ["model"]
    assert "lr_wav2vec2" not in (tmp_path / "train_log.txt").read_text()


def test_both_optimisers_are_in_the_checkpoint(tmp_path):
    each = brain(tmp_path)
    fit(each)
    assert {"model", "wav2vec2"} <= set(each.checkpointer.recoverables)
