"""Bounds on what constructors do: numbers are counted before their memory is asked for.

Each operation that makes a tensor runs on the meta device first, which knows the
shape of the result and allocates nothing. Python calls are counted too, so that
ten billion empty layers end as soon as ten billion weights.
"""

import contextlib
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from sonovox.hparams.limits import LimitExceeded, Limits

__all__ = ["bounded"]


@contextlib.contextmanager
def bounded(limits: Limits) -> Iterator[None]:
    """What happens inside ends by `LimitExceeded` when it makes more numbers, tensors or calls than `limits` allow."""
    if limits.weights is None or limits.tensors is None or limits.calls is None:
        yield
        return
    before = sys.getprofile()
    sys.setprofile(_CallCounter(limits.calls))
    try:
        with _AllocationCounter(limits.weights, limits.tensors):
            yield
    finally:
        sys.setprofile(before)


class _AllocationCounter(TorchDispatchMode):
    def __init__(self, max_numbers: int, max_tensors: int) -> None:
        super().__init__()
        self.max_numbers, self.max_tensors = max_numbers, max_tensors
        self.numbers, self.tensors = 0, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if any(result.alias_info is None for result in func._schema.returns):
            self.count(func, args, kwargs)
        return func(*args, **kwargs)

    def count(self, func: Any, args: Any, kwargs: dict[str, Any]) -> None:
        inputs = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        on_meta = {
            name: torch.device("meta") for name in ("device",) if any(a.name == name for a in func._schema.arguments)
        }
        if all(tensor.is_meta for tensor in inputs) and (inputs or str(kwargs.get("device")) == "meta"):
            return  # the caller builds without memory
        try:
            made = func(*tree_map(_as_meta, args), **{**tree_map(_as_meta, kwargs), **on_meta})
        except (NotImplementedError, RuntimeError, TypeError):
            return  # its shape depends on the data, or the operation itself is about to fail
        self.tensors += 1
        self.numbers += sum(leaf.numel() for leaf in tree_leaves(made) if isinstance(leaf, torch.Tensor))
        if self.numbers > self.max_numbers:
            raise LimitExceeded(f"at most {self.max_numbers:.0e} numbers in tensors, got {self.numbers:.1e}")
        if self.tensors > self.max_tensors:
            raise LimitExceeded(f"at most {self.max_tensors} tensors, got more")


def _as_meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
    return value


class _CallCounter:
    """A profile function that counts calls, those of imports left out."""

    def __init__(self, most: int) -> None:
        self.left = most
        self.importing = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if frame.f_code.co_name == "_find_and_load" and event in ("call", "return"):
            self.importing += 1 if event == "call" else -1
        if self.importing == 0:
            self.left -= 1
            if self.left < 0:
                raise LimitExceeded("less work, got more calls than the largest models need")
