"""Compute the items of a batch, each under its own random state; what cannot be read is left out."""

import contextlib
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from torch._utils import ExceptionWrapper
from torch.utils.data import get_worker_info

from sonovox._internal.derive_seed import derive_seed
from sonovox.data.item_seed import item_id, kept_random_states, seed_random_states
from sonovox.data.quarantine import QuarantinedItem, is_unreadable

__all__ = ["ItemReader", "ReadBatch", "Task"]


class Task(NamedTuple):
    """What a worker is asked for: the items of a batch in an epoch, or one item that stays without a batch.

    `instead` are items to take where none of `indices` can be read and yet a batch is needed.
    """

    epoch: int
    indices: list[Any] | Any
    instead: list[Any] | None = None


class ReadBatch(NamedTuple):
    """What it answers: the batch, what was left out of it, and an error that is about the code."""

    batch: Any
    n_items: int  # in the batch; where it is 0, `batch` means nothing
    unreadable: list[QuarantinedItem]
    error: Exception | ExceptionWrapper | None  # the latter from another process, where errors may not travel


class ItemReader:
    """Answers tasks; a dataset of batches for `torch.utils.data.DataLoader`, in any process.

    Args:
        dataset: has `__getitem__`, perhaps `data_ids` and `set_epoch`.
        collate: makes a batch of a list of items.
        seed: from which with the epoch and the item's id its random numbers follow.

    >>> ItemReader(["a", "b", "c"], collate=tuple, seed=0)[Task(0, [2, 0])].batch
    ('c', 'a')
    """

    def __init__(self, dataset: Any, collate: Callable[[Any], Any], seed: int) -> None:
        self.dataset = dataset
        self.collate = collate
        self.seed = seed
        self._epoch: int | None = None

    def __getitem__(self, task: Task) -> ReadBatch:
        is_worker = get_worker_info() is not None  # a process of its own, whose random states nobody misses
        with contextlib.nullcontext() if is_worker else kept_random_states():
            try:
                answer = self._read(task.epoch, task.indices)
                if answer.n_items or task.instead is None:
                    return answer
                other = self._read(task.epoch, task.instead)
                return other._replace(unreadable=answer.unreadable + other.unreadable)
            except Exception as error:
                where = f"in the loader's worker {os.getpid()}"
                return ReadBatch(None, 0, [], ExceptionWrapper(where=where) if is_worker else error)

    def _read(self, epoch: int, indices: list[Any] | Any) -> ReadBatch:
        if epoch != self._epoch and hasattr(self.dataset, "set_epoch"):
            self.dataset.set_epoch(epoch)
        self._epoch = epoch
        chosen = indices if isinstance(indices, list) else [indices]
        names = [item_id(self.dataset, index) for index in chosen]
        items, unreadable = [], []
        for index, name in zip(chosen, names, strict=True):
            seed_random_states(derive_seed(self.seed, epoch, name))
            try:
                items.append(self.dataset[index])
            except Exception as error:
                if not is_unreadable(error):
                    error.add_note(f"while item {name} was computed")
                    raise
                unreadable.append(QuarantinedItem(name, f"{type(error).__name__}: {error}"))
        if not items:
            return ReadBatch(None, 0, unreadable, None)
        try:
            # A collate function that draws random numbers goes on from the state of the last item.
            batch = self.collate(items if isinstance(indices, list) else items[0])
        except Exception as error:
            error.add_note(f"while a batch was made of the items {', '.join(names)}")
            raise
        return ReadBatch(batch, len(items), unreadable, None)
