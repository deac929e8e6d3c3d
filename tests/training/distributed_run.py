"""A small training whose processes and batches can be divided, started by tests under torchrun or alone."""

import sys

import torch
from torch import nn

from sonovox.training import Checkpointer, EpochCounter, Stage
from sonovox.training.brain import Brain


class Fit(Brain):
    def compute_forward(self, batch, stage):
        return self.modules.model(batch["x"])

    def compute_objectives(self, predictions, batch, stage):
        return nn.functional.mse_loss(predictions, batch["y"])

    def on_stage_end(self, stage, stage_loss, epoch=None):
        if stage is Stage.VALID and self.checkpointer is not None:
            self.checkpointer.save_and_keep_only(meta={"loss": stage_loss})
        if stage is Stage.VALID:
            self.valid_loss = stage_loss


class Numbers(torch.utils.data.Dataset):
    """Pairs of which each is a function of its number."""

    def __init__(self, size):
        generator = torch.Generator().manual_seed(3)
        self.x, self.y = torch.randn(size, 3, generator=generator), torch.randn(size, 1, generator=generator)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return {"id": str(index), "x": self.x[index], "y": self.y[index]}


def main(folder, epochs, *, accumulation=1, mode="ddp", die_at=None, norm=False, n_valid=8):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8) if norm else nn.Tanh(), nn.Linear(8, 1))
    counter = EpochCounter(epochs)
    brain = Fit(
        {"model": net},
        lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9),
        {"seed": 5},
        {
            "device": "cpu",
            "noprogressbar": True,
            "grad_accumulation_factor": accumulation,
            "distributed_mode": mode,
            "ckpt_interval_steps": 1,
        },
        Checkpointer(folder, {"model": net, "counter": counter}) if folder else None,
    )
    if die_at is not None:
        brain.on_fit_batch_end = die_at
    brain.fit(
        counter,
        Numbers(24),
        Numbers(n_valid),
        train_loader_kwargs={"batch_size": 2},
        valid_loader_kwargs={"batch_size": 2},
    )
    return brain


if __name__ == "__main__":
    import os
    import signal
    from pathlib import Path

    target, mode, accumulation, marker = sys.argv[1:5]

    def die_once(batch, outputs, loss, should_step):
        """The second process kills itself in the middle of an epoch, the first time."""
        if os.environ.get("RANK") == "1" and not Path(marker).exists() and batch["id"][0] in ("14", "15", "16", "17"):
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)

    # Five items to validate with are three batches, of which one process gets two; they meet in batch norms.
    uneven = {"norm": True, "n_valid": 5} if mode == "uneven" else {"mode": mode}
    trained = main(
        target + "/save", 4, accumulation=int(accumulation), die_at=die_once if marker != "-" else None, **uneven
    )
    state = trained.modules.model.state_dict()
    full = {
        name.removeprefix("module."): getattr(value, "full_tensor", lambda v=value: v)()
        for name, value in state.items()
    }
    if int(os.environ.get("RANK", "0")) == 0:
        torch.save({"model": full, "valid": torch.tensor(trained.valid_loss)}, target + "/final.pt")
