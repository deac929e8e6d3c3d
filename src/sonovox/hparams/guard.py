"""Bounds on what constructors do: numbers are counted before their memory is asked for.

Each operation that makes a tensor runs on the meta device first, which knows the
shape of the result and allocates nothing. Python calls are counted too, so that
ten billion empty layers end as soon as ten billion weights. A dry run, in which
nothing leaves the meta device, tells within a fraction of a second what a file
would come to; the run that counts while it builds is the one that is relied on.
"""

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import CO_GENERATOR
from types import FrameType
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from sonovox.hparams.limits import LimitExceeded, Limits

__all__ = ["Guard"]


# Allocated or copied, at the speed of memory; what else makes a tensor computes it.
_ALLOCATING = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "clone", "_to_copy"}
_LINEAR_ALGEBRA = ("linalg", "qr", "svd", "cholesky")
# What an operation that makes no tensor counts for: as many Python calls take as long.
_CALLS_OF_A_VIEW = 10


class Guard:
    """Runs functions that together make no more numbers, tensors and calls than `limits` allow.

    Args:
        limits: of all that is run.
        dry: run everything on the meta device, where it takes no memory and little time.
    """

    def __init__(self, limits: Limits, *, dry: bool) -> None:
        self.tensors = _TensorCounter(limits, dry=dry)
        self.calls = _CallCounter(limits.calls) if limits.calls is not None else None

    def run(self, function: Callable, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What the function returns.

        Raises:
            LimitExceeded: before the memory is asked for that goes over the limit.
        """
        before = sys.getprofile()
        with self.tensors:
            sys.setprofile(self.calls or before)
            try:
                return function(*args, **kwargs)
            finally:
                sys.setprofile(before)


class _TensorCounter(TorchDispatchMode):
    def __init__(self, limits: Limits, *, dry: bool) -> None:
        super().__init__()
        self.limits = limits
        self.dry = dry
        self.numbers = self.computed = self.tensors = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch imports its compiler for this mode, which takes longer than most files

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        operation = _operation(func)
        counter = sys.getprofile()
        sys.setprofile(None)  # the calls of this file, and of torch's shape functions, are not the constructor's
        try:
            made = None
            if operation.makes_tensors:
                try:
                    made = _on_meta(func, operation, args, kwargs)
                    self.count(operation.name, made)
                except (NotImplementedError, RuntimeError, TypeError):
                    made = None  # its shape depends on the data, or the operation itself is about to fail
            elif isinstance(counter, _CallCounter):
                counter.charge(_CALLS_OF_A_VIEW)
            return made if self.dry and made is not None else func(*args, **kwargs)
        finally:
            sys.setprofile(counter)

    def count(self, name: str, made: Any) -> None:
        numbers = sum([leaf.numel() for leaf in tree_leaves(made) if isinstance(leaf, torch.Tensor)])
        self.tensors += 1
        self.numbers += numbers
        if any(word in name for word in _LINEAR_ALGEBRA):
            self.computed += int(numbers**1.5 / 1000)
        elif name not in _ALLOCATING:
            self.computed += numbers
        for what, count, most in (
            ("numbers in tensors", self.numbers, self.limits.weights),
            ("numbers to compute", self.computed, self.limits.computed),
            ("tensors", self.tensors, self.limits.tensors),
        ):
            if most is not None and count > most:
                raise LimitExceeded(f"at most {most:,} {what}, got {count:.3g}")


@dataclass(frozen=True)
class _Operation:
    name: str
    makes_tensors: bool  # it is neither a view nor in place
    takes_device: bool


@functools.cache
def _operation(func: Any) -> _Operation:
    schema = func._schema
    fresh = any(result.alias_info is None for result in schema.returns)
    takes_device = any(argument.name == "device" for argument in schema.arguments)
    return _Operation(schema.name.removeprefix("aten::"), fresh, takes_device)


def _on_meta(func: Any, operation: _Operation, args: Any, kwargs: dict[str, Any]) -> Any:
    device = {"device": torch.device("meta")} if operation.takes_device else {}
    if operation.name.endswith("_window"):  # on meta these import a compiler
        return torch.ops.aten.empty.memory_format([int(args[0])], **device)
    if operation.name == "empty":  # most tensors are made by it, and from numbers only
        return func(*args, **{**kwargs, **device})
    return func(*tree_map(_as_meta, args), **{**tree_map(_as_meta, kwargs), **device})


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
        code = frame.f_code
        if code.co_name == "_find_and_load" and event in ("call", "return"):
            self.importing += 1 if event == "call" else -1
        if self.importing == 0 and event == "call":
            self.left -= 1
            # Python drops what is raised while it closes a generator or collects garbage, and counts no further.
            if self.left < 0 and not code.co_flags & CO_GENERATOR and code.co_name != "__del__":
                self.charge(0)

    def charge(self, calls: int) -> None:
        """Count so many more.

        Raises:
            LimitExceeded: that is too many.
        """
        self.left -= calls
        if self.left < 0:
            raise LimitExceeded("less work, got more calls than the largest models need")
