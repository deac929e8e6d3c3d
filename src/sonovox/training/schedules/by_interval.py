"""Learning rates and losses that change at given steps."""

import itertools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import atomic_path
from sonovox.training.schedules.resumable import Schedule, set_learning_rate

__all__ = ["IntervalScheduler", "ScheduledLoss"]


class IntervalScheduler(Schedule):
    """A learning rate that is set at given steps, and left alone between them.

    Args:
        intervals: a dict for each change: `steps`, the step from which on it holds, and `lr`.

    Raises:
        ArgumentError: an interval without one of the two.

    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> scheduler = IntervalScheduler([{"steps": 2, "lr": 0.1}, {"steps": 4, "lr": 0.01}])
    >>> [scheduler(optimizer)[1] for _ in range(5)]
    [1.0, 0.1, 0.1, 0.01, 0.01]
    """

    _state = ("n_steps",)

    def __init__(self, intervals: Sequence[Mapping[str, Any]]) -> None:
        for interval in intervals:
            if not {"steps", "lr"} <= interval.keys():
                raise ArgumentError(f"an interval must have steps and lr, got {dict(interval)}")
        self.intervals = [dict(interval) for interval in intervals]
        self.n_steps = 0

    def __call__(self, opt: Optimizer) -> tuple[float, float]:
        """Take a step: the learning rate that `opt` had, and the one it has now."""
        self.n_steps += 1
        old_lr = new_lr = float(opt.param_groups[0]["lr"])
        for interval in self.intervals:
            if interval["steps"] == self.n_steps:
                new_lr = float(interval["lr"])
                set_learning_rate(opt, new_lr)
        return old_lr, new_lr


class ScheduledLoss(nn.Module):
    """A loss that is another one after a number of calls, such as a simple one first and a hard one later.

    Args:
        schedule: a dict for each loss: `loss_fn`, a function or module, and `steps`, for how many
            calls it is used. The last one is used from then on.

    Raises:
        ArgumentError: no losses; a `loss_fn` that cannot be called; `steps` missing before the last.

    >>> loss = ScheduledLoss([{"loss_fn": nn.L1Loss(), "steps": 2}, {"loss_fn": nn.MSELoss()}])
    >>> x, y = torch.tensor([3.0]), torch.tensor([1.0])
    >>> [loss(x, y).item() for _ in range(4)]
    [2.0, 2.0, 4.0, 4.0]
    """

    def __init__(self, schedule: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        if not schedule:
            raise ArgumentError("schedule must have at least one loss, got none")
        for item in schedule:
            if not callable(item.get("loss_fn")):
                raise ArgumentError(f"each item of schedule must have a loss_fn that can be called, got {dict(item)}")
        if not all("steps" in item for item in schedule[:-1]):
            raise ArgumentError("all but the last item of schedule must have steps")
        self.schedule = [dict(item) for item in schedule]
        # Losses with parameters or buffers move with this module, and train with it.
        self.modules_of_losses = nn.ModuleList(
            item["loss_fn"] for item in schedule if isinstance(item["loss_fn"], nn.Module)
        )
        self.n_steps = 0
        self.find_next_switch()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the loss of this call gives for its arguments."""
        if self.n_steps >= self.next_switch:
            self.find_next_switch()
        self.n_steps += 1
        return self.current_loss_fn(*args, **kwargs)

    def find_next_switch(self) -> None:
        """Choose the loss of the next call, and the number of calls at which it is looked for again."""
        switches = list(itertools.accumulate(item.get("steps", math.inf) for item in self.schedule))
        switches[-1] = math.inf
        self._current = next(i for i, switch in enumerate(switches) if self.n_steps < switch)
        self.next_switch: float = switches[self._current]

    @property
    def current_loss_fn(self) -> Callable[..., Any]:
        """The loss of the next call."""
        return self.schedule[self._current]["loss_fn"]

    def get_extra_state(self) -> dict[str, int]:
        """The number of calls, which `state_dict` keeps beside the tensors of the losses."""
        return {"n_steps": self.n_steps}

    def set_extra_state(self, state: Mapping[str, int]) -> None:
        """Go on from that number of calls."""
        self.n_steps = state["n_steps"]
        self.find_next_switch()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the number of calls to `path`, crash-safe, in the format of `torch.save`."""
        with atomic_path(path) as temporary:
            torch.save(self.get_extra_state(), temporary)

    def load(
        self, path: str | os.PathLike[str], end_of_epoch: bool = False, device: torch.device | str | None = None
    ) -> None:
        """Go on from a file of `save` or of SpeechBrain; the other arguments are accepted for checkpointers."""
        self.set_extra_state(torch.load(path, map_location="cpu", weights_only=True))
