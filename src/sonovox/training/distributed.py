"""Several processes under `torchrun`: who is who, gradients in step, metrics brought together."""

import atexit
import gc
import os
import weakref
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

import torch
from torch import nn

from sonovox._internal.errors import TrainingError
from sonovox._internal.processes import is_distributed

__all__ = [
    "Replicated",
    "default_device",
    "gather_states",
    "highest",
    "is_main_process",
    "join_processes",
    "main_first",
    "mean_over_processes",
    "number_of_processes",
    "parallel",
    "run_on_main",
    "share_buffers",
]

T = TypeVar("T")
PATIENCE = timedelta(days=2)  # of the others, while the first process prepares


_meshes: list[Any] = []  # of FSDP, which hold on to the group of processes


def default_device(name: str | None = None) -> torch.device:
    """The device of that name, or a GPU where there is one and none was named.

    >>> default_device("cpu")
    device(type='cpu')
    """
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def is_main_process() -> bool:
    """True on the process that writes and prints: rank 0, or the only one.

    >>> is_main_process()
    True
    """
    return not is_distributed() or torch.distributed.get_rank() == 0


def run_on_main(func: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> None:
    """Call `func` on rank 0; the others wait until it has ended.

    Raises:
        RuntimeError: on the other ranks, when it failed on rank 0.

    >>> run_on_main(print, ("once",))
    once
    """
    failed: BaseException | None = None
    if is_main_process():
        try:
            func(*args, **(kwargs or {}))
        except Exception as error:
            failed = error
    if is_distributed():
        told = torch.tensor([failed is not None], dtype=torch.int32, device=_meeting_device())
        torch.distributed.broadcast(told, src=0)
        if told.item() and failed is None:
            raise RuntimeError("rank 0 failed; its own error says why")
    if failed is not None:
        raise failed


def main_first(prepare: Callable[[], T]) -> T:
    """What `prepare` gives on rank 0, on all processes; the others wait for it, for hours where it reads much data.

    Args:
        prepare: its result must be one that can be pickled.

    Raises:
        TrainingError: on the other ranks, when it failed on rank 0; there, what it raises.

    >>> main_first(lambda: "ready")
    'ready'
    """
    if not is_distributed():
        return prepare()
    # A group of its own: that of the gradients gives up after ten minutes.
    group = torch.distributed.new_group(backend="gloo", timeout=PATIENCE)
    told: list[Any] = [None, False]
    try:
        if is_main_process():
            told = [prepare(), True]
    finally:
        torch.distributed.broadcast_object_list(told, src=0, group=group)
        torch.distributed.destroy_process_group(group)
    result, is_ready = told
    if not is_ready:
        raise TrainingError("the first process failed; its own error says why")
    return result


def join_processes(backend: str, device: torch.device) -> torch.device:
    """Join the group of processes that `torchrun` started, until this one ends; the device of this one.

    Without `torchrun`, or inside a group that exists already, nothing is joined.

    Args:
        backend: `"nccl"` or `"gloo"`; without a GPU it is gloo.
        device: that was asked for; `cuda` without a number becomes the one of this process.
    """
    if "LOCAL_RANK" in os.environ and str(device) == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if "RANK" in os.environ and "WORLD_SIZE" in os.environ and not is_distributed():
        _meet(backend if device.type == "cuda" else "gloo")
        atexit.register(_leave_processes)
    return device


class Replicated(nn.parallel.DistributedDataParallel):
    """Torch's DDP, through which the attributes of the module stay in reach."""

    alive: ClassVar["weakref.WeakSet[Replicated]"] = weakref.WeakSet()  # all that hold on to the group of processes

    def __init__(self, module: nn.Module, **options: Any) -> None:
        super().__init__(module, **options)
        self.alive.add(self)

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """The module's own in evaluation, where processes may have unequal numbers of batches and must not meet."""
        return super().forward(*inputs, **kwargs) if self.training else self.module(*inputs, **kwargs)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("module"), name)


def parallel(module: nn.Module, device: torch.device, *, mode: str, find_unused: bool) -> nn.Module:
    """`module` for training on all processes of the group; itself where there is no group, or nothing to learn or do.

    Args:
        module: already on `device`.
        device: of this process.
        mode: `"ddp"`: the same weights everywhere, gradients averaged; `"fsdp"`: each process holds a part (FSDP2).
        find_unused: for DDP, where some weights get no gradient.
    """
    if not is_distributed() or not any(weight.requires_grad for weight in module.parameters()):
        return module
    if mode == "fsdp":
        # Here, since it takes a second to import.
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import FSDPModule, fully_shard

        if isinstance(module, FSDPModule):
            return module
        # A mesh of its own: without one, FSDP would take a GPU wherever one is in the machine.
        mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
        _meshes.append(mesh)
        fully_shard(module, mesh=mesh)
        return module
    if isinstance(module, Replicated):
        return module
    return Replicated(
        module, device_ids=[device] if device.type == "cuda" else None, find_unused_parameters=find_unused
    )


def share_buffers(modules: Iterable[nn.Module]) -> None:
    """Give all processes the running means and the like of rank 0, whose are saved, before they evaluate apart."""
    for module in modules:
        if isinstance(module, Replicated):
            for buffer in module.buffers():
                torch.distributed.broadcast(buffer, src=0)


def mean_over_processes(total: float, count: float) -> float:
    """The mean of sums and counts that are spread over the processes; 0 where nothing was counted.

    >>> mean_over_processes(6.0, 4)
    1.5
    """
    if is_distributed():
        both = torch.tensor([total, count], dtype=torch.float64, device=_meeting_device())
        torch.distributed.all_reduce(both)
        total, count = both.tolist()
    return total / count if count else 0.0


def number_of_processes() -> int:
    """How many compute together; 1 without `torchrun`.

    >>> number_of_processes()
    1
    """
    return torch.distributed.get_world_size() if is_distributed() else 1


def highest(value: int) -> int:
    """The highest of the values that the processes bring.

    >>> highest(2)
    2
    """
    if not is_distributed():
        return value
    told = torch.tensor([value], dtype=torch.int32, device=_meeting_device())
    torch.distributed.all_reduce(told, op=torch.distributed.ReduceOp.MAX)
    return int(told.item())


def gather_states(state: Any) -> list[Any]:
    """The states of all processes, by rank, on each of them.

    Args:
        state: numbers, texts, lists and mappings, as in JSON.

    >>> gather_states({"ids": ["a"], "scores": [0.5]})
    [{'ids': ['a'], 'scores': [0.5]}]
    """
    if not is_distributed():
        return [state]
    states: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(states, state)  # among processes of one run, which trust each other
    return states


def _meet(backend: str) -> None:
    """Begin the group of processes.

    Started again after the death of one, the processes of a `torchrun` without `--standalone` meet at the same
    store, where the addresses of those before still are: whoever is quick reads one at which nobody listens any
    more. So each attempt has names of its own, where all processes count attempts alike, as on one machine.
    """
    if os.environ["WORLD_SIZE"] != os.environ.get("LOCAL_WORLD_SIZE"):
        torch.distributed.init_process_group(backend)
        return
    store, rank, size = next(torch.distributed.rendezvous("env://"))  # type: ignore[attr-defined]
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    own = torch.distributed.PrefixStore(f"attempt {attempt}", store)  # type: ignore[attr-defined]
    torch.distributed.init_process_group(backend, store=own, rank=rank, world_size=size)


def _leave_processes() -> None:
    """End the threads of the group while the interpreter still runs.

    A thread of gloo lets go of a tensor after it has told that the work on it is done, and needs the interpreter
    for that: where the interpreter had ended, the process did by SIGABRT. The threads are joined when nothing holds
    the group any more, and a module under DDP or FSDP, which may outlive the interpreter, does hold it.
    """
    if not is_distributed():
        return
    for replicated in list(Replicated.alive):
        for holder in ("reducer", "logger", "process_group"):
            setattr(replicated, holder, None)
    group = torch.distributed.group.WORLD
    torch.distributed.destroy_process_group()
    # FSDP keeps it where only names of its own lead, which change with torch; so whatever holds it lets go of it.
    # The collector does not know of dictionaries of nothing but groups, which the meshes have.
    of_meshes = [value for mesh in _meshes for value in vars(mesh).values() if isinstance(value, dict)]
    for holder in gc.get_referrers(group) + of_meshes:
        attributes = holder if isinstance(holder, dict) else getattr(holder, "__dict__", {})
        for name in [name for name, value in attributes.items() if value is group]:
            attributes[name] = None


def _meeting_device() -> torch.device:
    """Where small tensors meet: NCCL knows only the GPU."""
    if torch.distributed.get_backend() == "nccl":
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("cpu")
