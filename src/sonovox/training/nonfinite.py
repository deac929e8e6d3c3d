"""What happens when a loss or a gradient is NaN or infinite: nothing of that step stays."""

import logging
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from sonovox._internal.errors import NonFiniteTrainingError

__all__ = ["NonFiniteGuard"]

logger = logging.getLogger(__name__)
SMALL = 4096  # numbers that cost nothing to copy at each step


class NonFiniteGuard:
    """Remembers what a bad batch could spoil, takes it back, and stops training when it does not end.

    A step whose loss or gradient is not finite is not taken. Buffers that change in
    the forward pass, such as the running statistics of batch normalisation, are set
    back to what they were before the step.

    Args:
        modules: whose buffers to watch.
        patience: bad steps in a row after which training stops.

    >>> guard = NonFiniteGuard([nn.BatchNorm1d(2)], patience=2)
    >>> guard.bad_step("loss", ["utterance-7"])
    >>> guard.count
    1
    """

    def __init__(self, modules: Iterable[nn.Module], patience: int) -> None:
        self.modules = list(modules)
        self.patience = patience
        self.count = 0
        self.begin()

    def begin(self) -> None:
        """Watch anew: when weights were loaded, or a stage of training starts."""
        self._buffers: list[Tensor] = [buffer for module in self.modules for buffer in module.buffers()]
        self._kept = [buffer.detach().clone() for buffer in self._buffers]
        self._is_first = True

    def good_step(self) -> None:
        """The step was taken: its buffers are what the next one returns to."""
        self.count = 0
        if self._is_first:
            self._forget_constants()
        if self._buffers:
            torch._foreach_copy_(self._kept, self._buffers)

    def bad_step(self, what: str, ids: Iterable[str]) -> None:
        """The step is not taken, because its `what` is not finite.

        Raises:
            NonFiniteTrainingError: it happened `patience` times in a row.
        """
        self.count += 1
        names = ", ".join(map(str, ids)) or "unknown items"
        logger.warning("the %s is not finite, the step is left out (%d in a row); items: %s", what, self.count, names)
        with torch.no_grad():
            for buffer, kept in zip(self._buffers, self._kept, strict=True):
                buffer.copy_(kept)
        if self.count >= self.patience:
            raise NonFiniteTrainingError(
                f"the {what} was not finite in {self.count} steps in a row, the last with {names}",
                hint="lower the learning rate, look at these items, or train in fp32; the last checkpoint is finite",
            )

    def _forget_constants(self) -> None:
        """Stop watching large buffers that a step has left as they were, such as positional encodings.

        Values are compared, since batch normalisation changes its buffers without a new version.
        """
        watched = [
            (buffer, kept)
            for buffer, kept in zip(self._buffers, self._kept, strict=True)
            if buffer.numel() <= SMALL or not torch.equal(buffer, kept)
        ]
        self._buffers = [buffer for buffer, _ in watched]
        self._kept = [kept for _, kept in watched]
        self._is_first = False
