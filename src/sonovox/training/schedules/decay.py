"""Learning rates that rise for some steps, and then fall exponentially."""

import math

from torch.optim import Optimizer

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.training.schedules.resumable import Schedule, set_learning_rate

__all__ = ["TriStageLRSchedule", "WarmAndExpDecayLRSchedule", "WarmCoolDecayLRSchedule"]


class WarmAndExpDecayLRSchedule(Schedule):
    """A learning rate that rises straight from 0 to `lr`, and falls exponentially, on past `total_steps` too.

    Args:
        lr: the greatest learning rate.
        n_warmup_steps: steps until it is reached.
        total_steps: step at which `decay_factor` of it is left.
        decay_factor: share of `lr`.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = WarmAndExpDecayLRSchedule(lr=1.0, n_warmup_steps=2, total_steps=4, decay_factor=0.01)
    >>> rates = []
    >>> for _ in range(5):
    ...     scheduler(optimizer)
    ...     rates.append(optimizer.param_groups[0]["lr"])
    >>> rates
    [0.0, 0.5, 1.0, 0.1, 0.01]
    """

    _state = ("current_step",)

    def __init__(self, lr: float, n_warmup_steps: int, total_steps: int, decay_factor: float = 0.1) -> None:
        if total_steps <= n_warmup_steps:
            raise ArgumentError(f"total_steps must be above n_warmup_steps = {n_warmup_steps}, got {total_steps}")
        self.base_lr = lr
        self.n_warmup_steps = n_warmup_steps
        self.decay_steps = total_steps - n_warmup_steps
        self.decay_factor = decay_factor
        self.current_step = 0
        self.current_lr = 0.0

    def __call__(self, opt: Optimizer) -> None:
        """Set the learning rate of this step, and count it."""
        beyond = self.current_step - self.n_warmup_steps
        if beyond < 0:
            self.current_lr = self.base_lr * self.current_step / self.n_warmup_steps
        else:
            self.current_lr = self.base_lr * min(1.0, self.decay_factor ** (beyond / self.decay_steps))
        set_learning_rate(opt, self.current_lr)
        self.current_step += 1


class WarmCoolDecayLRSchedule(Schedule):
    """A learning rate that rises straight, falls exponentially, and at last straight to 0.

    Args:
        lr: the greatest learning rate.
        warmup: steps until it is reached.
        cooldown: last steps of `total_steps`, in which it falls to 0.
        total_steps: all of them; from then on the learning rate is 0.
        decay_factor: what it is multiplied by between the two.
        decay_every: in so many steps.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = WarmCoolDecayLRSchedule(1.0, warmup=2, cooldown=2, total_steps=6, decay_factor=0.25, decay_every=2)
    >>> for num_updates in range(1, 8):
    ...     scheduler(optimizer, num_updates)
    ...     print(round(optimizer.param_groups[0]["lr"], 4), end=" ")
    0.5 1.0 0.5 0.25 0.0312 0.0 0.0
    """

    def __init__(
        self,
        lr: float,
        warmup: int,
        cooldown: int,
        total_steps: int,
        decay_factor: float = 0.75,
        decay_every: int = 100000,
    ) -> None:
        check_positive("decay_factor", decay_factor)
        check_positive("decay_every", decay_every)
        self.base_lr = lr
        self.warmup = warmup
        self.cooldown = cooldown
        self.total_steps = total_steps
        self.power = math.log(decay_factor) / decay_every

    def __call__(self, opt: Optimizer, num_updates: int) -> None:
        """Set the learning rate of step `num_updates`, counted from 1."""
        set_learning_rate(opt, self._rate(num_updates))

    def _rate(self, step: int) -> float:
        if step < self.warmup:
            return self.base_lr * step / self.warmup
        cooling_from = self.total_steps - self.cooldown
        if step <= cooling_from:
            return self.base_lr * math.exp(self.power * (step - self.warmup))
        # SpeechBrain starts the cooldown lower by the decay of the warm-up, and so do we. Its
        # learning rate turns negative after the last step; ours does not.
        share = max(0.0, 1.0 - (step - cooling_from) / self.cooldown) if self.cooldown else 0.0
        return self.base_lr * math.exp(self.power * cooling_from) * share


class TriStageLRSchedule(Schedule):
    """A learning rate that rises straight, stays, and falls exponentially.

    Park et al., "SpecAugment: a simple data augmentation method for automatic speech
    recognition", Interspeech 2019, section 3.2.

    Args:
        lr: the greatest learning rate.
        warmup_steps: steps until it is reached.
        hold_steps: steps for which it stays.
        decay_steps: steps in which it falls to `final_lr_scale` of it; it falls on after them.
        total_steps: of the three together, for the reader.
        init_lr_scale: share of `lr` at step 0.
        final_lr_scale: see `decay_steps`.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = TriStageLRSchedule(1.0, 2, 2, 2, total_steps=6, init_lr_scale=0.5, final_lr_scale=0.01)
    >>> for num_updates in range(1, 7):
    ...     scheduler(optimizer, num_updates)
    ...     print(round(optimizer.param_groups[0]["lr"], 4), end=" ")
    0.75 1.0 1.0 1.0 0.1 0.01
    """

    def __init__(
        self,
        lr: float,
        warmup_steps: int,
        hold_steps: int,
        decay_steps: int,
        total_steps: int,
        init_lr_scale: float = 0.01,
        final_lr_scale: float = 0.05,
    ) -> None:
        check_positive("decay_steps", decay_steps)
        check_positive("final_lr_scale", final_lr_scale)
        self.peak_lr = lr
        self.warmup_steps = warmup_steps
        self.hold_steps = hold_steps
        self.decay_steps = decay_steps
        self.total_steps = total_steps
        self.init_lr_scale = init_lr_scale
        self.final_lr_scale = final_lr_scale

    def __call__(self, opt: Optimizer, num_updates: int) -> None:
        """Set the learning rate of step `num_updates`, counted from 1."""
        set_learning_rate(opt, self._rate(num_updates))

    def _rate(self, step: int) -> float:
        if step < self.warmup_steps:
            share = step / self.warmup_steps
            return self.peak_lr * (self.init_lr_scale + (1.0 - self.init_lr_scale) * share)
        beyond = max(step - self.warmup_steps - self.hold_steps, 0)
        return self.peak_lr * self.final_lr_scale ** (beyond / self.decay_steps)
