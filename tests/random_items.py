"""Items that draw random numbers, and items that do harm; in a module that worker processes can import."""

import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import torch


class RandomItems:
    """Item `i` has its id and a number from each of the three global generators."""

    def __init__(self, n: int) -> None:
        self.data_ids = [f"u{i}" for i in range(n)]
        self.epoch = None

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(self.data_ids)

    def __getitem__(self, index):
        draws = (torch.rand(()).item(), np.random.rand(), random.random())
        return {"id": self.data_ids[index], "draws": draws, "epoch": self.epoch}


class Failing(RandomItems):
    """Some items raise."""

    def __init__(self, n, errors) -> None:
        super().__init__(n)
        self.errors = errors

    def __getitem__(self, index):
        if index in self.errors:
            raise self.errors[index]
        return super().__getitem__(index)


class Harmful(RandomItems):
    """Item `index` kills or stops the process that computes it, as often as there are lives."""

    def __init__(self, n, index, harm, lives: Path, times=1) -> None:
        super().__init__(n)
        self.index, self.harm, self.lives = index, harm, lives
        for number in range(times):
            (lives / str(number)).touch()

    def __getitem__(self, index):
        if index == self.index and (left := list(self.lives.iterdir())):
            left[0].unlink()
            if self.harm == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)
        return super().__getitem__(index)


def as_list(items):
    """A collate function that leaves the items as they are."""
    return list(items)
