"""Schedules: learning rates and other values that change during training, and losses that take turns.

Those of `by_epoch` are called at the end of an epoch and return the value before
and after; the others are called at each step with the optimiser, whose learning rate
they set. Each goes on where it stopped, by `state_dict` and `load_state_dict` or by
`save` and `load`, and past its last step.
"""

from sonovox.training.schedules.by_epoch import LinearScheduler, NewBobScheduler, ReduceLROnPlateau, StepScheduler
from sonovox.training.schedules.by_interval import IntervalScheduler, ScheduledLoss
from sonovox.training.schedules.cyclic import CyclicCosineScheduler, CyclicLRScheduler
from sonovox.training.schedules.decay import TriStageLRSchedule, WarmAndExpDecayLRSchedule, WarmCoolDecayLRSchedule
from sonovox.training.schedules.resumable import Schedule, update_learning_rate
from sonovox.training.schedules.warmup import (
    InverseSquareRootScheduler,
    LinearNoamScheduler,
    LinearWarmupScheduler,
    NoamIntervalScheduler,
    NoamScheduler,
)

__all__ = [
    "CyclicCosineScheduler",
    "CyclicLRScheduler",
    "IntervalScheduler",
    "InverseSquareRootScheduler",
    "LinearNoamScheduler",
    "LinearScheduler",
    "LinearWarmupScheduler",
    "NewBobScheduler",
    "NoamIntervalScheduler",
    "NoamScheduler",
    "ReduceLROnPlateau",
    "Schedule",
    "ScheduledLoss",
    "StepScheduler",
    "TriStageLRSchedule",
    "WarmAndExpDecayLRSchedule",
    "WarmCoolDecayLRSchedule",
    "update_learning_rate",
]
