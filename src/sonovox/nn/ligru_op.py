"""The loop of light gated recurrent units: directly, and as one operation for the compiler.

A building block of `nn.ligru`, not a layer.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox.nn.recomputed_gradient import recomputed_gradient

__all__ = ["ACTIVATIONS", "light_recurrence"]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "leaky_relu": F.leaky_relu,
    "relu": F.relu,
    "sin": torch.sin,
    "tanh": torch.tanh,
}


def light_recurrence(
    projected: Tensor,
    first: Tensor,
    u: Tensor,
    nonlinearity: str,
    kept: Tensor | None = None,
    norm: Sequence[Tensor] | None = None,
) -> Tensor:
    """`h[t] = z h[t-1] + (1 - z) f(a)`, with `[a, z] = projected[t] + U h[t-1]`, and z through a sigmoid.

    Args:
        projected: `(batch, time, 2 * hidden)`.
        first: `(batch, hidden)`.
        u: `(2 * hidden, hidden)`.
        nonlinearity: f, one of `ACTIVATIONS`.
        kept: factors of f(a), `(batch, hidden)`.
        norm: normalise U h over its features; with scale and shift where two tensors are given.

    Returns:
        `(batch, time, hidden)`.

    >>> light_recurrence(torch.ones(1, 2, 2), torch.zeros(1, 1), torch.zeros(2, 1), "relu")[0, :, 0]
    tensor([0.2689, 0.4656])
    """
    tensors = [projected, first, u, *([] if kept is None else [kept]), *(norm or ())]
    run = _light_recurrence if torch.compiler.is_compiling() else _run
    return run(tensors, nonlinearity, kept is not None, norm is not None)


def _run(tensors: Sequence[Tensor], nonlinearity: str, has_kept: bool, normalised: bool) -> Tensor:
    projected, h, u, *others = tensors
    kept = others.pop(0) if has_kept else None
    scale, shift = others or (None, None)
    activation, transposed = ACTIVATIONS[nonlinearity], u.t()
    states = []
    for step in projected.unbind(1):
        if normalised:
            gates = step + F.layer_norm(h @ transposed, (len(u),), scale, shift)
        else:
            gates = torch.addmm(step, h, transposed)
        a, z = gates.chunk(2, dim=1)
        candidate = activation(a) if kept is None else activation(a) * kept
        h = torch.lerp(candidate, h, torch.sigmoid(z))
        states.append(h)
    return torch.stack(states, dim=1)


@torch.library.custom_op("sonovox::light_recurrence", mutates_args=())
def _light_recurrence(tensors: Sequence[Tensor], nonlinearity: str, has_kept: bool, normalised: bool) -> Tensor:
    return _run(tensors, nonlinearity, has_kept, normalised)


@_light_recurrence.register_fake
def _(tensors: Sequence[Tensor], nonlinearity: str, has_kept: bool, normalised: bool) -> Tensor:
    projected, first = tensors[0], tensors[1]
    return projected.new_empty(*projected.shape[:2], first.shape[1])


@torch.library.custom_op("sonovox::light_recurrence_gradient", mutates_args=())
def _light_recurrence_gradient(
    gradient: Tensor, tensors: Sequence[Tensor], nonlinearity: str, has_kept: bool, normalised: bool
) -> list[Tensor]:
    def again(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        return [_run(inputs, nonlinearity, has_kept, normalised)]

    return recomputed_gradient(again, tensors, [gradient])


@_light_recurrence_gradient.register_fake
def _(gradient: Tensor, tensors: Sequence[Tensor], nonlinearity: str, has_kept: bool, normalised: bool) -> list[Tensor]:
    return [torch.empty_like(tensor, memory_format=torch.contiguous_format) for tensor in tensors]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    tensors, *ctx.options = inputs
    ctx.save_for_backward(*tensors)


def _gradient(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    return _light_recurrence_gradient(gradient, list(ctx.saved_tensors), *ctx.options), None, None, None


_light_recurrence.register_autograd(_gradient, setup_context=_keep)
