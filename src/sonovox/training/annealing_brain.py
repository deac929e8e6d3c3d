"""The end of a stage as most recipes have it: anneal the learning rates, log, keep the best checkpoint."""

import io
from pathlib import Path
from typing import Any

from sonovox._internal.files import write_text
from sonovox.training.brain import Brain
from sonovox.training.distributed import is_main_process
from sonovox.training.schedules import update_learning_rate
from sonovox.training.stage import Stage

__all__ = ["AnnealingBrain"]


class AnnealingBrain(Brain):
    """A Brain whose validation anneals every learning rate, and whose best checkpoint is kept; override `stage_stats`.

    Beside what a Brain needs, `hparams` has `train_logger`, `epoch_counter`, `output_folder`, and

    - `lr_annealing`, a schedule that takes the loss of the validation; where there are several optimisers, one for
      each: `lr_annealing_model` for the optimiser that is `"model"` in `optimizers_dict`;
    - `min_key` (or `max_key`): which value of a validation, "loss" or one of `stage_stats`, chooses the checkpoint.

    Attributes:
        train_stats: of the last epoch, "loss".
        test_stats: of the test, "loss" and those of `stage_stats`.

    >>> import pathlib, tempfile, torch
    >>> from sonovox.training import Checkpointer, EpochCounter, FileTrainLogger, NewBobScheduler
    >>> class Line(AnnealingBrain):
    ...     def compute_forward(self, batch, stage):
    ...         return self.modules.model(batch[0])
    ...
    ...     def compute_objectives(self, predictions, batch, stage):
    ...         return torch.nn.functional.mse_loss(predictions, 2 * batch[0])
    >>> folder, epochs = tempfile.mkdtemp(), EpochCounter(3)
    >>> hparams = {
    ...     "output_folder": folder,
    ...     "train_logger": FileTrainLogger(f"{folder}/train_log.txt"),
    ...     "epoch_counter": epochs,
    ...     "lr_annealing": NewBobScheduler(0.1),
    ...     "min_key": "loss",
    ...     "noprogressbar": True,
    ... }
    >>> line = Line(
    ...     {"model": torch.nn.Linear(1, 1)},
    ...     lambda weights: torch.optim.SGD(weights, 0.1),
    ...     hparams,
    ...     checkpointer=Checkpointer(f"{folder}/save"),
    ... )
    >>> data = [[torch.ones(4, 1)], [-torch.ones(4, 1)]]
    >>> line.fit(epochs, data, data, train_loader_kwargs={"batch_size": None}, valid_loader_kwargs={"batch_size": None})
    >>> len(pathlib.Path(folder, "train_log.txt").read_text().splitlines())
    3
    """

    def stage_stats(self, stage: Stage) -> dict[str, float]:
        """What a validation or a test found beside its loss, by the names of the log; to be overridden."""
        return {}

    def on_stage_end(self, stage: Stage, stage_loss: float, epoch: int | None = None) -> None:
        if stage is Stage.TRAIN:
            self.train_stats = {"loss": stage_loss}
            return
        stats = {"loss": stage_loss, **self.stage_stats(stage)}
        log = self.hparams.train_logger.log_stats
        if stage is Stage.TEST:
            log({"tested epoch": self.hparams.epoch_counter.current}, test_stats=stats)
            self.test_stats = stats
            return
        log({"epoch": epoch, **self.anneal(stage_loss)}, self.train_stats, stats)
        if self.checkpointer is None:
            return
        # The names under which the test will look for the best one.
        keys = {name: key for name in ("min_key", "max_key") if (key := getattr(self.hparams, name, None))}
        self.checkpointer.save_and_keep_only(
            meta={**{key: stats[key] for key in keys.values()}, "epoch": epoch},
            **{f"{name}s": [key] for name, key in keys.items()},
        )

    def anneal(self, loss: float) -> dict[str, float]:
        """Set the learning rates of the next epoch; those of the one that ended, by their names in the log."""
        rates = {}
        for name, optimizer in self.optimizers_dict.items():
            part = "" if name == "opt_class" else f"_{name}"
            rates[f"lr{part}"], new_rate = getattr(self.hparams, f"lr_annealing{part}")(loss)
            update_learning_rate(optimizer, new_rate)
        return rates

    def write_stats(self, metric: Any, name: str) -> None:
        """What a metric says of each item, into the file `name` of the folder of results."""
        if is_main_process():
            text = io.StringIO()
            metric.write_stats(text)
            write_text(Path(self.hparams.output_folder) / name, text.getvalue())
