"""A loader whose batches depend on seed, epoch and position only, and which goes on from a saved position."""

import functools
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch._utils import ExceptionWrapper
from torch.utils.data import DataLoader, Dataset, IterableDataset

from sonovox._internal.derive_seed import derive_seed
from sonovox._internal.errors import ArgumentError, WorkerError, WorkerWarning
from sonovox.data.item_reader import ItemReader, ReadBatch, Task
from sonovox.data.item_seed import item_id, kept_random_states, seed_random_states
from sonovox.data.quarantine import Quarantine
from sonovox.data.random_sampler import DEFAULT_SEED
from sonovox.data.sharded_sampler import ShardedBatchSampler
from sonovox.data.workers import POLL_SECONDS, WorkerPass, WorkersLostError, prepare_worker

__all__ = ["SaveableDataLoader"]
_NAMED_ITEMS = 8  # of a batch that a worker did not deliver


class SaveableDataLoader(DataLoader[Any]):
    """A `torch.utils.data.DataLoader` that can be saved, and whose results do not depend on its workers.

    The order of an epoch is fixed when it begins, and every item is computed under random states
    of torch, numpy and Python that are a function of (seed, epoch, item id). So batches are the
    same for any number of workers and any prefetching, and a saved loader goes on after the batches
    that it had handed over without computing those before. The random states of the training
    process stay as they are.

    A worker that is killed is noticed, and one that hangs is killed; others then go on from the
    same position, with one warning. Items that cannot be read are left out and listed in
    `quarantine`; a batch of which nothing is left is passed over, and counts as handed over. Only in
    training by several processes, which need one batch each, the batch before is taken again.

    Args:
        dataset: with `__getitem__` and `__len__`. Its `data_ids` name the items, where it has
            them, and its `set_epoch` is called in each process that computes items.
        args, kwargs: as `torch.utils.data.DataLoader` takes them, but for `generator` and `in_order`.
        seed: of the items' random numbers, and of a sampler's that has no seed of its own.
        quarantine_share: of the items of `dataset` that may be unreadable, 0.01 by default; see
            `sonovox.data.quarantine.Quarantine`. With 0 the first one ends the run.
        max_restarts: how often in a row workers are started again without a batch in between.
        timeout: seconds after which a worker that owes a batch counts as hung; 0 for never.

    Raises:
        QuarantineError: too many items could not be read. Errors about the code (`TypeError`,
            `KeyError`, ...) are raised as they are, with a note of the item's id.
        WorkerError: workers died or hung `max_restarts` times in a row and once more.
        ArgumentError: an `IterableDataset`, which has no positions; give it to `make_dataloader`.

    >>> loader = SaveableDataLoader(range(6), batch_size=2, shuffle=True, seed=1)
    >>> batches = iter(loader)
    >>> next(batches)
    tensor([3, 4])
    >>> state = loader.state_dict()
    >>> again = SaveableDataLoader(range(6), batch_size=2, shuffle=True, seed=1)
    >>> again.load_state_dict(state)
    >>> [batch.tolist() for batch in again] == [batch.tolist() for batch in batches]
    True
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        *args: Any,
        seed: int = DEFAULT_SEED,
        quarantine_share: float = 0.01,
        max_restarts: int = 3,
        timeout: float = 300.0,
        **kwargs: Any,
    ) -> None:
        if isinstance(dataset, IterableDataset):
            raise ArgumentError(
                "dataset must be one of numbered items, got an IterableDataset, which has no positions to go on from",
                hint="make_dataloader takes it",
            )
        for name, remedy in {"generator": "give seed=", "in_order": "positions need batches in order"}.items():
            if kwargs.get(name) is not None:
                raise ArgumentError(f"{name} cannot be chosen", hint=remedy)
        super().__init__(dataset, *args, timeout=timeout, **kwargs)  # type: ignore[misc]  # ten by position are too many
        self.seed = seed
        self.epoch = 0
        self.max_restarts = max_restarts
        self.quarantine = Quarantine(len(dataset), quarantine_share)  # type: ignore[arg-type]
        self._position = 0
        self._resume_at = 0
        self._n_batches: int | None = None  # of the epoch that `_position` is in
        self._reader: DataLoader[Any] | None = None  # whose workers wait for the next epoch

    @property
    def position(self) -> int:
        """How many batches of this epoch were handed over; 0 again when it is over."""
        return self._position

    def set_epoch(self, epoch: int) -> None:
        """Begin another epoch: order and random numbers are those of `epoch`, the position is 0.

        The epoch that the loader is in already changes nothing, so that a loaded position stands.
        """
        for sampler in (self.batch_sampler, self.sampler):
            if sampler is not None and hasattr(sampler, "set_epoch"):
                sampler.set_epoch(epoch)
        if epoch != self.epoch:
            self.epoch = epoch
            self._position = self._resume_at = 0
            self._n_batches = None

    def state_dict(self) -> dict[str, Any]:
        """Epoch, position and quarantine, in numbers and text."""
        return {
            "epoch": self.epoch,
            "position": self._position,
            "n_batches": self._n_batches,
            "quarantine": self.quarantine.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next `iter()` hand over the batch after the last one that the saved loader handed over."""
        self.set_epoch(state["epoch"])
        self._position = self._resume_at = state["position"]
        self._n_batches = state["n_batches"]
        self.quarantine.load_state_dict(state["quarantine"])

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        start, self._resume_at = self._resume_at, 0
        order = self._order()
        # SpeechBrain's checkpoints tell the position only.
        if start and len(order) != (self._n_batches or max(start, len(order))):
            saved = self._n_batches or "more"
            raise ArgumentError(
                f"position {start} was saved in an epoch of {saved} batches, this one has {len(order)}",
                hint="go on with the dataset and the sampler that were saved, or begin with set_epoch()",
            )
        self._position, self._n_batches = start, len(order)
        return self._batches(order, start)

    def _order(self) -> list[Task]:
        """What to compute for each batch of the epoch, the same whoever drew random numbers before."""
        with kept_random_states():
            seed_random_states(derive_seed(self.seed, self.epoch, "order"))
            if not self._auto_collation:
                return [Task(self.epoch, index) for index in self._index_sampler]
            batches = [list(indices) for indices in self._index_sampler]
        sampler = self.batch_sampler
        is_shared = isinstance(sampler, ShardedBatchSampler) and sampler.world_size > 1 and sampler.repeat
        if is_shared and len(batches) > 1:
            # Other processes wait for this one at each step: it takes its batch before, or lastly the one after.
            neighbours = batches[1:2] + batches[:-1]
            return [Task(self.epoch, *pair) for pair in zip(batches, neighbours, strict=True)]
        return [Task(self.epoch, indices) for indices in batches]

    def _batches(self, order: list[Task], position: int) -> Iterator[Any]:
        restarts = 0
        while position < len(order):
            try:
                for answer in self._answers(order[position:]):
                    restarts = 0
                    position += 1
                    self._position = position
                    for item in answer.unreadable:
                        self.quarantine.add(*item)
                    if answer.n_items:
                        yield answer.batch
            except WorkersLostError as failure:
                restarts += 1
                self._report(failure, order[position], restarts)
        self._position = 0

    def _answers(self, tasks: list[Task]) -> Iterator[ReadBatch]:
        reader, self._reader = self._reader, None  # workers of a pass that fails or is given up are not used again
        if reader is None:
            reader = self._new_reader(tasks)
        else:
            reader.sampler[:] = tasks  # type: ignore[index]
        for answer in self._in_turn(reader, tasks):
            if isinstance(answer.error, ExceptionWrapper):
                answer.error.reraise()
            elif answer.error is not None:
                raise answer.error
            yield answer
        if self.persistent_workers:
            self._reader = reader

    def _in_turn(self, reader: DataLoader[Any], tasks: list[Task]) -> Iterable[ReadBatch]:
        if self.num_workers:
            return WorkerPass(reader, self.timeout)
        if self.pin_memory:
            return reader
        return (reader.dataset[task] for task in tasks)  # torch's loop around it costs as much as two items

    def _new_reader(self, tasks: list[Task]) -> DataLoader[Any]:
        return _QuietLoader(
            ItemReader(self.dataset, self.collate_fn, self.seed),  # type: ignore[arg-type]
            batch_size=None,  # an answer is a whole batch
            sampler=tasks,
            collate_fn=_unchanged,  # type: ignore[arg-type]
            num_workers=self.num_workers,
            pin_memory=self.pin_memory,
            timeout=POLL_SECONDS if self.num_workers else 0,
            worker_init_fn=functools.partial(prepare_worker, then=self.worker_init_fn),
            multiprocessing_context=self.multiprocessing_context,
            prefetch_factor=self.prefetch_factor if self.num_workers else None,
            persistent_workers=self.persistent_workers,
            generator=torch.Generator(),  # else each pass would draw from the training process's own
        )

    def _report(self, failure: WorkersLostError, task: Task, restarts: int) -> None:
        indices = task.indices if isinstance(task.indices, list) else [task.indices]
        names = [item_id(self.dataset, index) for index in indices[:_NAMED_ITEMS]]
        more = f" and {len(indices) - _NAMED_ITEMS} more" if len(indices) > _NAMED_ITEMS else ""
        words = f"{failure}; batch {self._position} of epoch {self.epoch} is due (items {', '.join(names)}{more})"
        if restarts > self.max_restarts:
            raise WorkerError(
                f"{words}; {restarts} times in a row", hint="look at those items, at memory, or use num_workers=0"
            ) from failure
        warnings.warn(f"{words}; workers are started again", WorkerWarning, stacklevel=3)


class _QuietLoader(DataLoader[Any]):
    """The outer loader has warned already of more workers than there are cores."""

    def check_worker_number_rationality(self) -> None:
        pass


def _unchanged(answer: ReadBatch) -> ReadBatch:
    return answer
