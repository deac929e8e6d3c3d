"""Learning rates that rise for some steps, and then fall with a power of the step.

Called at each step with the optimiser, they set the learning rate of all its groups. The
rise and fall of "Noam" is that of Vaswani et al., "Attention is all you need", NeurIPS
2017, section 5.3: proportional to the step, then to the inverse square root of the step.
"""

import math
from collections.abc import Sequence

from torch.optim import Optimizer

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.training.schedules.resumable import Schedule, set_learning_rate

__all__ = [
    "InverseSquareRootScheduler",
    "LinearNoamScheduler",
    "LinearWarmupScheduler",
    "NoamIntervalScheduler",
    "NoamScheduler",
]


class _Counting(Schedule):
    """A learning rate that is a function of how many steps were taken."""

    _state = ("n_steps",)

    def __init__(self, lr_initial: float) -> None:
        self.lr_initial = lr_initial
        self.n_steps = 0

    def __call__(self, opt: Optimizer) -> tuple[float, float]:
        """Take a step: the learning rate that `opt` had, and the one it has now."""
        self.n_steps += 1
        return set_learning_rate(opt, self.current_lr), self.current_lr

    @property
    def current_lr(self) -> float:
        """The learning rate of the last step; `lr_initial` before the first."""
        return self._rate(self.n_steps) if self.n_steps else self.lr_initial

    def _rate(self, step: int) -> float:
        raise NotImplementedError


class NoamScheduler(_Counting):
    """A learning rate that rises in `n_warmup_steps` to `lr_initial`, and falls with the root of the step.

    Args:
        lr_initial: the greatest learning rate; with `model_size` a factor.
        n_warmup_steps: steps until it is reached.
        model_size: width of the model; the rate is divided by its root, as in the paper, instead of
            being scaled to `lr_initial`.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = NoamScheduler(lr_initial=1.0, n_warmup_steps=4)
    >>> [round(scheduler(optimizer)[1], 3) for _ in range(6)]
    [0.25, 0.5, 0.75, 1.0, 0.894, 0.816]
    """

    def __init__(self, lr_initial: float, n_warmup_steps: int, model_size: int | None = None) -> None:
        super().__init__(lr_initial)
        check_positive("n_warmup_steps", n_warmup_steps)
        self.n_warmup_steps = n_warmup_steps
        self.normalize = n_warmup_steps**0.5 if model_size is None else model_size**-0.5

    def _rate(self, step: int) -> float:
        return self.lr_initial * self.normalize * min(step**-0.5, step * self.n_warmup_steps**-1.5)


class NoamIntervalScheduler(NoamScheduler):
    """`NoamScheduler`, multiplied by a further factor after each of some steps.

    Args:
        lr_initial: see `NoamScheduler`.
        n_warmup_steps: see `NoamScheduler`.
        anneal_steps: steps after which the learning rate is multiplied.
        anneal_rates: by what, as many.
        model_size: see `NoamScheduler`.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = NoamIntervalScheduler(1.0, n_warmup_steps=2, anneal_steps=[3], anneal_rates=[0.1])
    >>> [round(scheduler(optimizer)[1], 4) for _ in range(4)]
    [0.5, 1.0, 0.8165, 0.0707]
    """

    def __init__(
        self,
        lr_initial: float,
        n_warmup_steps: int,
        anneal_steps: Sequence[int],
        anneal_rates: Sequence[float],
        model_size: int | None = None,
    ) -> None:
        super().__init__(lr_initial, n_warmup_steps, model_size)
        if len(anneal_steps) != len(anneal_rates):
            raise ArgumentError(
                f"anneal_rates must be as many as anneal_steps, {len(anneal_steps)}, got {len(anneal_rates)}"
            )
        self.anneal_steps = list(anneal_steps)
        self.anneal_rates = list(anneal_rates)

    def _rate(self, step: int) -> float:
        rates = zip(self.anneal_steps, self.anneal_rates, strict=True)
        return super()._rate(step) * math.prod(rate for after, rate in rates if step > after)


class LinearNoamScheduler(_Counting):
    """A learning rate that rises in `n_warmup_steps`, stays for `n_keep_steps`, and falls with the inverse step.

    Args:
        lr_initial: the greatest learning rate.
        n_warmup_steps: steps until it is reached.
        n_keep_steps: steps for which it stays.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = LinearNoamScheduler(1.0, n_warmup_steps=2, n_keep_steps=2)
    >>> [round(scheduler(optimizer)[1], 3) for _ in range(6)]
    [0.5, 1.0, 1.0, 1.0, 0.667, 0.5]
    """

    def __init__(self, lr_initial: float, n_warmup_steps: int, n_keep_steps: int) -> None:
        super().__init__(lr_initial)
        check_positive("n_warmup_steps", n_warmup_steps)
        self.n_warmup_steps = n_warmup_steps
        self.n_keep_steps = n_keep_steps

    def _rate(self, step: int) -> float:
        rise = step / self.n_warmup_steps
        fall = self.n_warmup_steps / max(step - self.n_keep_steps, self.n_warmup_steps)
        return self.lr_initial * min(rise, fall)


class InverseSquareRootScheduler(_Counting):
    """One over the root of the step, and during the warm-up one over the root of `warmup_steps`.

    Args:
        warmup_steps: steps for which the learning rate stays.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = InverseSquareRootScheduler(warmup_steps=4)
    >>> [round(scheduler(optimizer)[1], 3) for _ in range(5)]
    [0.5, 0.5, 0.5, 0.5, 0.447]
    """

    def __init__(self, warmup_steps: int) -> None:
        check_positive("warmup_steps", warmup_steps)
        super().__init__(lr_initial=1.0 / math.sqrt(warmup_steps))
        self.warmup_steps = warmup_steps

    def _rate(self, step: int) -> float:
        return 1.0 / math.sqrt(max(self.warmup_steps, step))


class LinearWarmupScheduler(_Counting):
    """A learning rate that rises straight to `initial_value`, then falls straight to 0, and stays there.

    Args:
        initial_value: the greatest learning rate.
        num_warmup_steps: steps until it is reached.
        num_training_steps: steps until it is 0 again.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = LinearWarmupScheduler(1.0, num_warmup_steps=2, num_training_steps=4)
    >>> [scheduler(optimizer)[1] for _ in range(5)]
    [0.5, 1.0, 0.5, 0.0, 0.0]
    """

    _state = ("current_step",)

    def __init__(self, initial_value: float, num_warmup_steps: int, num_training_steps: int) -> None:
        super().__init__(initial_value)
        self.num_warmup_steps = num_warmup_steps
        self.num_training_steps = num_training_steps

    @property
    def current_step(self) -> int:
        """How many steps were taken."""
        return self.n_steps

    @current_step.setter
    def current_step(self, step: int) -> None:
        self.n_steps = step

    def calculate_lr(self, current_step: int) -> float:
        """The learning rate of a step, counted from 1."""
        if current_step < self.num_warmup_steps:
            return current_step / self.num_warmup_steps * self.lr_initial
        fall = max(self.num_training_steps - self.num_warmup_steps, 1)
        return self.lr_initial * max(0.0, (self.num_training_steps - current_step) / fall)

    def _rate(self, step: int) -> float:
        return self.calculate_lr(step)
