"""Answers of worker processes that may die or hang: noticed at once, named, and ended.

`torch.utils.data.DataLoader` starts, feeds and ends the processes. It raises from a signal
handler when one of them is killed, in the middle of whatever the training process does then,
and it waits for a hung one for ever. What it keeps to itself and is needed to do better (its
processes, the list of its signal handler) is touched in this file only.
"""

import contextlib
import multiprocessing.connection
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, cast

from torch.utils.data import DataLoader
from torch.utils.data._utils import signal_handling

__all__ = ["POLL_SECONDS", "WorkerPass", "WorkersLostError", "prepare_worker"]

POLL_SECONDS = 1.0  # how often a wait for a batch looks after the workers
_GRACE_SECONDS = 0.5  # between a broken connection and the end of the process behind it


class WorkersLostError(Exception):
    """Workers died or hang; the loader starts others, or tells its caller."""


def prepare_worker(worker_id: int, *, then: Callable[[int], None] | None = None) -> None:
    """The first thing that a worker does: leave Ctrl-C to the training process, which may want to finish a step."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if then is not None:
        then(worker_id)


class WorkerPass(Iterator[Any]):
    """One pass over a loader with workers: its answers in order.

    Args:
        loader: with `num_workers` of 1 or more and `timeout=POLL_SECONDS`.
        patience: seconds to wait for one answer; 0 to wait for ever.

    Raises:
        WorkersLostError: from the constructor and from `next`. All workers have ended then.
    """

    def __init__(self, loader: DataLoader[Any], patience: float) -> None:
        self._patience = patience
        self._n_answers = 0
        try:
            self._iterator: Any = cast(Any, iter(loader))
        except RuntimeError as error:
            if "DataLoader" in str(error):  # torch's own words on workers that died or did not answer
                raise WorkersLostError(str(error)) from error
            raise
        self._processes: list[Any] = self._iterator._workers
        self._lost: list[Any] = self._iterator.__dict__.setdefault("_lost", [])
        if self._iterator._worker_pids_set:  # not so where persistent workers begin another epoch
            # From here on a killed worker is noticed below, and not by an error inside a training step.
            signal_handling._remove_worker_pids(id(self._iterator))  # type: ignore[attr-defined]
            self._iterator._worker_pids_set = False
            self._let_them_end_together()

    def __next__(self) -> Any:
        self._raise_for_dead()
        start = time.monotonic()
        while True:
            try:
                answer = next(self._iterator)
            except StopIteration:
                raise
            except Exception as error:
                if "timed out" not in str(error):
                    _note_ended(self._processes, self._lost, timeout=_GRACE_SECONDS)
                    self._raise_for_dead()
                    raise
                self._raise_for_dead()
                if 0 < self._patience < time.monotonic() - start:
                    self._raise_for_hung()
            else:
                self._n_answers += 1
                return answer

    def _let_them_end_together(self) -> None:
        """Make the end of one worker the end of all, and so the end of the pipe on which they answer.

        A worker that is killed while it writes leaves half an answer; whoever reads it waits for
        the other half, as long as any process could still write.
        """
        if not hasattr(self._iterator, "_pin_memory_thread"):  # which reads in a thread, for whose end nobody waits
            self._iterator._worker_result_queue._writer.close()
        arguments = (self._processes, self._lost, weakref.ref(self._iterator))
        threading.Thread(target=_end_together, args=arguments, daemon=True).start()

    def _raise_for_dead(self) -> None:
        dead = self._lost or [process for process in self._processes if not process.is_alive()]
        if dead:
            self._end()
            words = (f"worker {process.pid} ended with {_ending(process.exitcode)}" for process in dead)
            raise WorkersLostError(" and ".join(words))

    def _raise_for_hung(self) -> None:
        # Tasks are dealt to the workers in turn, and each does its own in order.
        hung = self._processes[self._n_answers % len(self._processes)]
        self._end()
        raise WorkersLostError(f"worker {hung.pid} gave no answer for {self._patience:g} s and was killed")

    def _end(self) -> None:
        """Kill all: the dead one may hold a lock that they share."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join(timeout=5)
        self._iterator._shutdown = True  # torch would wait for those locks
        with contextlib.suppress(AttributeError):
            self._iterator._pin_memory_thread_done_event.set()


def _note_ended(processes: list[Any], lost: list[Any], timeout: float | None) -> None:
    """Wait for the end of one of the processes, and add to `lost` those that have ended."""
    ended = multiprocessing.connection.wait([process.sentinel for process in processes], timeout)
    lost += [process for process in processes if process.sentinel in ended and process not in lost]


def _end_together(processes: list[Any], lost: list[Any], owner: weakref.ref[Any]) -> None:
    """Wait for the end of one of the processes, and kill the others, unless their owner is done with all of them."""
    ended: list[Any] = []
    _note_ended(processes, ended, timeout=None)
    iterator = owner()
    if iterator is None or iterator._shutdown:
        return
    lost += [process for process in ended if process not in lost]
    for process in processes:
        process.kill()


def _ending(exit_code: int | None) -> str:
    if exit_code is None:
        return "an unknown exit code"
    return f"signal {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exit code {exit_code}"
