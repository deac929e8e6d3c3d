"""Gradients and the groups of parameters: what stands between a loss and a step."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["gradient_norm", "parameter_groups"]


def gradient_norm(parameters: Sequence[Tensor], *, clip_to: float = 0.0) -> float:
    """The norm of all gradients together, before they are scaled down to `clip_to`.

    Args:
        parameters: those without a gradient count nothing.
        clip_to: the largest norm that stays; 0 or less leaves the gradients as they are.

    >>> weight = torch.zeros(2, requires_grad=True)
    >>> weight.grad = torch.tensor([3.0, 4.0])
    >>> gradient_norm([weight], clip_to=1.0), weight.grad.norm().item()
    (5.0, 1.0)
    """
    gradients = [weight.grad for weight in parameters if weight.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    value = float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)  # FSDP shards the norm too
    if clip_to > 0 and clip_to < value < float("inf"):
        torch._foreach_mul_(gradients, clip_to / value)
    return value


def parameter_groups(modules: nn.Module, *, without_decay_of_vectors: bool = False) -> list[Any]:
    """All parameters, for an optimiser; those that are frozen now may be wanted later.

    Args:
        modules: whose parameters.
        without_decay_of_vectors: put biases, norms and other vectors in a group with `weight_decay=0`.

    >>> [len(group["params"]) for group in parameter_groups(nn.Linear(2, 2), without_decay_of_vectors=True)]
    [1, 1]
    """
    parameters = list(modules.parameters())
    if not without_decay_of_vectors:
        return parameters
    groups: list[dict[str, Any]] = [
        {"params": [weight for weight in parameters if weight.dim() > 1]},
        {"params": [weight for weight in parameters if weight.dim() <= 1], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
