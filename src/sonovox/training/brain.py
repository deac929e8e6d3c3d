"""The Brain: a training loop to which a researcher adds what is particular.

A subclass says how predictions and losses are computed; everything between, from
accumulating gradients to continuing after a kill, is here. The hooks that a subclass
may override come first, the loop after them.
"""

import contextlib
import logging
import math
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from sonovox._internal.checks import check_choice, did_you_mean
from sonovox._internal.errors import ArgumentError
from sonovox._internal.processes import is_distributed
from sonovox.data import LoopedLoader, make_dataloader
from sonovox.training import distributed
from sonovox.training.accumulation import Accumulation
from sonovox.training.checkpoints import Checkpointer
from sonovox.training.compiling import compile_or_fall_back
from sonovox.training.loop import TrainingLoop, evaluate_stage
from sonovox.training.nonfinite import NonFiniteGuard
from sonovox.training.optimisation import gradient_norm, parameter_groups
from sonovox.training.options import RunOptions, resolve_options
from sonovox.training.precision import Precision
from sonovox.training.run_log import RunLog
from sonovox.training.stage import Stage
from sonovox.training.watching import batch_ids

__all__ = ["Brain"]

logger = logging.getLogger(__name__)


class Brain:
    """Fits modules to data. Override `compute_forward` and `compute_objectives`, and any hook.

    Args:
        modules: by name; they move to the device, and their parameters go to the optimiser. They are found as
            `self.modules.name`.
        opt_class: takes parameters and returns an optimiser, such as `lambda p: torch.optim.Adam(p, lr=1e-3)`.
        hparams: values by name, found as `self.hparams.name`.
        run_opts: options of the run (`RunOptions`), which go before those of the same name in `hparams`. They are
            attributes of the Brain too: `self.device`, `self.precision`, `self.grad_accumulation_factor`.
        checkpointer: saves and restores; all that training needs to go on exactly is added to it.

    Attributes:
        step: batches of this epoch, counting the one at work.
        optimizer_step: steps of the optimisers since the beginning, with those left out as not finite.
        optimizers_dict: optimisers by name.
        avg_train_loss: running average of the losses of this epoch.

    >>> class Line(Brain):
    ...     def compute_forward(self, batch, stage):
    ...         return self.modules.model(batch[0])
    ...
    ...     def compute_objectives(self, predictions, batch, stage):
    ...         return torch.nn.functional.mse_loss(predictions, 2 * batch[0])
    >>> model = torch.nn.Linear(1, 1)
    >>> line = Line({"model": model}, lambda p: torch.optim.SGD(p, 0.1), run_opts={"noprogressbar": True})
    >>> line.fit(range(20), [[torch.ones(4, 1)], [-torch.ones(4, 1)]], train_loader_kwargs={"batch_size": None})
    >>> line.avg_train_loss < 0.01
    True
    """

    device: torch.device
    optimizer: Optimizer

    def __init__(
        self,
        modules: Mapping[str, nn.Module] | None = None,
        opt_class: Any = None,
        hparams: Mapping[str, Any] | None = None,
        run_opts: RunOptions | Mapping[str, Any] | None = None,
        checkpointer: Any = None,
    ) -> None:
        for name, module in (modules or {}).items():
            if not isinstance(module, nn.Module):
                raise ArgumentError(
                    f"modules[{name!r}] must be a torch.nn.Module, got {type(module).__name__}",
                    hint="what is no module belongs into hparams",
                )
        self.options = resolve_options(hparams or {}, run_opts)
        self.device = distributed.default_device(self.options.device)
        self.opt_class = opt_class
        self.hparams = SimpleNamespace(**(hparams or {}))
        self.checkpointer = checkpointer
        if checkpointer is not None and self.options.debug and not self.options.debug_persistently:
            # A look at a few batches must not replace what days have trained.
            scratch = tempfile.mkdtemp(prefix="sonovox-debug-")
            weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True)
            self.checkpointer = Checkpointer(scratch, checkpointer.recoverables)
        self.modules = nn.ModuleDict(dict(modules or {})).to(self.device)
        folder = getattr(self.hparams, "output_folder", None)
        self.run_log = RunLog(Path(folder) / "log.jsonl" if folder and distributed.is_main_process() else None)
        self.optimizers_dict: dict[str, Optimizer] = {}
        self.epoch = self.step = self.optimizer_step = 0
        self.avg_train_loss = 0.0
        self.train_is_done = False  # of this epoch: only its validation is left
        self.has_fitted = False
        self.batch: Any = None
        self.accumulation = Accumulation(self.options.grad_accumulation_factor)
        self._precisions = {
            name: Precision(self.options[name], self.device) for name in ("precision", "eval_precision")
        }
        self.scaler = self._precisions["precision"].scaler()
        self.guard = NonFiniteGuard([], self.options.nonfinite_patience)
        self._bad_ids: list[str] | None = None  # items of a non-finite loss in this group of batches
        self._parameters: list[Tensor] = []  # that learn in this epoch

    def __getattr__(self, name: str) -> Any:
        options = vars(self).get("options")
        if options is not None and name in options:
            return getattr(options, name)
        hint = did_you_mean(name, [*vars(self), *(options or ())])
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}" + (f"; {hint}" if hint else ""))

    # What a subclass says.

    def compute_forward(self, batch: Any, stage: Stage) -> Any:
        """Predictions for a batch; to be overridden."""
        raise NotImplementedError("override compute_forward(self, batch, stage) in your Brain")

    def compute_objectives(self, predictions: Any, batch: Any, stage: Stage) -> Tensor:
        """The loss of predictions, a scalar tensor; to be overridden. Metrics are filled here too."""
        raise NotImplementedError("override compute_objectives(self, predictions, batch, stage) in your Brain")

    def on_stage_start(self, stage: Stage, epoch: int | None = None) -> None:
        """Called before a stage, with the epoch in training and validation: make metrics here."""

    def on_stage_end(self, stage: Stage, stage_loss: float, epoch: int | None = None) -> None:
        """Called after a stage with its mean loss: anneal, log and save here."""

    def on_fit_start(self) -> None:
        """Called by `fit` before the first epoch: compiles, parallelises, makes optimisers."""
        self._compile()
        self._parallelise()
        self.init_optimizers()

    def on_evaluate_start(self, max_key: str | None = None, min_key: str | None = None) -> None:
        """Called by `evaluate`: loads the checkpoint with the highest `max_key` or lowest `min_key`, or the newest."""
        if self.checkpointer is not None:
            self.checkpointer.wait()
            self.checkpointer.recover_if_possible(max_key=max_key, min_key=min_key)

    def on_fit_batch_start(self, batch: Any, should_step: bool) -> None:
        """Called before each batch of training; `should_step` is true where the optimisers will step."""

    def on_fit_batch_end(self, batch: Any, outputs: Any, loss: Tensor, should_step: bool) -> None:
        """Called after each batch of training: step schedules by batch here."""

    def init_optimizers(self) -> None:
        """Make the optimisers; override it for several, and keep each as an attribute."""
        if self.opt_class is not None:
            parameters = parameter_groups(self.modules, without_decay_of_vectors=self.remove_vector_weight_decay)
            self.optimizer = self.opt_class(parameters)
            self.optimizers_dict = {"opt_class": self.optimizer}

    def freeze_optimizers(self, optimizers: dict[str, Optimizer]) -> dict[str, Optimizer]:
        """Those of the optimisers that shall step now; override it to leave some out for a while."""
        return optimizers

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all optimisers."""
        for optimizer in self.optimizers_dict.values():
            optimizer.zero_grad(set_to_none=set_to_none)

    def make_dataloader(
        self, dataset: Any, stage: Stage, ckpt_prefix: str = "dataloader-", **loader_kwargs: Any
    ) -> Iterable[Any]:
        """The loader of a stage; what is a loader already stays as it is."""
        if isinstance(dataset, (DataLoader, LoopedLoader)):
            return dataset
        if "seed" not in loader_kwargs and hasattr(self.hparams, "seed"):
            loader_kwargs["seed"] = int(self.hparams.seed)
        return make_dataloader(dataset, repeat=stage is Stage.TRAIN, **loader_kwargs)

    # One batch.

    def fit_batch(self, batch: Any) -> Tensor:
        """Learn from a batch; return its loss, detached. Gradients of a group of batches are averaged before a step."""
        should_step, group = self.accumulation.ends(self.step), self.accumulation.size(self.step)
        self.on_fit_batch_start(batch, should_step)
        with self.no_sync(not should_step):
            with self.training_ctx():
                outputs = self.compute_forward(batch, Stage.TRAIN)
                loss = self.compute_objectives(outputs, batch, Stage.TRAIN)
            # Processes in step must meet in the backward pass, whatever the loss of one of them is.
            if self.check_loss_isfinite(loss) or is_distributed():
                self.scaler.scale(loss / group).backward()
        if should_step:
            self.optimizers_step()
        self.on_fit_batch_end(batch, outputs, loss, should_step)
        return loss.detach()

    def evaluate_batch(self, batch: Any, stage: Stage) -> Tensor:
        """The loss of a batch in validation or a test, without gradients."""
        with self.evaluation_ctx():
            return self.compute_objectives(self.compute_forward(batch, stage), batch, stage).detach()

    def training_ctx(self) -> contextlib.AbstractContextManager[Any]:
        """Where forward passes of training are computed: in their number format."""
        return self._precisions["precision"].context()

    def evaluation_ctx(self) -> contextlib.AbstractContextManager[Any]:
        """Where forward passes of validation and tests are computed."""
        return self._precisions["eval_precision"].context()

    def check_loss_isfinite(self, loss: Tensor) -> bool:
        """True when the loss is finite; otherwise the step of its group of batches will not be taken."""
        if math.isfinite(loss.item()):
            return True
        self._bad_ids = (self._bad_ids or []) + batch_ids(self.batch)
        return False

    def check_gradients(self, loss: Tensor | None = None) -> bool:
        """Clip the gradients of all parameters together; True when the step may be taken.

        Args:
            loss: checked too, where the step does not come from `fit_batch` of this class.

        Raises:
            NonFiniteTrainingError: `nonfinite_patience` steps in a row were not finite.
        """
        if loss is not None:
            self.check_loss_isfinite(loss)
        self.optimizer_step += 1
        norm = gradient_norm(self._parameters, clip_to=self.max_grad_norm)
        bad, self._bad_ids = self._bad_ids, None
        if bad is None and math.isfinite(norm):
            self.guard.good_step()
            return True
        if bad is None and self.scaler.is_enabled() and self.scaler.get_scale() > 1.0:
            return False  # fp16 overflowed: the scaler lowers its scale
        ids = batch_ids(self.batch) if bad is None else bad
        self.run_log.write("step left out", epoch=self.epoch, step=self.step, items=ids)
        self.guard.bad_step("gradient" if bad is None else "loss", ids)
        return False

    def optimizers_step(self) -> None:
        """Step the optimisers with the gradients that have come together, and clear these."""
        optimizers = self.freeze_optimizers(self.optimizers_dict)
        if self.scaler.is_enabled():
            for optimizer in optimizers.values():
                self.scaler.unscale_(optimizer)
        if self.check_gradients():
            for optimizer in optimizers.values():
                self.scaler.step(optimizer)
        if self.scaler.is_enabled():
            self.scaler.update()
        self.zero_grad(set_to_none=True)

    def no_sync(self, use: bool = True) -> contextlib.AbstractContextManager[Any]:
        """Inside it, processes do not exchange gradients; for batches that do not end a group."""
        replicated = [each for each in self.modules.values() if isinstance(each, distributed.Replicated)]
        if not (use and replicated):
            return contextlib.nullcontext()
        stack = contextlib.ExitStack()
        for module in replicated:
            stack.enter_context(module.no_sync())
        return stack

    # The loop.

    def fit(
        self,
        epoch_counter: Iterable[int],
        train_set: Any,
        valid_set: Any = None,
        progressbar: bool | None = None,
        train_loader_kwargs: Mapping[str, Any] | None = None,
        valid_loader_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Train for some epochs, going on from the newest checkpoint where there is one.

        Args:
            epoch_counter: numbers of epochs, such as an `EpochCounter` or `range(10)`.
            train_set: a dataset or a loader.
            valid_set: likewise; None for no validation.
            progressbar: show progress; by the options when None.
            train_loader_kwargs: for `make_dataloader`.
            valid_loader_kwargs: likewise.

        Raises:
            TrainingInterruptedError: a signal came; the step was finished and the state saved.
            NonFiniteTrainingError: losses or gradients stayed non-finite.
        """
        quiet = self.noprogressbar if progressbar is None else not progressbar
        train_kwargs, valid_kwargs = dict(train_loader_kwargs or {}), dict(valid_loader_kwargs or {})
        if self.overfit_batches:
            train_kwargs |= {"shuffle": False, "sampler": None}
            valid_set, valid_kwargs = train_set, train_kwargs
        self.device = distributed.join_processes(self.distributed_backend, self.device)
        train = self.make_dataloader(train_set, Stage.TRAIN, **train_kwargs)
        valid = None if valid_set is None else self.make_dataloader(valid_set, Stage.VALID, **valid_kwargs)
        TrainingLoop(self, train, valid, quiet=quiet).run(epoch_counter)

    def evaluate(
        self,
        test_set: Any,
        max_key: str | None = None,
        min_key: str | None = None,
        progressbar: bool | None = None,
        test_loader_kwargs: Mapping[str, Any] | None = None,
    ) -> float:
        """The mean loss over a test set, of the best checkpoint.

        Args:
            test_set: a dataset or a loader.
            max_key: take the checkpoint with the highest value of this name.
            min_key: or the one with the lowest.
            progressbar: show progress; by the options when None.
            test_loader_kwargs: for `make_dataloader`.
        """
        quiet = self.noprogressbar if progressbar is None else not progressbar
        self.device = distributed.join_processes(self.distributed_backend, self.device)
        self.modules.to(self.device)
        loader = self.make_dataloader(test_set, Stage.TEST, **(test_loader_kwargs or {}))
        self.on_evaluate_start(max_key=max_key, min_key=min_key)
        self.has_fitted = False  # the weights are those of a checkpoint now
        return evaluate_stage(self, loader, Stage.TEST, None, quiet=quiet)

    def print_trainable_parameters(self) -> None:
        """Log how many parameters there are, and how many of them learn."""
        total = sum(weight.numel() for weight in self.modules.parameters())
        learning = sum(weight.numel() for weight in self.modules.parameters() if weight.requires_grad)
        share = 100 * learning / total if total else 0.0
        logger.info("%s of %s parameters learn (%.1f %%)", f"{learning:,}", f"{total:,}", share)

    def update_average(self, loss: Tensor | float, avg_loss: float) -> float:
        """The running average with one more loss; one that is not finite changes nothing."""
        value = float(loss)
        return avg_loss + (value - avg_loss) / max(1, self.step) if math.isfinite(value) else avg_loss

    def learning_rates(self) -> list[float]:
        """Of all optimisers and their groups."""
        return [group["lr"] for optimizer in self.optimizers_dict.values() for group in optimizer.param_groups]

    # What the loop asks for.

    def _begin_training_stage(self, total: int | None) -> None:
        self._parallelise()  # a hook may have thawed modules
        self.accumulation.begin(total)
        self._parameters = [weight for weight in self.modules.parameters() if weight.requires_grad]
        count, self.guard = self.guard.count, NonFiniteGuard(self.modules.values(), self.nonfinite_patience)
        self.guard.count = count

    def _finish_group(self) -> None:
        """Step with the gradients of a last group whose end nobody could foresee."""
        if left := self.accumulation.left_over(self.step):
            gradients = [weight.grad for weight in self._parameters if weight.grad is not None]
            torch._foreach_mul_(gradients, self.accumulation.size(self.step) / left)
            self.optimizers_step()

    def _has_reached_limit(self) -> bool:
        return self.optimizer_step_limit is not None and self.optimizer_step >= self.optimizer_step_limit

    def _compile(self) -> None:
        if not self.compile:
            return
        for name in self.compile_module_keys or self.modules.keys():
            check_choice("compile_module_keys", name, self.modules.keys())
            compile_or_fall_back(
                self.modules[name],
                name,
                mode=self.compile_mode,
                fullgraph=self.compile_using_fullgraph,
                dynamic=self.compile_using_dynamic_shape_tracing,
            )

    def _parallelise(self) -> None:
        for name, module in self.modules.items():
            self.modules[name] = distributed.parallel(
                module, self.device, mode=self.distributed_mode, find_unused=self.find_unused_parameters
            )
