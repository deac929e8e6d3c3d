"""A recipe of a few numbers, for tests of experiments and of the command; opened as `--code`."""

import torch
from torch import nn

from sonovox.data import DynamicItemDataset
from sonovox.training import Brain, Stage

YAML = """
seed: 3
output_folder: !PLACEHOLDER
size: 12
lr: 0.1
model: !new:torch.nn.Linear [1, 1]
modules:
  model: !ref <model>
opt_class: !name:torch.optim.SGD
  lr: !ref <lr>
train_loader_kwargs:
  batch_size: 4
  shuffle: True
epoch_counter: !new:sonovox.training.EpochCounter
  limit: 2
checkpointer: !new:sonovox.training.Checkpointer
  checkpoints_dir: !ref <output_folder>/save
  recoverables:
    model: !ref <model>
    counter: !ref <epoch_counter>
train_logger: !new:sonovox.training.FileTrainLogger
  save_file: !ref <output_folder>/train_log.txt
min_key: loss
"""


class Line(Brain):
    """Learns y = 2 x."""

    def compute_forward(self, batch, stage):
        return self.modules.model(batch.x[0])

    def compute_objectives(self, predictions, batch, stage):
        return nn.functional.mse_loss(predictions, 2 * batch.x[0])

    def on_stage_end(self, stage, stage_loss, epoch=None):
        if stage is Stage.TRAIN:
            self.train_loss = stage_loss
        elif stage is Stage.VALID:
            meta = {"epoch": epoch, "lr": self.hparams.lr}
            self.hparams.train_logger.log_stats(meta, {"loss": self.train_loss}, {"loss": stage_loss})
            self.checkpointer.save_and_keep_only(meta={"loss": stage_loss}, min_keys=["loss"])
        else:
            self.test_loss = stage_loss
            self.hparams.train_logger.log_stats({"tested": True}, test_stats={"loss": stage_loss})


def point(number):
    if number < 0:
        raise ValueError("a negative number")
    return torch.tensor([float(number) / 10])


def datasets(hparams):
    data = {f"item{n:02}": {"number": n} for n in range(hparams["size"])}
    made = {}
    for name in ("train", "valid", "test"):
        made[name] = DynamicItemDataset(data)
        made[name].add_dynamic_item(point, takes="number", provides="x")
        made[name].set_output_keys(["id", "x"])
    return made


def finish(brain):
    """Mark the end."""
    (__import__("pathlib").Path(brain.hparams.output_folder) / "finished").touch()
