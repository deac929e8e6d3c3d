"""A delay line with feedback whose delay and strength change in time, as one operator with its derivatives.

    y[t] = x[t] + sum_j w[t, j] y[t - d[t] - j]

It is linear in x: its forward derivative is itself, and its gradient its own
transpose, which is this operator again. `feedback.c` does the work, or
`feedback_in_runs`, its torch reference; both compute in float64.
"""

from ctypes import c_int, c_int64, c_void_p
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._kernels.load import kernels

__all__ = ["feedback", "feedback_in_runs"]


def feedback(x: Tensor, delays: Tensor, weights: Tensor, transposed: bool = False) -> Tensor:
    """Run each channel of `x` through its delay line, from rest.

    Args:
        x: `(rows, lines, time)`, float32 or float64.
        delays: `(lines, time)`, int64, at least 1, in samples.
        weights: `(lines, time, taps)`, float64; no gradient flows to them.
        transposed: the gradient's direction.

    Returns:
        The shape and dtype of `x`.

    >>> impulse = torch.tensor([[[1.0, 0.0, 0.0, 0.0, 0.0]]])
    >>> feedback(impulse, torch.full((1, 5), 2), torch.full((1, 5, 1), 0.5).double())
    tensor([[[1.0000, 0.0000, 0.5000, 0.0000, 0.2500]]])
    """
    if torch.compiler.is_compiling():
        return torch.ops.sonovox.feedback(x, delays, weights, transposed)
    return _Feedback.apply(x, delays, weights, transposed)


def feedback_in_runs(x: Tensor, delays: Tensor, weights: Tensor, transposed: bool = False) -> Tensor:
    """The reference of the kernel: runs of samples that need none of their own run, each at once, on any device.

    >>> impulse = torch.tensor([[[1.0, 0.0, 0.0, 0.0]]])
    >>> feedback_in_runs(impulse, torch.full((1, 4), 1), torch.full((1, 4, 1), -1.0).double())
    tensor([[[ 1., -1.,  1., -1.]]])
    """
    time, taps = x.shape[-1], weights.shape[-1]
    rest = int(delays.max()) + taps - 1 if delays.numel() else 0  # zeros before the signal
    y = F.pad(x.to(weights.dtype), (rest, 0))
    tap = torch.arange(taps, device=x.device)
    sources = (torch.arange(time, device=x.device) - delays + rest).unsqueeze(-1) - tap  # (lines, time, taps)
    runs = _runs(delays)
    for start, end in reversed(runs) if transposed else runs:
        here, there = slice(rest + start, rest + end), sources[:, start:end].flatten(1).expand(x.shape[0], -1, -1)
        strength = weights[:, start:end]
        if transposed:
            y.scatter_add_(2, there, (y[..., here].unsqueeze(-1) * strength).flatten(2))
        else:
            y[..., here] += (y.gather(2, there).unflatten(2, (end - start, taps)) * strength).sum(-1)
    return y[..., rest:].to(x.dtype)


def _runs(delays: Tensor) -> list[tuple[int, int]]:
    newest = (torch.arange(delays.shape[-1], device=delays.device) - delays).amax(0).tolist() if delays.numel() else []
    runs, start = [], 0
    for t, source in enumerate(newest):
        if source >= start:
            runs.append((start, t))
            start = t
    return [*runs, (start, len(newest))]


@torch.library.custom_op("sonovox::feedback", mutates_args=())
def _operator(x: Tensor, delays: Tensor, weights: Tensor, transposed: bool) -> Tensor:
    library = kernels().library
    if library is None or x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64):
        return feedback_in_runs(x, delays, weights, transposed).clone(memory_format=torch.contiguous_format)
    x, delays, weights = x.contiguous(), delays.contiguous(), weights.double().contiguous()
    y = torch.empty_like(x)
    addresses = (c_void_p(tensor.data_ptr()) for tensor in (x, y, delays, weights))
    sizes = (c_int64(size) for size in (*x.shape, weights.shape[-1]))
    if library.sonovox_feedback(*addresses, *sizes, c_int(transposed), c_int(x.dtype == torch.float64)):
        raise MemoryError("no memory for a delay line")
    return y


@_operator.register_fake
def _(x: Tensor, delays: Tensor, weights: Tensor, transposed: bool) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


def _save(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor, bool], output: Tensor) -> None:
    _, delays, weights, ctx.transposed = inputs
    ctx.save_for_backward(delays, weights)
    ctx.save_for_forward(delays, weights)


def _gradient(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
    delays, weights = ctx.saved_tensors
    return feedback(gradient, delays, weights, not ctx.transposed), None, None, None


def _over_batch(
    info: Any, in_dims: tuple[int | None, ...], x: Tensor, delays: Tensor, weights: Tensor, transposed: bool
) -> tuple[Tensor, int]:
    """The rule of vmap: one more axis of signals becomes more rows, one of delays or weights more lines."""
    size = info.batch_size
    x, delays, weights = (
        tensor.expand(size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
        for tensor, dim in zip((x, delays, weights), in_dims, strict=False)
    )
    rows, lines, time = x.shape[1:]
    y = feedback(
        x.transpose(0, 1).reshape(rows, size * lines, time), delays.flatten(0, 1), weights.flatten(0, 1), transposed
    )
    return y.view(rows, size, lines, time), 1


class _Feedback(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, delays: Tensor, weights: Tensor, transposed: bool) -> Tensor:
        return torch.ops.sonovox.feedback(x, delays, weights, transposed)

    setup_context = staticmethod(_save)
    backward = staticmethod(_gradient)
    vmap = staticmethod(_over_batch)

    @staticmethod
    def jvp(ctx: Any, dx: Tensor, *_: Any) -> Tensor:
        delays, weights = ctx.saved_tensors
        return feedback(dx, delays, weights, ctx.transposed)


_operator.register_autograd(_gradient, setup_context=lambda ctx, inputs, output: _save(ctx, inputs, output))
_operator.register_vmap(_over_batch)
