"""How long a save holds up training: the synchronous part of it, against torch.save, by wall clock.

In the background a save costs training one copy of the states; hashing and
writing go on in a thread. `torch.save` returns when the kernel has the bytes,
which a power cut still loses; with fsync it promises what a checkpoint promises.
The last column is the share of training at a save every 15 minutes.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from sonovox.training import Checkpointer

INTERVAL_S = 15 * 60
ROUNDS = 5


def seconds(work: Callable[[], object], after: Callable[[], object] = lambda: None) -> float:
    """Median over the rounds; what comes after is not counted."""
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
        after()
    return statistics.median(taken)


def torch_save(states: dict, path: Path, *, synced: bool) -> None:
    torch.save(states, path)
    if synced:
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def model_of(millions: float) -> torch.nn.Module:
    """Layers of a Transformer's width, and its many small weights."""
    layer = 1024 * 1024 + 1024
    return torch.nn.Sequential(*(torch.nn.Linear(1024, 1024) for _ in range(round(millions * 1e6 / layer))))


def main(millions: float = 100) -> None:
    torch.set_num_threads(1)
    model = model_of(millions)
    optimizer = torch.optim.Adam(model.parameters())
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    optimizer.zero_grad()
    size = sum(weight.numel() for weight in model.parameters()) * 12 / 2**30
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpointer = Checkpointer(folder / "save", {"model": model, "optimizer": optimizer})
        states = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        rows = {
            "torch.save": seconds(lambda: torch_save(states, folder / "a.pt", synced=False)),
            "torch.save and fsync": seconds(lambda: torch_save(states, folder / "a.pt", synced=True)),
            "save_and_keep_only": seconds(checkpointer.save_and_keep_only),
        }
        checkpointer.background = True
        rows["save_and_keep_only in the background"] = seconds(checkpointer.save_and_keep_only, checkpointer.wait)
        rows["recover_if_possible"] = seconds(checkpointer.recover_if_possible)
    print(f"Checkpoints of {millions:g} million weights and Adam, {size:.2f} GiB  (wall clock, median of {ROUNDS})")
    print(f"{'work':<40} {'seconds':>8} {'of 15 min':>10}")
    for work, taken in rows.items():
        print(f"{work:<40} {taken:>8.2f} {taken / INTERVAL_S:>10.3%}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
