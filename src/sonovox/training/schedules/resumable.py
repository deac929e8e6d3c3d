"""What all schedules share: their state for checkpoints, and the way a learning rate is set."""

import logging
import os
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import Optimizer

from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import atomic_path

__all__ = ["Schedule", "set_learning_rate", "update_learning_rate"]

_logger = logging.getLogger(__name__)


class Schedule:
    """A value that changes during training, such as a learning rate, and goes on where it stopped.

    A schedule that counts or remembers names what changes in `_state`. These
    attributes, plain numbers and lists of them, are all that a checkpoint holds; the
    arguments of the constructor are those of the experiment's own YAML.
    """

    _state: ClassVar[tuple[str, ...]] = ()

    def state_dict(self) -> dict[str, Any]:
        """What the schedule remembers: numbers and lists of numbers by name, as JSON can hold them."""
        return {name: _copied(getattr(self, name)) for name in self._state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`, that of `state_dict`. Names that this schedule does not remember are left alone.

        Raises:
            ArgumentError: `state` lacks a name.
        """
        missing = [name for name in self._state if name not in state]
        if missing:
            raise ArgumentError(
                f"the state of a {type(self).__name__} must have {', '.join(self._state)}, got {', '.join(state)}",
                hint="it is the state of another schedule",
            )
        for name in self._state:
            setattr(self, name, _copied(state[name]))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to `path`, crash-safe, in the format of `torch.save`."""
        with atomic_path(path) as temporary:
            torch.save(self.state_dict(), temporary)

    def load(
        self, path: str | os.PathLike[str], end_of_epoch: bool = False, device: torch.device | str | None = None
    ) -> None:
        """Go on from a file that `save`, or SpeechBrain's schedule of the same name, has written.

        Args:
            path: of the file; it is read without running code.
            end_of_epoch: accepted for checkpointers that hand it over; a schedule does not differ there.
            device: likewise.

        Raises:
            ArgumentError: the file holds the state of another schedule.
        """
        self.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))


def update_learning_rate(optimizer: Optimizer, new_lr: float, param_group: list[int] | None = None) -> None:
    """Set the learning rate of an optimiser, and log the change.

    Args:
        optimizer: changed in place.
        new_lr: the learning rate from now on.
        param_group: indices of the groups to change; None for all.

    Raises:
        ArgumentError: there is no such group.

    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> update_learning_rate(optimizer, 0.5)
    >>> optimizer.param_groups[0]["lr"]
    0.5
    """
    groups = optimizer.param_groups
    for index in range(len(groups)) if param_group is None else param_group:
        if not -len(groups) <= index < len(groups):
            raise ArgumentError(f"param_group must be indices of {len(groups)} groups, got {index}")
        old_lr = float(groups[index]["lr"])
        if old_lr != new_lr:
            _logger.info("Changing lr from %.2g to %.2g", old_lr, new_lr)
            _set(groups[index], new_lr)


def set_learning_rate(optimizer: Optimizer, new_lr: float) -> float:
    """The learning rate that the first group had; all groups have `new_lr` afterwards.

    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> set_learning_rate(optimizer, 0.25), optimizer.param_groups[0]["lr"]
    (1.0, 0.25)
    """
    old_lr = float(optimizer.param_groups[0]["lr"])
    for group in optimizer.param_groups:
        _set(group, new_lr)
    return old_lr


def _set(group: dict[str, Any], new_lr: float) -> None:
    if isinstance(group["lr"], Tensor):  # a compiled step reads the learning rate from this very tensor
        group["lr"].fill_(new_lr)
    else:
        group["lr"] = new_lr


def _copied(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value
