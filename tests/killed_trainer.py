"""A tiny training run that is killed: what it does between saves, and what it says before it dies.

Each run is a process forked from one that has torch loaded already, so that hundreds take a minute.
"""

import hashlib
import multiprocessing
import os
import signal
import tempfile
import time
import warnings
from pathlib import Path

import torch

from sonovox.training import Checkpointer, EpochCounter, RandomStates
from sonovox.training.checkpoints.folder import CheckpointFolder


class Run:
    """A model, its optimiser and schedule, a counter in a file, and random states that the data comes from."""

    def __init__(self, folder, **options):
        torch.manual_seed(7)
        self.model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Dropout(0.2), torch.nn.Linear(8, 2))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, 0.999)
        self.counter = EpochCounter(10**9)
        named = {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule, "counter": self.counter}
        self.checkpointer = Checkpointer(folder, {**named, "random": RandomStates()}, **options)

    def train_step(self):
        self.optimizer.zero_grad()
        self.model(torch.randn(4, 8)).square().mean().backward()
        self.optimizer.step()
        self.schedule.step()
        return next(self.counter)

    def save(self):
        step = self.counter.current
        self.checkpointer.save_and_keep_only({"step": step, "score": step % 3}, max_keys=["score"])

    def digest(self):
        """Of all that decides how training goes on."""
        tensors = [*self.model.state_dict().values(), torch.get_rng_state()]
        for state in self.optimizer.state_dict()["state"].values():
            tensors += state.values()
        words = b"".join(tensor.reshape(-1).view(torch.uint8).numpy().tobytes() for tensor in tensors)
        return hashlib.sha256(words + repr(self.schedule.state_dict()).encode()).hexdigest()


def train_until_killed(folder, background, pipe):
    """Recover, say where it stands, then step and save until the end comes from outside."""
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    tempfile.tempdir = str(Path(folder).parent)
    run = Run(folder, background=background, on_saved=lambda ckpt: pipe.send(("saved", ckpt.meta["step"])))
    run.checkpointer.recover_if_possible()
    pipe.send(("recovered", run.counter.current, run.digest()))
    while True:
        step = run.train_step()
        pipe.send(("saving", step))
        run.save()


def die_at(folder, n, pipe):
    """One save, killed before its n-th call of the system; says how many there were when it lives."""
    torch.set_num_threads(1)
    tempfile.tempdir = str(Path(folder).parent)
    run = Run(folder)
    run.checkpointer.recover_if_possible()
    run.train_step()
    made = []

    def watch(name, function):
        def call(*args, **kwargs):
            made.append(name)
            if len(made) == n:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    for name in ("open", "write", "fsync", "close", "mkdir", "rename", "replace", "unlink", "rmdir"):
        setattr(os, name, watch(name, getattr(os, name)))
    run.save()
    pipe.send(("saved", run.counter.current))
    pipe.send(("made", made))


def hold_lock(folder, pipe):
    """Keep other writers out of the folder until the end comes."""
    with CheckpointFolder(Path(folder), print).locked():
        pipe.send("held")
        time.sleep(600)


def start(target, *args):
    """A process forked from one with this module loaded, and the pipe by which it speaks."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killed_trainer", "pytest"])
    # Python 3.11 looks for what is to be loaded only where its environment says.
    path = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), path])
    try:
        hears, speaks = context.Pipe(duplex=False)
        process = context.Process(target=target, args=(*args, speaks))
        process.start()
    finally:
        os.environ["PYTHONPATH"] = path
    speaks.close()
    return process, hears


def said(hears):
    """All that has come, to the end; a message that death cut short is left out."""
    messages = []
    try:
        while True:
            messages.append(hears.recv())
    except (EOFError, OSError):
        return messages
