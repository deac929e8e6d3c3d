import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from sonovox.finetuning import FineTuner, SpellingEncoder
from sonovox.finetuning.finetuner import read_signal, spell
from sonovox.training import Stage, TriStageLRSchedule


class NoLog:
    def log_stats(self, *stats):
        self.stats = stats


class NoCheckpoints:
    recoverables = ()

    def save_and_keep_only(self, meta, **_):
        self.meta = meta


@pytest.fixture
def tuner(encoder):
    model = SpellingEncoder(encoder, ["a", "b"])
    schedule = {"warmup_steps": 2, "hold_steps": 4, "decay_steps": 4, "total_steps": 10}
    hparams = {
        "model": model,
        "head_opt_class": lambda weights: torch.optim.AdamW(weights, lr=1e-2),
        "encoder_opt_class": lambda weights: torch.optim.AdamW(weights, lr=1e-3),
        "head_schedule": TriStageLRSchedule(1e-2, **schedule),
        "encoder_schedule": TriStageLRSchedule(1e-3, **schedule),
        "encoder_learning_rate": 1e-3,
        "freeze_updates": 2,
        "total_updates": 10,
        "train_logger": NoLog(),
    }
    return FineTuner({"model": model}, hparams=hparams, run_opts={"device": "cpu"}, checkpointer=NoCheckpoints())


class Batch(SimpleNamespace):
    def to(self, device):
        return self


@pytest.fixture
def batch(tuner):
    sound = (torch.randn(2, 4800, generator=torch.Generator().manual_seed(0)), torch.tensor([1.0, 0.8]))
    vocabulary = tuner.hparams.model.vocabulary
    letters = torch.nn.utils.rnn.pad_sequence([spell("ab", vocabulary), spell("b", vocabulary)], batch_first=True)
    return Batch(id=["x", "y"], sig=sound, letters=(letters, torch.tensor([1.0, 0.5])), text=["ab", "b"])


def test_the_encoder_learns_only_after_the_frozen_updates(tuner, batch):
    tuner.on_fit_start()
    tuner._begin_training_stage(4)
    tuner.modules.train()
    before = [weight.detach().clone() for weight in tuner.hparams.model.encoder_parameters()]
    head = tuner.hparams.model.head.weight.detach().clone()
    moved = []
    for step in range(1, 5):
        tuner.step = step
        tuner.fit_batch(batch)
        now = tuner.hparams.model.encoder_parameters()
        moved.append(any(not torch.equal(old, new) for old, new in zip(before, now, strict=True)))
    assert moved == [False, False, True, True]
    assert not torch.equal(head, tuner.hparams.model.head.weight)
    rates = [each.param_groups[0]["lr"] for each in (tuner.head_optimizer, tuner.encoder_optimizer)]
    assert rates == pytest.approx([1e-2, 1e-3])  # held after two updates of warm-up


def test_without_a_rate_the_encoder_has_no_optimiser(tuner, batch):
    tuner.hparams.encoder_learning_rate = 0
    tuner.on_fit_start()
    assert list(tuner.optimizers_dict) == ["head_optimizer"]
    assert tuner.encoder_is_frozen


def validate(tuner, batch):
    tuner.modules.eval()
    tuner.on_stage_start(Stage.VALID, 1)
    tuner.train_stats = {"loss": 1.0}
    tuner.evaluate_batch(batch, Stage.VALID)
    tuner.on_stage_end(Stage.VALID, 2.0, 1)


@pytest.mark.parametrize(
    ("updates", "level", "text"),
    [
        (1, logging.INFO, "its encoder is frozen until update 2"),
        (3, logging.INFO, "CTC begins so"),
        (9, logging.WARNING, "give more updates"),
    ],
)
def test_the_all_blank_failure_is_named_with_what_to_do(tuner, batch, caplog, updates, level, text):
    tuner.on_fit_start()
    torch.nn.init.zeros_(tuner.hparams.model.head.weight)
    tuner.hparams.model.head.bias.data = torch.tensor([9.0, 0, 0, 0, 0])  # the blank, whatever is heard
    tuner.optimizer_step = updates
    with caplog.at_level(logging.INFO, "sonovox"):
        validate(tuner, batch)
    told = [record for record in caplog.records if "all-blank output" in record.getMessage()]
    assert [record.levelno for record in told] == [level]
    assert text in told[0].getMessage()
    assert tuner.dev_stats == {"loss": 2.0, "WER": 100.0, "CER": 100.0}
    validate(tuner, batch)
    assert caplog.records[-1].getMessage().endswith("still") == (level == logging.WARNING)  # once is enough


def test_a_model_that_writes_is_not_told_of(tuner, batch, caplog):
    tuner.on_fit_start()
    torch.nn.init.zeros_(tuner.hparams.model.head.weight)
    tuner.hparams.model.head.bias.data = torch.tensor([0.0, 0, 0, 0, 9.0])  # b for ever
    with caplog.at_level(logging.INFO, "sonovox"):
        validate(tuner, batch)
    assert "all-blank" not in caplog.text
    assert tuner.checkpointer.meta["WER"] == 50.0
    assert tuner.checkpointer.meta["CER"] == pytest.approx(100 / 3)


def test_a_model_that_writes_in_lower_case_is_measured_in_it(tuner, batch):
    tuner.on_fit_start()
    vocabulary = replace(tuner.hparams.model.vocabulary, labels=("<pad>", "<unk>", "|", "A", "B"), lower_case=True)
    tuner.hparams.model.vocabulary = vocabulary
    torch.nn.init.zeros_(tuner.hparams.model.head.weight)
    tuner.hparams.model.head.bias.data = torch.tensor([0.0, 0, 0, 0, 9.0])  # b for ever
    batch.text = ["AB", "B"]
    validate(tuner, batch)
    assert tuner.checkpointer.meta["WER"] == 50.0


def test_sound_is_resampled_and_its_channels_averaged(record, tmp_path):
    path = record("a.wav", seconds=0.5, rate=8000, channels=2)
    assert read_signal(path, 16000).shape == (8000,)
