"""Worker processes that die or hang."""

import os
import signal
import time

import pytest
from torch.utils.data import DataLoader

from random_items import RandomItems
from sonovox.data.workers import POLL_SECONDS, WorkerPass, WorkersLostError, prepare_worker


class Slow(RandomItems):
    def __init__(self, n, index, seconds):
        super().__init__(n)
        self.index, self.seconds = index, seconds

    def __getitem__(self, index):
        time.sleep(self.seconds if index == self.index else 0)
        return os.getpid()


def workers(dataset, patience=0.0, n=2):
    loader = DataLoader(dataset, batch_size=None, num_workers=n, timeout=POLL_SECONDS, worker_init_fn=prepare_worker)
    return WorkerPass(loader, patience)


def test_answers_come_in_order():
    answers = list(workers(Slow(6, 0, 0.3)))
    assert len(answers) == 6
    assert answers[0] == answers[2] == answers[4] != answers[1]


def test_a_slow_answer_is_waited_for():
    assert len(list(workers(Slow(2, 0, POLL_SECONDS + 0.5)))) == 2


def test_a_killed_worker_is_named_at_the_next_answer_and_not_before():
    answers = workers(Slow(40, -1, 0))
    pid = next(answers)
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 0.3
    while time.monotonic() < end:  # a training step; torch's signal handler would raise in it
        pass
    with pytest.raises(WorkersLostError, match=f"worker {pid} ended with signal SIGKILL"):
        next(answers)


def test_no_worker_is_left_after_a_failure():
    answers = workers(Slow(40, -1, 0))
    pids = [next(answers), next(answers)]
    os.kill(pids[0], signal.SIGKILL)
    next(worker for worker in answers._processes if worker.pid == pids[0]).join(10)
    with pytest.raises(WorkersLostError):
        next(answers)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_hung_worker_is_named_and_killed():
    answers = workers(Slow(4, 3, 60))
    pids = [next(answers), next(answers), next(answers)]
    answers._patience = 0.1  # from here on: a busy machine takes longer to start workers
    with pytest.raises(WorkersLostError, match=f"worker {pids[1]} gave no answer for 0.1 s"):
        next(answers)


def test_workers_leave_ctrl_c_to_the_training_process():
    answers = workers(Slow(6, -1, 0))
    pid = next(answers)
    os.kill(pid, signal.SIGINT)
    assert len(list(answers)) == 5


def test_the_function_of_the_caller_runs_too():
    called = []
    before = signal.getsignal(signal.SIGINT)
    try:
        prepare_worker(3, then=called.append)
    finally:
        signal.signal(signal.SIGINT, before)
    assert called == [3]
