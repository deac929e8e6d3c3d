"""Schedules that are asked once an epoch, with the epoch or with a validation result.

Each returns the value of this epoch and that of the next one; `update_learning_rate`
puts the latter into an optimiser.
"""

import math
from collections.abc import Sequence

from torch.optim import Optimizer

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.training.schedules.resumable import Schedule

__all__ = ["LinearScheduler", "NewBobScheduler", "ReduceLROnPlateau", "StepScheduler"]


class NewBobScheduler(Schedule):
    """Anneal a value whenever a validation loss no longer improves, as the "newbob" of ICSI's QuickNet did.

    The improvement is relative to the size of the value before, so that losses below 0,
    such as minus an SI-SNR, improve when they fall as others do.

    Args:
        initial_value: of the hyperparameter, such as the learning rate.
        annealing_factor: what the value is multiplied by.
        improvement_threshold: relative improvement below which it is.
        patient: how many times in a row too small an improvement is forgiven.

    >>> scheduler = NewBobScheduler(initial_value=1.0)
    >>> scheduler(metric_value=10.0)
    (1.0, 1.0)
    >>> scheduler(metric_value=2.0)
    (1.0, 1.0)
    >>> scheduler(metric_value=2.5)
    (1.0, 0.5)
    """

    _state = ("hyperparam_value", "metric_values", "current_patient")

    def __init__(
        self,
        initial_value: float,
        annealing_factor: float = 0.5,
        improvement_threshold: float = 0.0025,
        patient: int = 0,
    ) -> None:
        self.hyperparam_value = initial_value
        self.annealing_factor = annealing_factor
        self.improvement_threshold = improvement_threshold
        self.patient = patient
        self.metric_values: list[float] = []
        self.current_patient = patient

    def __call__(self, metric_value: float) -> tuple[float, float]:
        """The value before and after the epoch that ended with `metric_value`, where less is better."""
        old_value = self.hyperparam_value
        metric_value = float(metric_value)
        if self.metric_values and self._improvement(metric_value) < self.improvement_threshold:
            if self.current_patient == 0:
                self.hyperparam_value = old_value * self.annealing_factor
                self.current_patient = self.patient
            else:
                self.current_patient -= 1
        self.metric_values.append(metric_value)
        return old_value, self.hyperparam_value

    def _improvement(self, metric_value: float) -> float:
        before = self.metric_values[-1]
        improvement = (before - metric_value) / abs(before) if before else 0.0
        return 0.0 if math.isnan(improvement) else improvement  # a NaN is no progress


class LinearScheduler(Schedule):
    """A value that goes from `initial_value` in the first epoch straight to `final_value` in the last one.

    After the last epoch it stays.

    Args:
        initial_value: of epoch 1.
        final_value: of epoch `epoch_count`.
        epoch_count: number of epochs.

    >>> scheduler = LinearScheduler(1.0, 0.0, 5)
    >>> scheduler(1), scheduler(4), scheduler(9)
    ((1.0, 0.75), (0.25, 0.0), (0.0, 0.0))
    """

    def __init__(self, initial_value: float, final_value: float, epoch_count: int) -> None:
        check_positive("epoch_count", epoch_count)
        self.initial_value = initial_value
        self.final_value = final_value
        self.epoch_count = epoch_count

    def __call__(self, current_epoch: int) -> tuple[float, float]:
        """The value of `current_epoch`, counted from 1, and that of the next one."""
        return self._value(current_epoch), self._value(current_epoch + 1)

    def _value(self, epoch: int) -> float:
        if self.epoch_count == 1:
            return self.initial_value
        share = min(max(epoch - 1, 0), self.epoch_count - 1) / (self.epoch_count - 1)
        return self.initial_value * (1.0 - share) + self.final_value * share


class StepScheduler(Schedule):
    """A value that is multiplied by a factor after every so many epochs.

    Args:
        initial_value: of the first epoch.
        decay_factor: what it is multiplied by; 0.5 when None.
        decay_drop: after how many epochs; 2 when None.
        half_life: epochs after which half of the value is left, with a drop after each;
            instead of the other two.

    Raises:
        ArgumentError: `half_life` together with one of the others.

    >>> scheduler = StepScheduler(1.0)
    >>> scheduler(1), scheduler(2), scheduler(3)
    ((1.0, 0.5), (0.5, 0.5), (0.5, 0.25))
    """

    def __init__(
        self,
        initial_value: float,
        decay_factor: float | None = None,
        decay_drop: float | None = None,
        half_life: float | None = None,
    ) -> None:
        if half_life and (decay_factor or decay_drop):
            raise ArgumentError(
                "half_life is a decay of its own, and came with decay_factor or decay_drop",
                hint="give one or the other",
            )
        self.initial_value = initial_value
        self.decay_factor = math.exp(-math.log(2.0) / half_life) if half_life else decay_factor or 0.5
        self.decay_drop = 1.0 if half_life else decay_drop or 2

    def __call__(self, current_epoch: int) -> tuple[float, float]:
        """The value of `current_epoch`, counted from 1, and that of the next one."""
        return self._value(current_epoch), self._value(current_epoch + 1)

    def _value(self, epoch: int) -> float:
        return self.initial_value * math.pow(self.decay_factor, math.floor(epoch / self.decay_drop))


class ReduceLROnPlateau(Schedule):
    """Anneal a learning rate when a validation loss has not fallen for some epochs.

    Args:
        lr_min: the learning rate never falls below.
        factor: what it is multiplied by.
        patience: epochs without a fall that are forgiven before.
        dont_halve_until_epoch: up to this epoch the learning rate stays.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = ReduceLROnPlateau(patience=1, dont_halve_until_epoch=1)
    >>> [scheduler([optimizer], epoch, loss) for epoch, loss in ((1, 5.0), (2, 6.0), (3, 7.0))]
    [(1.0, 1.0), (1.0, 1.0), (1.0, 0.5)]
    """

    _state = ("losses", "anchor", "patience_counter")

    def __init__(
        self, lr_min: float = 1e-8, factor: float = 0.5, patience: int = 2, dont_halve_until_epoch: int = 65
    ) -> None:
        self.lr_min = lr_min
        self.factor = factor
        self.patience = patience
        self.dont_halve_until_epoch = dont_halve_until_epoch
        self.patience_counter = 0
        self.losses: list[float] = []
        self.anchor: float | None = None  # the least loss so far, or the last one of the epochs without annealing

    def __call__(self, optim_list: Sequence[Optimizer], current_epoch: int, current_loss: float) -> tuple[float, float]:
        """The learning rate of the last of the optimisers, and the one it should have in the next epoch.

        The plateau is looked for once an epoch, however many optimisers there are; they are not changed.
        """
        current_loss = float(current_loss)
        self.losses.append(current_loss)
        current_lr = next_lr = float(optim_list[-1].param_groups[0]["lr"])
        if self.anchor is None or current_epoch <= self.dont_halve_until_epoch:
            self.anchor = current_loss
        elif current_loss <= self.anchor:
            self.anchor = current_loss
            self.patience_counter = 0
        elif self.patience_counter < self.patience:
            self.patience_counter += 1
        else:
            next_lr *= self.factor
            self.patience_counter = 0
        return current_lr, max(next_lr, self.lr_min)
