"""Groups of batches whose gradients are averaged before one step of the optimiser."""

__all__ = ["Accumulation"]


class Accumulation:
    """Which batches end a group, and how many belong to it.

    The last group of an epoch may be smaller; it is averaged over what it has, so
    that nothing is dropped and nothing is weighed wrongly.

    Args:
        factor: batches to a step.

    >>> groups = Accumulation(4)
    >>> groups.begin(6)
    >>> [(groups.ends(step), groups.size(step)) for step in range(1, 7)]
    [(False, 4), (False, 4), (False, 4), (True, 4), (False, 2), (True, 2)]
    """

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self.total: int | None = None

    def begin(self, total: int | None) -> None:
        """An epoch of `total` batches starts; None where nobody knows how many come."""
        self.total = total

    def ends(self, step: int) -> bool:
        """True when batch `step`, counted from 1, is the last of its group."""
        return step % self.factor == 0 or step == self.total

    def size(self, step: int) -> int:
        """Batches in the group of batch `step`; of a last group whose end nobody knows, the full number."""
        if self.total is not None and step > self.total - self.total % self.factor:
            return self.total % self.factor
        return self.factor

    def left_over(self, step: int) -> int:
        """Batches that wait for a step when the epoch has ended after batch `step`."""
        return 0 if self.ends(step) else step % self.factor
