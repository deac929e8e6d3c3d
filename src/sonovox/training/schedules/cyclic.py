"""Learning rates that rise and fall again and again."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from torch.optim import Optimizer

from sonovox._internal.checks import check_choice, check_positive
from sonovox.training.schedules.resumable import Schedule, set_learning_rate

__all__ = ["CyclicCosineScheduler", "CyclicLRScheduler"]


class CyclicCosineScheduler(Schedule):
    """A learning rate on a cosine: greatest at step `n_warmup_steps`, 0 after `total_steps` more, and up again.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR
    2017, without the restarts: the learning rate comes back on the same curve.

    Args:
        n_warmup_steps: step of the greatest learning rate.
        lr_initial: the greatest learning rate; that of the optimiser at the first step when None.
        total_steps: half of the period.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = CyclicCosineScheduler(n_warmup_steps=2, lr_initial=1.0, total_steps=4)
    >>> [round(scheduler(optimizer)[1], 3) for _ in range(7)]
    [0.854, 1.0, 0.854, 0.5, 0.146, 0.0, 0.146]
    """

    _state = ("n_steps", "initial_lr")

    def __init__(self, n_warmup_steps: int, lr_initial: float | None = None, total_steps: int = 100000) -> None:
        check_positive("total_steps", total_steps)
        self.n_warmup_steps = n_warmup_steps
        self.initial_lr = lr_initial
        self.total = total_steps
        self.n_steps = 0

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict({"initial_lr": self.initial_lr, **state})  # SpeechBrain's files have no initial_lr

    def __call__(self, opt: Optimizer) -> tuple[float, float]:
        """Take a step: the greatest learning rate, and the one that `opt` has now."""
        self.n_steps += 1
        if self.initial_lr is None:
            self.initial_lr = float(opt.param_groups[0]["lr"])
        phase = math.pi * (self.n_steps - self.n_warmup_steps) / self.total
        new_lr = self.initial_lr * 0.5 * (math.cos(phase) + 1.0)
        set_learning_rate(opt, new_lr)
        return self.initial_lr, new_lr


class CyclicLRScheduler(Schedule):
    """A learning rate that rises and falls straight between two values.

    Smith, "Cyclical learning rates for training neural networks", WACV 2017.

    Args:
        base_lr: the least learning rate.
        max_lr: the greatest.
        step_size: steps of a rise, and of a fall; the paper takes 2 to 8 epochs.
        mode: `"triangular"`; `"triangular2"`, where each cycle rises half as high as the one before;
            `"exp_range"`, where step n rises by `gamma**n`.
        gamma: of `"exp_range"`.
        scale_fn: a factor of the rise of your own, of the cycle or of the step; then `mode` does not count.
        scale_mode: what `scale_fn` is a function of, `"cycle"` (counted from 1) or `"iterations"`.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = CyclicLRScheduler(base_lr=0.1, max_lr=0.3, step_size=2, mode="triangular2")
    >>> for _ in range(7):
    ...     scheduler.on_batch_end(optimizer)
    ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
    0.2 0.3 0.2 0.1 0.15 0.2 0.15
    """

    _state = ("clr_iterations",)

    def __init__(
        self,
        base_lr: float = 0.001,
        max_lr: float = 0.006,
        step_size: float = 2000.0,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
    ) -> None:
        check_choice("mode", mode, ["exp_range", "triangular", "triangular2"])
        check_choice("scale_mode", scale_mode, ["cycle", "iterations"])
        check_positive("step_size", step_size)
        self.base_lr = base_lr
        self.max_lr = max_lr
        self.step_size = step_size
        self.mode = mode
        self.gamma = gamma
        self.scale_fn = scale_fn
        self.scale_mode = scale_mode
        self.clr_iterations = 0.0

    def __call__(self, epoch: int) -> tuple[float, float]:
        """The learning rate of the last step and that of the next one, whatever the epoch."""
        return self.clr(self.clr_iterations), self.clr(self.clr_iterations + 1)

    def clr(self, clr_iterations: float) -> float:
        """The learning rate of a step, counted from 1."""
        cycle = math.floor(1 + clr_iterations / (2 * self.step_size))
        height = max(0.0, 1.0 - abs(clr_iterations / self.step_size - 2 * cycle + 1))
        return self.base_lr + (self.max_lr - self.base_lr) * height * self._scale(cycle, clr_iterations)

    def on_batch_end(self, opt: Optimizer) -> None:
        """Take a step: set the learning rate of `opt`."""
        self.clr_iterations += 1
        set_learning_rate(opt, self.clr(self.clr_iterations))

    def _scale(self, cycle: int, step: float) -> float:
        if self.scale_fn is not None:
            return self.scale_fn(cycle if self.scale_mode == "cycle" else step)
        if self.mode == "triangular2":
            return 0.5 ** (cycle - 1)
        return self.gamma**step if self.mode == "exp_range" else 1.0
