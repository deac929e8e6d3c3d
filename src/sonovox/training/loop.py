"""The loop of training: epochs, batches, validation, and going on where a run has stopped."""

import itertools
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from sonovox._internal.errors import TrainingError
from sonovox.training import distributed
from sonovox.training.brain_state import register
from sonovox.training.epochs import EpochCounter
from sonovox.training.interrupts import Interrupts
from sonovox.training.loggers import FileTrainLogger
from sonovox.training.profiling import profiler
from sonovox.training.progress import StageProgress
from sonovox.training.saving import SavePlan
from sonovox.training.stage import Stage
from sonovox.training.watching import audio_seconds, gather_metrics, show_examples

if TYPE_CHECKING:
    from sonovox.training.brain import Brain

__all__ = ["TrainingLoop", "evaluate_stage"]

logger = logging.getLogger(__name__)


class TrainingLoop:
    """One call of `Brain.fit`.

    Args:
        brain: to train.
        train: loader of training.
        valid: loader of validation, or None.
        quiet: no progress.
    """

    def __init__(self, brain: "Brain", train: Any, valid: Any, *, quiet: bool) -> None:
        self.brain, self.train, self.valid = brain, train, valid
        self.quiet = quiet or not distributed.is_main_process()
        self.resumed: Any = None  # the checkpoint inside an epoch from which this run goes on
        self.ended_epoch: int | None = None  # the last one that a run before this one has ended

    def run(self, epoch_counter: Iterable[int]) -> None:
        """All epochs that are left."""
        brain, self.counter = self.brain, epoch_counter
        self._prepare()
        with Interrupts(brain.grace_s) as interrupts, SavePlan(brain, interrupts) as self.plan:
            for epoch in self._epochs(epoch_counter):
                brain.epoch = epoch
                for loader in (self.train, self.valid):
                    if hasattr(loader, "set_epoch"):
                        loader.set_epoch(epoch)
                if not (self.resumed is not None and brain.train_is_done):
                    self._train(epoch)
                self.resumed = None
                self._validate(epoch)
                if brain._has_reached_limit():
                    break
        brain.has_fitted = True

    def _prepare(self) -> None:
        brain = self.brain
        brain.modules.to(brain.device)
        given = set(vars(brain))
        brain.on_fit_start()
        if not brain.optimizers_dict:
            # A subclass that makes its own keeps them as attributes.
            brain.optimizers_dict = {
                name: value for name, value in vars(brain).items() if isinstance(value, torch.optim.Optimizer)
            }
        if brain.checkpointer is None:
            return
        register(brain, self.train, given)
        if brain.has_fitted:
            return  # what is in memory is newer than any checkpoint
        found = brain.checkpointer.recover_if_possible()
        if found is None:
            return
        if found.meta.get("end-of-epoch", True):
            brain.step, brain.avg_train_loss, brain.train_is_done = 0, 0.0, False
            self.ended_epoch = brain.epoch
        else:
            self.resumed = found
            self.ended_epoch = brain.epoch - 1
        logger.info("going on from %s: epoch %d, batch %d", found.path, brain.epoch, brain.step)
        brain.run_log.write("resumed", path=str(found.path), epoch=brain.epoch, step=brain.step)

    def _epochs(self, counter: Iterable[int]) -> Iterator[int]:
        """The epochs that are still to do; an EpochCounter was set by the checkpoint, a range was not."""
        ended = self.ended_epoch
        epochs: Iterable[int] = counter
        if ended is not None:
            epochs = (epoch for epoch in counter if epoch > ended)
        if self.brain.debug:
            epochs = itertools.islice(epochs, self.brain.debug_epochs)
        return iter(epochs)

    def _train(self, epoch: int) -> None:
        brain = self.brain
        brain.modules.train()
        if self.resumed is None:
            brain.step, brain.avg_train_loss, brain.train_is_done = 0, 0.0, False
        brain.on_stage_start(Stage.TRAIN, epoch)
        if self.resumed is not None and brain.checkpointer is not None:
            # Once more: the hook may have made metrics, drawn random numbers, changed learning rates.
            brain.checkpointer.load_checkpoint(self.resumed)
            if isinstance(self.counter, EpochCounter):
                self.counter.current = epoch  # which loading has set back to before this epoch
        total = _limited(_length(self.train), brain)
        brain._begin_training_stage(total)
        trace = Path(getattr(brain.hparams, "output_folder", ".")) / "profile.json"
        data = _descriptions(self.train)
        with (
            StageProgress(
                Stage.TRAIN, epoch, total=total, done=brain.step, quiet=self.quiet, device=brain.device
            ) as progress,
            profiler(
                trace, warmup=brain.profile_warmup, steps=brain.profile_steps, enabled=brain.profile_training
            ) as trace_step,
        ):
            for batch in _batches(self.train, _limited(None, brain), done=brain.step):
                brain.step += 1
                brain.batch = batch
                loss = brain.fit_batch(batch)
                brain.avg_train_loss = brain.update_average(loss, brain.avg_train_loss)
                progress.advance(brain.avg_train_loss, seconds=audio_seconds(batch, data), rates=brain.learning_rates)
                trace_step()
                if brain.accumulation.ends(brain.step):
                    self.plan.after_step()
                if brain._has_reached_limit():
                    break
            brain._finish_group()
        if brain.step == 0:
            raise TrainingError(
                "there was no batch to train on", hint="look at the training set, its filters and drop_last"
            )
        brain.train_is_done = True
        gather_metrics(brain)
        mean = distributed.mean_over_processes(brain.avg_train_loss * brain.step, brain.step)
        brain.run_log.write("epoch", stage="train", epoch=epoch, loss=mean, rates=brain.learning_rates())
        self.plan.before_stage_end()
        brain.on_stage_end(Stage.TRAIN, mean, epoch)

    def _validate(self, epoch: int) -> None:
        self.plan.before_validation()
        valid_loss = None
        if self.valid is not None:
            between = self.plan.inside_validation
            valid_loss = evaluate_stage(self.brain, self.valid, Stage.VALID, epoch, quiet=self.quiet, between=between)
        self._log(epoch, valid_loss)
        self.plan.end_of_epoch()

    def _log(self, epoch: int, valid_loss: float | None) -> None:
        """Keep the losses of an epoch where the researcher has no logger that would."""
        folder = self.brain.run_log.path and self.brain.run_log.path.parent
        if folder is None or hasattr(self.brain.hparams, "train_logger"):
            return
        meta = {"epoch": epoch, **({"lr": rates[0]} if (rates := self.brain.learning_rates()) else {})}
        valid = None if valid_loss is None else {"loss": valid_loss}
        FileTrainLogger(folder / "train_log.txt").log_stats(meta, {"loss": self.brain.avg_train_loss}, valid)


@torch.no_grad()
def evaluate_stage(
    brain: "Brain", loader: Any, stage: Stage, epoch: int | None, *, quiet: bool, between: Any = None
) -> float:
    """The mean loss of a Brain over a loader, with its hooks called.

    Args:
        brain: in evaluation mode from here on.
        loader: of batches.
        stage: validation or test.
        epoch: None in a test.
        quiet: no progress.
        between: called once for each batch, of which a process may get fewer than others.
    """
    brain.modules.eval()
    distributed.share_buffers(brain.modules.values())
    brain.on_stage_start(stage, epoch)
    total = _limited(_length(loader), brain)
    data = _descriptions(loader)
    sum_of_losses, count = 0.0, 0
    with StageProgress(stage, epoch, total=total, quiet=quiet, device=brain.device) as progress:
        for batch in _batches(loader, _limited(None, brain)):
            sum_of_losses += float(brain.evaluate_batch(batch, stage))
            count += 1
            progress.advance(sum_of_losses / count, seconds=audio_seconds(batch, data))
            if between is not None:
                between()
        # Processes meet in `between`: one whose last batches had no items for it owes the others its part.
        for _ in range(count, total or 0):
            if between is not None:
                between()
    loss = distributed.mean_over_processes(sum_of_losses, count)
    gather_metrics(brain)
    examples = show_examples(brain)
    brain.run_log.write("epoch", stage=stage.name.lower(), epoch=epoch, loss=loss, examples=examples)
    brain.on_stage_end(stage, loss, epoch)
    return loss


def _batches(loader: Any, limit: int | None, *, done: int = 0) -> Iterator[Any]:
    """The batches that are left, up to `limit` in all; what a run has done that this one continues is passed over."""
    goes_on_by_itself = hasattr(loader, "load_state_dict")
    batches = iter(loader) if goes_on_by_itself else itertools.islice(loader, done, None)
    # Without a limit the loader runs to its end, and knows it.
    return batches if limit is None else itertools.islice(batches, max(0, limit - done))


def _length(loader: Any) -> int | None:
    try:
        return len(loader)
    except TypeError:  # an iterable of unknown length
        return None


def _limited(total: int | None, brain: "Brain") -> int | None:
    limits = [total] if total is not None else []
    limits += [brain.debug_batches] if brain.debug else []
    limits += [brain.overfit_batches] if brain.overfit_batches else []
    return min(limits, default=None)


def _descriptions(loader: Any) -> Any:
    return getattr(getattr(loader, "dataset", None), "data", None)
