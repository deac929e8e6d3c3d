"""Items that could not be read: left out, reported once, listed, and counted against a share."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sonovox._internal.errors import ArgumentError, ItemError, MissingDependencyError, QuarantineError, SonovoxError

__all__ = ["Quarantine", "QuarantinedItem", "is_unreadable"]

logger = logging.getLogger(__name__)

_LISTED = 5  # items that an error names


class QuarantinedItem(NamedTuple):
    """An item that could not be read, and why."""

    id: str
    reason: str


class Quarantine:
    """The items that could not be read, in the order in which they were met.

    An item is listed and reported once, however often it is met; it is tried again in the
    next epoch, since a disk that did not answer may answer then.

    Args:
        n_items: of the whole dataset.
        share: of the items, from 0 to 1, above which `add` raises. One item never is too
            many, however small the dataset, unless the share is 0: then the first one is.

    >>> quarantine = Quarantine(1000)
    >>> quarantine.add("spk1_snt5", "CorruptAudioError: a.wav ends inside its header")
    >>> len(quarantine), quarantine.ids
    (1, ['spk1_snt5'])
    """

    def __init__(self, n_items: int, share: float = 0.01) -> None:
        if not 0 <= share <= 1:
            raise ArgumentError(f"share must be from 0 to 1, got {share}", hint="0.01 allows one item of a hundred")
        self.n_items = n_items
        self.share = share
        self._reasons: dict[str, str] = {}

    @property
    def limit(self) -> int:
        """How many items may be here."""
        return max(1, int(self.share * self.n_items)) if self.share else 0

    @property
    def ids(self) -> list[str]:
        """The ids of the items."""
        return list(self._reasons)

    def add(self, item_id: str, reason: str) -> None:
        """List an item and log it, if it is new.

        Raises:
            QuarantineError: there are more than `limit` now; names the first ones and how many there are.
        """
        if item_id in self._reasons:
            return
        self._reasons[item_id] = reason
        if len(self) > self.limit:
            raise self._error()
        logger.warning("item %s is left out: %s", item_id, reason)

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes: `{"items": [[id, reason], ...]}`."""
        return {"items": [[*item] for item in self]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a list that `state_dict` gave."""
        self._reasons = dict(state["items"])

    def __len__(self) -> int:
        return len(self._reasons)

    def __iter__(self) -> Iterator[QuarantinedItem]:
        return (QuarantinedItem(item_id, reason) for item_id, reason in self._reasons.items())

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._reasons

    def __repr__(self) -> str:
        return f"Quarantine({len(self)} of {self.n_items} items, at most {self.limit}: {[*self]})"

    def _error(self) -> QuarantineError:
        shown = [f"{item.id}: {item.reason}" for item in list(self)[:_LISTED]]
        more = [f"and {len(self) - _LISTED} more"] if len(self) > _LISTED else []
        return QuarantineError(
            f"{len(self)} of {self.n_items} items could not be read, at most {self.limit} may be left out:\n  "
            + "\n  ".join(shown + more)
            + "\n",
            hint="repair or remove them, or allow a larger share with quarantine_share=",
        )


def is_unreadable(error: Exception) -> bool:
    """Whether an error is about the item's data; otherwise it is about the code that computes it.

    About the data are what sonovox raises of files and values, `OSError`, `EOFError`, `ValueError`
    and errors of libsndfile. A package that is not installed, `TypeError`, `NameError`, `KeyError`
    and all others are about the code: leaving items out would only hide them. An `ItemError` is
    what its cause is.

    >>> is_unreadable(FileNotFoundError("a.wav")), is_unreadable(KeyError("wav"))
    (True, False)
    """
    cause: BaseException | None = error
    while isinstance(cause, ItemError) and cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, (MissingDependencyError, LookupError)):
        return False
    if isinstance(cause, (SonovoxError, OSError, EOFError, ValueError)):
        return True
    # soundfile's errors are RuntimeErrors; looked for by name, since it is slow to import and may not be in use.
    return any(kind.__name__ == "SoundFileError" for kind in type(cause).__mro__)
