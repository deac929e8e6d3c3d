"""The mean of the weights of several checkpoints, which is often better than the best of them.

Izmailov et al., "Averaging weights leads to wider optima and better
generalization", 2018; for the last checkpoints of speech recognisers, Karita et al.,
"A comparative study on Transformer vs RNN in speech applications", 2019.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError, CheckpointError
from sonovox.training.checkpoints import speechbrain
from sonovox.training.checkpoints.files import read_part, verify_checkpoint
from sonovox.training.checkpoints.search import Checkpoint

__all__ = ["average_checkpoints", "average_state_dicts", "load_parameters"]


def average_state_dicts(state_dicts: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each tensor over several states, summed in float64 and of the dtype that it had.

    Whole numbers, such as counts of batches, become the mean without its fraction;
    booleans are those of the first state.

    Args:
        state_dicts: with the same names and shapes.

    Raises:
        ArgumentError: there is none.
        CheckpointError: names or shapes differ.

    >>> average_state_dicts([{"w": torch.tensor([1.0, 2.0])}, {"w": torch.tensor([2.0, 6.0])}])
    {'w': tensor([1.5000, 4.0000])}
    """
    states = iter(state_dicts)
    first = next(states, None)
    if first is None:
        raise ArgumentError("there is nothing to average", hint="give at least one checkpoint")
    sums = {name: tensor.to(_wide(tensor.dtype)) for name, tensor in first.items()}
    count = 1
    for state in states:
        count += 1
        _check_alike(first, state)
        for name, tensor in state.items():
            if tensor.dtype != torch.bool:
                sums[name] = sums[name] + tensor
    return {name: _mean(total, count).to(first[name].dtype) for name, total in sums.items()}


def load_parameters(path: Path, map_location: str | torch.device = "cpu") -> Any:
    """The state of one recoverable, from the file that `Checkpoint.paramfiles` names; it is verified.

    Args:
        path: of our checkpoints or of SpeechBrain's.
        map_location: the device of the tensors of a module.

    Raises:
        CheckpointError: the file is damaged or cannot be read safely.
    """
    if speechbrain.is_one(path.parent):
        state = speechbrain.read_part(path)
    else:
        verify_checkpoint(path.parent)
        state = read_part(path.parent, path.name.removesuffix(path.suffix))
    if not isinstance(state, Mapping):
        return state
    return {name: value.to(map_location) if isinstance(value, Tensor) else value for name, value in state.items()}


def average_checkpoints(
    checkpoint_list: Iterable[Checkpoint],
    recoverable_name: str,
    parameter_loader: Callable[..., Any] = load_parameters,
    averager: Callable[[Iterator[Any]], Any] = average_state_dicts,
) -> Any:
    """The averaged state of one recoverable, for its `load_state_dict`; one checkpoint at a time is in memory.

    Args:
        checkpoint_list: such as `checkpointer.find_checkpoints(min_key="WER", max_num_checkpoints=5)`.
        recoverable_name: such as `"model"`.
        parameter_loader: called as `loader(path, map_location="cpu")`.
        averager: of an iterator of states.

    Raises:
        ArgumentError: there are no checkpoints, or one does not have the recoverable.
        CheckpointError: one is damaged, or they do not have the same weights.

    >>> import tempfile
    >>> from sonovox.training import Checkpointer
    >>> model = torch.nn.Linear(1, 1)
    >>> checkpointer = Checkpointer(tempfile.mkdtemp(), {"model": model})
    >>> for value in (1.0, 4.0):
    ...     _ = torch.nn.init.constant_(model.weight, value)
    ...     _ = checkpointer.save_checkpoint()
    >>> average_checkpoints(checkpointer.find_checkpoints(), "model")["weight"]
    tensor([[2.5000]])
    """
    checkpoints = list(checkpoint_list)
    for checkpoint in checkpoints:
        if recoverable_name not in checkpoint.paramfiles:
            raise ArgumentError(
                f"{checkpoint.path} has no {recoverable_name!r}, but {', '.join(checkpoint.paramfiles)}",
                hint="give the name under which it was added to the Checkpointer",
            )
    files = (checkpoint.paramfiles[recoverable_name] for checkpoint in checkpoints)
    return averager(parameter_loader(file, map_location="cpu") for file in files)


def _wide(dtype: torch.dtype) -> torch.dtype:
    if dtype.is_complex:
        return torch.complex128
    if dtype.is_floating_point:
        return torch.float64
    return dtype if dtype == torch.bool else torch.int64


def _mean(total: Tensor, count: int) -> Tensor:
    if total.dtype == torch.bool:
        return total
    if total.dtype == torch.int64:
        return total.div(count, rounding_mode="trunc")
    return total / count


def _check_alike(first: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    if differing := sorted(first.keys() ^ other.keys()):
        raise CheckpointError(f"states with different weights cannot be averaged: {', '.join(differing[:10])}")
    for name, tensor in first.items():
        if tensor.shape != other[name].shape:
            raise CheckpointError(f"{name} has the shapes {tuple(tensor.shape)} and {tuple(other[name].shape)}")
