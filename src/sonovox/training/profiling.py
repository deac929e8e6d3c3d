"""A trace of some steps of training."""

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

__all__ = ["profiler"]

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def profiler(path: str | Path, *, warmup: int, steps: int, enabled: bool = True) -> Any:
    """Yields what to call after each step; after `warmup + steps` calls the trace is written to `path`.

    Args:
        path: of the trace, which chrome://tracing and ui.perfetto.dev show.
        warmup: steps before the trace, in which caches fill.
        steps: steps in the trace.
        enabled: False yields a function that does nothing.
    """
    if not enabled:
        yield _nothing
        return
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = [torch.profiler.ProfilerActivity.CPU]
    if torch.cuda.is_available():
        kinds.append(torch.profiler.ProfilerActivity.CUDA)

    def write(profile: Any) -> None:
        profile.export_chrome_trace(str(path))
        by_time = profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=15)
        logger.info("trace of %d steps in %s\n%s", steps, path, by_time)

    plan = torch.profiler.schedule(wait=0, warmup=warmup, active=steps, repeat=1)
    with torch.profiler.profile(activities=kinds, schedule=plan, on_trace_ready=write) as profile:
        step: Callable[[], None] = profile.step
        yield step


def _nothing() -> None:
    pass
