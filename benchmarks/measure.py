"""How everything here is timed: side by side in one process, on one thread, by CPU time.

    from measure import Row, report

    report("Spectrogram", [Row("10 s", ours=our_call, peers={"torchaudio": their_call}, floor=bare_rfft, gate="2")])

The works of a row are run in turn (A B C A B C ...), so that a change of the
machine's speed meets them all alike, and the median of each is taken. A ratio
above 1 means that ours takes less CPU time. The floor is the cheapest thing that
any implementation must do; its ratio says how many times that we take.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch

Work = Callable[[], object]


@dataclass
class Row:
    """One line of a table: our work, the same work by peers, and the floor below it."""

    name: str
    ours: Work
    peers: Mapping[str, Work] = field(default_factory=dict)
    floor: Work | None = None
    gate: str = ""  # what the ratio is meant to be, for the reader


def median_seconds(works: Mapping[str, Work], *, rounds: int = 15, at_least: float = 0.01) -> dict[str, float]:
    """Median CPU seconds of one call of each work, measured in turn.

    Args:
        works: name -> a call without arguments.
        rounds: how often the whole turn is repeated.
        at_least: a work that is shorter is called several times in each round, to
            get this many seconds above the resolution of the clock.
    """
    torch.set_num_threads(1)
    repeats, seconds = {}, {}
    for name, work in works.items():
        work()  # caches, lazy imports and page faults of the first call
        once = _cpu_seconds(work, 1)
        repeats[name] = max(1, round(at_least / max(once, 1e-7)))
        seconds[name] = [once] if repeats[name] == 1 else []  # a long work is not done once more than needed
    for turn in range(rounds):
        for name, work in works.items():
            if len(seconds[name]) <= turn:
                seconds[name].append(_cpu_seconds(work, repeats[name]))
    return {name: statistics.median(values) for name, values in seconds.items()}


def report(title: str, rows: Iterable[Row], *, rounds: int = 15) -> None:
    """Measure the rows and print them as a table, each line as soon as it is known."""
    print(f"\n{title}  ({_machine()})")
    print(f"{'work':<44} {'ours ms':>9} {'peer':>14} {'peer/ours':>10} {'ours/floor':>11}  gate")
    for row in rows:
        works = {"ours": row.ours, **row.peers}
        if row.floor is not None:
            works["floor"] = row.floor
        took = median_seconds(works, rounds=rounds)
        floor = f"{took['ours'] / took['floor']:.1f}" if row.floor is not None else ""
        first = True
        for peer in row.peers or [""]:
            ratio = f"{took[peer] / took['ours']:.2f}" if peer else ""
            ours = f"{took['ours'] * 1e3:.2f}" if first else ""
            print(
                f"{row.name if first else '':<44} {ours:>9} {peer:>14} {ratio:>10} {floor if first else '':>11}  "
                f"{row.gate if first else ''}".rstrip(),
                flush=True,
            )
            first = False


def _cpu_seconds(work: Work, repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats


def _machine() -> str:
    cpu = platform.processor() or platform.machine()
    return f"{cpu}, {os.cpu_count()} cores, 1 thread, torch {torch.__version__}, median CPU time"
