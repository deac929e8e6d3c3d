"""Schedules: learning rates and other values that change during training, and losses that take turns.

Those of `by_epoch` are called at the end of an epoch and return the value before
and after; those of `warmup`, `cyclic` and `by_interval` are called at each step with
the optimiser, whose learning rate they set. Each goes on where it stopped, by
`state_dict` and `load_state_dict` or by `save` and `load`, and past its last step.
"""

from sonovox.training.schedules.by_epoch import LinearScheduler, NewBobScheduler, ReduceLROnPlateau, StepScheduler
from sonovox.training.schedules.resumable import Schedule, update_learning_rate

__all__ = [
    "LinearScheduler",
    "NewBobScheduler",
    "ReduceLROnPlateau",
    "Schedule",
    "StepScheduler",
    "update_learning_rate",
]
