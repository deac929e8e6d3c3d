"""States of models that are spread over processes (FSDP2): saved whole, and spread again when they are read.

So a checkpoint is the same whatever wrote it, and is read by any number of
processes. While it is made, each tensor is whole on every process for a moment.
"""

import copy
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

__all__ = ["gather_shards", "spread_shards"]


def gather_shards(tensor: Tensor) -> Tensor:
    """The whole of a tensor of which this process may hold only a part; all processes must ask for it."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def spread_shards(obj: Any, state: Any) -> Any:
    """The state of a module or an optimiser with each tensor spread as the object has it.

    Args:
        obj: modules and optimisers whose weights are spread over processes; others are left alone.
        state: with whole tensors.
    """
    if isinstance(obj, nn.Module):
        own, state = obj.state_dict(), copy.copy(state)  # with the versions that modules note in it
        state.update({name: _like(own.get(name), value) for name, value in state.items()})
        return state
    if isinstance(obj, Optimizer):
        weights = [weight for group in obj.param_groups for weight in group["params"]]
        spread = {
            index: {name: _like(weights[index], value) for name, value in values.items()}
            for index, values in state["state"].items()
        }
        return {**state, "state": spread}
    return state


def _like(own: Any, value: Any) -> Any:
    if not hasattr(own, "full_tensor") or not isinstance(value, Tensor) or value.shape != own.shape:
        return value  # such as the number of steps of Adam, which each process has for itself
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(value.to(own.device), own.device_mesh, own.placements)
