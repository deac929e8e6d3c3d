"""A step under DDP or FSDP, a collective, and the end of the interpreter; started by tests under torchrun.

A thread of gloo that is still there when the interpreter ends may meet it with a tensor in its hands, and abort.
"""

import atexit
import os
import sys
from pathlib import Path

import torch

from sonovox.training import distributed


def no_thread_is_left():
    left = [task.read_text().strip() for task in Path("/proc/self/task").glob("*/comm")]
    if any("gloo" in name for name in left):
        sys.stderr.write(f"left behind: {left}\n")
        os._exit(3)


def main(mode):
    atexit.register(no_thread_is_left)  # before the group's own, and so called after it
    distributed.join_processes("gloo", torch.device("cpu"))
    net = distributed.parallel(torch.nn.Linear(2, 2), torch.device("cpu"), mode=mode, find_unused=False)
    net(torch.ones(1, 2)).sum().backward()
    distributed.mean_over_processes(1.0, 2)


if __name__ == "__main__":
    main(sys.argv[1])
