"""How the state of an object gets into a checkpoint and back into the object.

In this order: by the hooks that came with it; by `state_dict` and
`load_state_dict`; by SpeechBrain's `save(path)` and `load(path, ...)`, which keep
a file of their own.
"""

import inspect
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError, CheckpointError, CheckpointWarning
from sonovox._internal.processes import is_distributed
from sonovox.training.checkpoints.files import SavedPart
from sonovox.training.checkpoints.sharded import spread_shards
from sonovox.training.checkpoints.state_encoding import encode_state
from sonovox.training.distributed import gather_states

__all__ = ["Captured", "Recoverable", "capture", "restore_files", "restore_state"]

Hook = Callable[..., Any]
_RANKS = "by rank"


@dataclass(frozen=True)
class Recoverable:
    """An object of which checkpoints keep the state.

    Args:
        name: of the files.
        obj: the object.
        load_hook: `load_hook(obj, path, end_of_epoch=...)`, or none.
        save_hook: `save_hook(obj, path)`, or none.
        optional: a checkpoint without it can be loaded.
    """

    name: str
    obj: Any
    load_hook: Hook | None = None
    save_hook: Hook | None = None
    optional: bool = False

    def __post_init__(self) -> None:
        if not self.name or not self.name.isprintable() or set(self.name) & set('/\\:*?"<>|') or self.name[0] == ".":
            raise ArgumentError(
                f"a recoverable cannot be named {self.name!r}", hint="its name becomes the name of a file"
            )
        if self.name.upper() == "CKPT":
            raise ArgumentError(f"the name {self.name!r} is taken by the checkpoint itself", hint="choose another")
        if self.save_hook is None and not (hasattr(self.obj, "state_dict") or hasattr(self.obj, "save")):
            raise ArgumentError(
                f"the recoverable {self.name!r}, a {type(self.obj).__qualname__}, has no state that could be saved",
                hint="give it state_dict and load_state_dict, or save(path) and load(path), or pass hooks",
            )


@dataclass
class Captured:
    """The state of an object at one moment.

    Args:
        part: what goes into the files.
        finite: the names of tensors that must be finite for the state to be of use.
        numbers: the names of tensors that must not be NaN but may be infinite, such as masks.
    """

    part: SavedPart
    finite: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)

    def is_finite(self) -> bool:
        """Whether training can go on from this state."""
        named = self.part.tensors
        return all(_is_finite(named[name]) for name in self.finite) and all(
            _is_finite(named[name], or_infinite=True) for name in self.numbers
        )


def capture(recoverable: Recoverable, *, copy: bool) -> Captured:
    """The state of an object now.

    Args:
        recoverable: the object.
        copy: tensors are copied, so that training may go on while they are written.

    Raises:
        CheckpointError: the state has values that no checkpoint can hold.
    """
    obj, name = recoverable.obj, recoverable.name
    if recoverable.save_hook is not None:
        return Captured(SavedPart(files=_files_of(partial(recoverable.save_hook, obj), name)))
    if not hasattr(obj, "state_dict"):
        return Captured(SavedPart(files=_files_of(obj.save, name)))
    tree, tensors = encode_state(obj.state_dict(), owner=name)
    if _is_per_process(obj):
        return Captured(SavedPart({_RANKS: gather_states(tree)}))
    if copy:
        tensors = {
            key: tensor.clone() if tensor.device.type == "cpu" else tensor.cpu() for key, tensor in tensors.items()
        }
    captured = Captured(SavedPart(tree, tensors))
    if isinstance(obj, nn.Module):
        parameters = {key for key, _ in obj.named_parameters(remove_duplicate=False)}
        captured.finite, captured.numbers = parameters & tensors.keys(), tensors.keys() - parameters
    elif isinstance(obj, torch.optim.Optimizer):
        captured.finite = set(tensors)
    return captured


def restore_state(recoverable: Recoverable, state: Any) -> None:
    """Give an object its state.

    Raises:
        CheckpointError: the object does not take it, with the object's own words.
    """
    if not hasattr(recoverable.obj, "load_state_dict"):
        raise CheckpointError(
            f"{recoverable.name} was saved as a state, but {type(recoverable.obj).__qualname__} has no load_state_dict",
            hint="give it one, or take it out of the recoverables",
        )
    if _is_per_process(recoverable.obj):
        rank = torch.distributed.get_rank() if is_distributed() else 0
        if rank >= len(state[_RANKS]):
            warnings.warn(
                f"{recoverable.name} was saved by {len(state[_RANKS])} processes; rank {rank} keeps its own",
                CheckpointWarning,
                stacklevel=5,
            )
            return
        state = state[_RANKS][rank]
    if is_distributed():
        state = spread_shards(recoverable.obj, state)
    try:
        recoverable.obj.load_state_dict(state)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{recoverable.name} does not take the saved state: {error}",
            hint="build the same objects as in the run that saved it",
        ) from error


def restore_files(recoverable: Recoverable, path: Path, *, end_of_epoch: bool) -> None:
    """Let an object, or its hook, read the file that it wrote."""
    options = {"end_of_epoch": end_of_epoch, "device": None}
    if recoverable.load_hook is not None:
        recoverable.load_hook(recoverable.obj, path, **_accepted(recoverable.load_hook, options))
        return
    if not hasattr(recoverable.obj, "load"):
        raise CheckpointError(
            f"{recoverable.name} was saved as a file, but {type(recoverable.obj).__qualname__} has no load(path)",
            hint="give it one, or pass a load hook",
        )
    recoverable.obj.load(path, **_accepted(recoverable.obj.load, options))


def _is_per_process(obj: Any) -> bool:
    """Whether each process has a state of its own, without tensors; other states are the same on all."""
    return bool(getattr(obj, "per_process", False))


def _files_of(save: Callable[[Path], Any], name: str) -> dict[str, bytes]:
    """What a method that writes to a path has written: one file, several, or a folder."""
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder, f"{name}.ckpt"))
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    if not files:
        raise CheckpointError(f"the save of {name} wrote nothing to the path that it was given")
    return files


def _accepted(function: Hook, options: dict[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    return {key: value for key, value in options.items() if takes_all or key in parameters}


def _is_finite(tensor: Tensor, *, or_infinite: bool = False) -> bool:
    if not tensor.is_floating_point() or tensor.numel() == 0:
        return True
    if tensor.element_size() == 1:  # float8 has no minimum
        tensor = tensor.float()
    # One pass without a mask in memory: NaN and infinity survive in the extremes.
    extremes = torch.stack(torch.aminmax(tensor))
    return not bool(extremes.isnan().any()) if or_infinite else bool(extremes.isfinite().all())
