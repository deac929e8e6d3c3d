"""Recursive filters as one operator with all its derivatives.

    y[t] = sum_k b[k] x[t-k] - sum_k a[k] y[t-k],    k of a from 1

Everything is again such a filter: the gradient of the input is the filter run
backwards in time; those of the coefficients correlate the input, and the
output, with the backward run of 1/A; so derivatives of any order follow.

The work is done by `iir.c`, or by `iir_in_blocks`, its torch reference. Both
compute in float64, since in float32 the recursion of a low cutoff would lose
digits; and both look ahead by a block, which costs digits where the order is
high: feedback of more than second order is factored into sections first.
"""

from collections.abc import Callable
from ctypes import c_int64, c_void_p
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._kernels.load import kernels

__all__ = ["iir", "iir_in_blocks", "second_order_sections"]

MOST_FACTORED = 32  # the order beyond which roots are too uncertain, and too many, to be worth it
BLOCK = 64  # samples of a block of the reference: longer ones cost more products, shorter ones more passes


def iir(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Filter each channel of `x` by its own coefficients, from rest.

    Args:
        x: `(rows, filters, time)`, float32 or float64.
        a: `(filters, order)`, float64, feedback coefficients from the first delay on: the leading 1 is not in it.
        b: `(filters, taps)`, float64, at least one tap.

    Returns:
        The shape and dtype of `x`.

    >>> impulse = torch.tensor([[[1.0, 0.0, 0.0, 0.0]]])
    >>> iir(impulse, torch.tensor([[-0.5]]).double(), torch.tensor([[2.0]]).double())
    tensor([[[2.0000, 1.0000, 0.5000, 0.2500]]])
    """
    # Compilers see the operator and its rules; autograd.Function adds what operators cannot have, forward derivatives.
    return torch.ops.sonovox.iir(x, a, b) if torch.compiler.is_compiling() else _Filter.apply(x, a, b)


def iir_in_blocks(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The reference of the kernel: the same by products of matrices, on any device.

    Within a block the response to the input is a triangular Toeplitz matrix;
    the last outputs of all blocks obey a recursion of their own, which is
    solved by doubling; what they do to their next block is another product.

    >>> ones = torch.ones(1, 1, 3)
    >>> iir_in_blocks(ones, torch.tensor([[-1.0]]).double(), torch.tensor([[1.0]]).double())
    tensor([[[1., 2., 3.]]])
    """
    if x.numel() == 0:
        return torch.zeros_like(x)
    y, numerator = x.to(a.dtype), b
    for section in second_order_sections(a).unbind(1):
        y, numerator = _section_in_blocks(y, section, numerator), b.new_ones(b.shape[0], 1)
    return y.to(x.dtype)


def _section_in_blocks(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    rows, filters, time = x.shape
    order, taps = a.shape[-1], b.shape[-1]
    block = max(BLOCK, 1 << max(0, order - 1).bit_length())
    blocks = -(-time // block)
    padded = F.pad(x, (taps - 1, blocks * block - time))
    frames = padded.unfold(-1, block + taps - 1, block)  # (rows, filters, blocks, block + taps - 1)
    if order == 0:
        y = frames @ _feedforward(b, block).mT
        return y.reshape(rows, filters, -1)[..., :time]
    echoes, over_block = _echoes(a, block)  # (filters, block, order), (filters, order, order)
    # The response to an impulse: 1, then what an output of 1 does to the samples after it.
    impulse = F.pad(echoes[:, :-1, 0], (1, 0), value=1.0)
    lag = torch.arange(block, device=x.device)
    lag = lag.unsqueeze(1) - lag  # of output i behind input j
    toeplitz = impulse[:, lag.clamp(min=0)] * (lag >= 0)
    y = frames @ (toeplitz @ _feedforward(b, block)).mT  # (rows, filters, blocks, block)
    last = y[..., -order:].flip(-1)  # newest first: the state that a block leaves, started from rest
    step, power = 1, over_block
    while step < blocks:
        last = torch.cat((last[:, :, :step], last[:, :, step:] + last[:, :, :-step] @ power.mT), dim=2)
        step, power = 2 * step, power @ power
    y[:, :, 1:] += last[:, :, :-1] @ echoes.mT  # the first block starts from rest
    return y.reshape(rows, filters, -1)[..., :time]


def second_order_sections(a: Tensor) -> Tensor:
    """Factor each `1 + a[0] z^-1 + a[1] z^-2 + ...` of `(filters, order)`: to `(filters, sections, 2)`.

    A feedback of first or second order stays as it is, `(filters, 1, order)`, as
    does one beyond order 32. Resonant sections come last, where less follows them.

    >>> second_order_sections(torch.tensor([[-0.9, 0.4, -0.1]]).double())
    tensor([[[-0.5000,  0.0000],
             [-0.4000,  0.2000]]], dtype=torch.float64)
    """
    filters, order = a.shape
    if not 2 < order <= MOST_FACTORED or not bool(a.isfinite().all()):
        return a.unsqueeze(1)
    sections = np.zeros((filters, (order + 1) // 2, 2))
    for index, coefficients in enumerate(a.detach().cpu().double().numpy()):
        roots = np.roots(np.r_[1.0, coefficients])
        real = np.sort(roots[roots.imag == 0].real)
        pairs = [(-2 * root.real, abs(root) ** 2) for root in roots[roots.imag > 0]]
        pairs += [(-(one + other), one * other) for one, other in zip(real[::2], real[1::2], strict=False)]
        if len(real) % 2:
            pairs.append((-real[-1], 0.0))
        pairs.sort(key=lambda pair: abs(pair[1]))
        sections[index, : len(pairs)] = pairs
    return torch.from_numpy(sections).to(a)


def _feedforward(b: Tensor, block: int) -> Tensor:
    """The matrix `(filters, block, block + taps - 1)` that applies `b` to a block and the `taps - 1` samples before."""
    taps = b.shape[-1]
    delay = torch.arange(block).unsqueeze(1) + taps - 1 - torch.arange(block + taps - 1)
    delay = delay.to(b.device)
    return b[:, delay.clamp(0, taps - 1)] * ((delay >= 0) & (delay < taps))


def _echoes(a: Tensor, block: int) -> tuple[Tensor, Tensor]:
    """What the last outputs (newest first) do to each sample of a block, and to those that it leaves."""
    filters, order = a.shape
    companion = torch.diag_embed(a.new_ones(filters, order - 1), offset=-1)
    companion[:, 0] = -a
    echoes, power = companion[:, :1], companion  # row i is the first row of companion^(i+1)
    while echoes.shape[1] < block:
        echoes, power = torch.cat((echoes, echoes @ power), dim=1), power @ power
    return echoes, power  # block is a power of two


def _delayed(x: Tensor, by: int) -> Tensor:
    return F.pad(x, (by, 0))[..., : x.shape[-1]] if by else x


@torch.library.custom_op("sonovox::iir", mutates_args=())
def _operator(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    library = kernels().library
    if library is None or x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64):
        return iir_in_blocks(x, a, b).clone(memory_format=torch.contiguous_format)
    x, sections, b = x.contiguous(), second_order_sections(a.double()).contiguous(), b.double().contiguous()
    y = torch.empty_like(x)
    addresses = (c_void_p(tensor.data_ptr()) for tensor in (x, y, sections, b))
    sizes = (c_int64(size) for size in (*x.shape, *sections.shape[1:], b.shape[-1]))
    if library.sonovox_iir(*addresses, *sizes, x.dtype == torch.float64):
        raise MemoryError("no memory for the state of a filter")
    return y


@_operator.register_fake
def _(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


def _save(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor) -> None:
    ctx.save_for_backward(*inputs, output)
    ctx.save_for_forward(*inputs, output)


def _gradients(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    x, a, b, y = ctx.saved_tensors
    of_x, of_a, of_b = ctx.needs_input_grad
    backwards = gradient.flip(-1)
    grad_x = iir(backwards, a, b).flip(-1) if of_x else None
    grad_a = grad_b = None
    if of_a or of_b:
        through = iir(backwards, a, a.new_ones(a.shape[0], 1)).flip(-1)
        grad_a = -_correlate(through, y, 1, a) if of_a else None
        grad_b = _correlate(through, x, 0, b) if of_b else None
    return grad_x, grad_a, grad_b


def _correlate(gradient: Tensor, signal: Tensor, first: int, like: Tensor) -> Tensor:
    """Sums over rows and time of the gradient times the delayed signal: the shape of the coefficients `like`."""
    time = signal.shape[-1]
    delays = range(first, first + like.shape[-1])
    overlaps = [(min(k, time), max(time - k, 0)) for k in delays]
    products = (gradient.narrow(-1, k, left) * signal.narrow(-1, 0, left) for k, left in overlaps)
    sums = [product.sum((0, 2), dtype=like.dtype) for product in products]
    return torch.stack(sums, dim=-1) if sums else torch.zeros_like(like)


def _feed(signal: Tensor, coefficients: Tensor, first: int) -> Tensor:
    """The sum of the delayed signals, each times its coefficient."""
    total = torch.zeros_like(signal)
    for k in range(coefficients.shape[-1]):
        total = total + (coefficients[:, k : k + 1] * _delayed(signal, first + k)).to(signal.dtype)
    return total


def _over_batch(
    size: int, in_dims: tuple[int | None, ...], tensors: tuple[Tensor, ...], call: Callable[..., Tensor]
) -> tuple[Tensor, int]:
    """The rule of vmap: one more axis becomes more rows, or more filters where coefficients have it."""
    x, a, b = (
        tensor.expand(size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
        for tensor, dim in zip(tensors, in_dims, strict=True)
    )
    _, rows, filters, time = x.shape
    if in_dims[1:] == (None, None):
        return call(x.reshape(size * rows, filters, time), *tensors[1:]).view(x.shape), 0
    y = call(x.transpose(0, 1).reshape(rows, size * filters, time), a.flatten(0, 1), b.flatten(0, 1))
    return y.view(rows, size, filters, time), 1


class _Filter(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return torch.ops.sonovox.iir(x, a, b)

    setup_context = staticmethod(_save)
    backward = staticmethod(_gradients)

    @staticmethod
    def jvp(ctx: Any, dx: Tensor | None, da: Tensor | None, db: Tensor | None) -> Tensor:
        x, a, b, y = ctx.saved_tensors
        tangent = torch.zeros_like(x) if dx is None else iir(dx, a, b)
        if da is None and db is None:
            return tangent
        driven = torch.zeros_like(x)
        if db is not None:
            driven = driven + _feed(x, db, 0)
        if da is not None:
            driven = driven - _feed(y, da, 1)
        return tangent + iir(driven, a, a.new_ones(a.shape[0], 1))

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *tensors: Tensor) -> tuple[Tensor, int]:
        return _over_batch(info.batch_size, in_dims, tensors, iir)


_operator.register_autograd(_gradients, setup_context=lambda ctx, inputs, output: _save(ctx, inputs, output))
_operator.register_vmap(lambda info, in_dims, *tensors: _over_batch(info.batch_size, in_dims, tensors, iir))
