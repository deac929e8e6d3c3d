"""A small experiment with everything in it that could make a continued run differ from one that was not stopped."""

import random
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sonovox.data import DynamicItemDataset, PaddedBatch, SaveableDataLoader
from sonovox.data.dynamic_batch_sampler import DynamicBatchSampler
from sonovox.training import Stage
from sonovox.training.brain import Brain
from sonovox.training.checkpoints import Checkpointer
from sonovox.training.epochs import EpochCounter
from sonovox.training.schedules import LinearWarmupScheduler, NewBobScheduler, update_learning_rate


class Stopped(BaseException):
    """In place of a kill: nothing catches it."""


def augmented(base):
    """A signal with noise of all three generators."""
    signal = torch.full((base,), float(base)) / 20
    return signal + torch.randn(base) * 0.1 + float(np.random.rand()) + random.random()


def dataset(size=23):
    data = {
        f"item{n:02}": {"base": 3 + (7 * n) % 11, "duration": 3 + (7 * n) % 11, "label": n % 3} for n in range(size)
    }
    items = DynamicItemDataset(data, [{"func": augmented, "takes": "base", "provides": "sig"}])
    items.set_output_keys(["id", "sig", "label"])
    return items


class Classify(Brain):
    """Dropout, batch normalisation, a schedule by steps and one by epochs, a metric that hooks keep."""

    def compute_forward(self, batch, stage):
        sig, _ = batch.sig
        frames = self.modules.model((sig + torch.randn_like(sig) * 0.01).reshape(-1, 1))
        return frames.reshape(*sig.shape, 3).mean(1)

    def compute_objectives(self, predictions, batch, stage):
        loss = nn.functional.cross_entropy(predictions, batch.label)
        if stage is Stage.TRAIN:
            self.seen.append((self.epoch, self.step, tuple(batch.id), loss.item()))
            self.sum_of_epoch += loss.item()
        return loss

    def on_stage_start(self, stage, epoch=None):
        torch.rand(3)  # hooks may draw numbers
        if stage is Stage.TRAIN:
            self.sum_of_epoch = 0.0

    def on_fit_batch_end(self, batch, outputs, loss, should_step):
        if should_step:
            self.hparams.warmup(self.optimizer)
        if (self.epoch, self.step) == self.hparams.stop_at:
            self.checkpointer.wait()
            raise Stopped

    def on_stage_end(self, stage, stage_loss, epoch=None):
        if stage is Stage.TRAIN:
            self.sums.append((epoch, self.sum_of_epoch, stage_loss))
        else:
            _, rate = self.hparams.newbob(stage_loss)
            update_learning_rate(self.optimizer, rate)
            self.checkpointer.save_and_keep_only(meta={"loss": stage_loss}, min_keys=["loss"])


def run(folder, *, stop_at=None, workers=0, seed=0, epochs=3, buckets=False, seen=None, **options):
    """Train, from the newest checkpoint if there is one; the Brain, with `seen` and `sums` of all runs so far."""
    if any(Path(folder).glob("CKPT*")):  # a new process starts anywhere; one from scratch with the seed of its YAML
        torch.manual_seed(seed), np.random.seed(seed), random.seed(seed)
    else:
        torch.manual_seed(0), np.random.seed(0), random.seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(9)
        model = nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.Dropout(0.4), nn.Linear(8, 3))
    counter = EpochCounter(epochs)
    hparams = {
        "newbob": NewBobScheduler(0.02),
        "warmup": LinearWarmupScheduler(0.02, 4, 40),
        "stop_at": stop_at,
        "counter": counter,
    }
    checkpointer = Checkpointer(
        folder, {"model": model, "newbob": hparams["newbob"], "warmup": hparams["warmup"], "counter": counter}
    )
    brain = Classify(
        {"model": model},
        lambda parameters: torch.optim.Adam(parameters, 0.02),
        hparams,
        {"noprogressbar": True, "device": "cpu", "ckpt_interval_minutes": 0.0, **options},
        checkpointer,
    )
    brain.seen, brain.sums = seen if seen is not None else ([], [])
    train, kwargs = dataset(), {"num_workers": workers, "collate_fn": PaddedBatch, "seed": 4}
    if buckets:
        sampler = DynamicBatchSampler(train, max_batch_length=30, num_buckets=3, seed=5)
        loader = SaveableDataLoader(train, batch_sampler=sampler, **kwargs)
    else:
        loader = SaveableDataLoader(train, batch_size=3, shuffle=True, **kwargs)
    valid = SaveableDataLoader(dataset(7), batch_size=4, collate_fn=PaddedBatch, seed=4)
    brain.fit(counter, loader, valid)
    return brain
