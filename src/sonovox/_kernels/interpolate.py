"""Samples between the samples of a signal, as one operator with its derivatives.

    y[m] = sum_k w(p)[k] x[floor(p) - 7 + k],    p = m step / unit,    k = 0 ... 15

The weights depend on the fraction of p by polynomials of third degree, one for
each of equal parts of [0, 1), which a table holds. The operator is linear in x:
its forward derivative is itself, and its gradient its own transpose.
`interpolate.c` does the work, or `interpolate_by_index`, its torch reference.
"""

from ctypes import CDLL, c_int, c_int64, c_void_p
from typing import Any, NamedTuple

import torch
from torch import Tensor

from sonovox._kernels.load import kernels

__all__ = ["Grid", "TAPS", "TERMS", "interpolate", "interpolate_by_index", "interpolate_piece"]

TAPS = 16
TERMS = 4  # of a polynomial
OUTPUTS_AT_ONCE = 2**13  # of the reference, whose samples and weights take sixteen times that


class Grid(NamedTuple):
    """Where outputs lie, and how blocks cover the signal.

    Attributes:
        step: output m lies at sample `m * step / unit`; the numerator,
        unit: and the denominator.
        frame: samples of a block.
        hop: those in its middle, which are its own; at least `TAPS` less than `frame`, by an even number.
    """

    step: int
    unit: int
    frame: int
    hop: int

    def first_output(self, block: int) -> int:
        """The first output at or after the first sample that is `block`'s own.

        >>> Grid(3, 2, 30, 10).first_output(1)
        7
        """
        return -(-block * self.hop * self.unit // self.step)


def interpolate(blocks: Tensor, table: Tensor, grid: Grid, length: int) -> Tensor:
    """The first `length` outputs.

    Args:
        blocks: `(rows, blocks, frame)`, float32 or float64: block `b` holds the samples from
            `b * hop - (frame - hop) / 2` on.
        table: `(parts, TERMS, TAPS)`, of the dtype of `blocks`, highest power first; no gradient flows to it.
        grid: positions and sizes.
        length: how many outputs, of which none may lie behind the last block's own samples.

    Returns:
        `(rows, length)`.

    >>> hold = torch.zeros(1, TERMS, TAPS)  # the sample before
    >>> hold[0, -1, TAPS // 2 - 1] = 1.0
    >>> blocks = torch.arange(30.0).reshape(1, 1, 30)  # 20 of its own, and 5 before
    >>> interpolate(blocks, hold, Grid(3, 2, 30, 10), 5)
    tensor([[10., 11., 13., 14., 16.]])
    """
    return _apply(blocks, table, *grid, blocks.shape[1], length, False)


def interpolate_piece(blocks: Tensor, table: Tensor, grid: Grid, first: int, out: Tensor) -> None:
    """Write to `out` the outputs of the blocks `(count, frame)` of one signal, whose first is block number `first`.

    Without derivatives, on a CPU. `out`, `(outputs,)`, begins with `grid.first_output(first)`.

    >>> hold = torch.zeros(1, TERMS, TAPS)
    >>> hold[0, -1, TAPS // 2 - 1] = 1.0
    >>> out = torch.empty(3)
    >>> interpolate_piece(torch.arange(30.0).reshape(1, 30), hold, Grid(3, 2, 30, 10), 1, out)
    >>> out  # outputs 7, 8 and 9 at 10.5, 12 and 13.5, in a block that begins with sample 0
    tensor([10., 12., 13.])
    """
    library = kernels().library
    if library is None:
        out.copy_(interpolate_by_index(blocks.unsqueeze(0), table, grid, len(out), first=first)[0])
    else:
        sizes = 1, len(blocks), first, len(out)
        _call(library, blocks.contiguous(), out, table, grid, sizes, transposed=False)


def interpolate_by_index(
    x: Tensor, table: Tensor, grid: Grid, length: int, blocks: int | None = None, first: int = 0
) -> Tensor:
    """The reference of the kernel: samples and weights gathered by their index, on any device.

    Args:
        x: blocks as in `interpolate`; with `blocks`, a gradient `(rows, length)`.
        table: see `interpolate`.
        grid: see `interpolate`.
        length: see `interpolate`.
        blocks: if given, the transpose: how many blocks to give, `(rows, blocks, frame)`.
        first: number of the first block.

    >>> hold = torch.zeros(1, TERMS, TAPS)
    >>> hold[0, -1, TAPS // 2 - 1] = 1.0
    >>> interpolate_by_index(torch.arange(30.0).reshape(1, 1, 30), hold, Grid(3, 2, 30, 10), 5)
    tensor([[10., 11., 13., 14., 16.]])
    """
    y = x.new_zeros(len(x), length if blocks is None else blocks * grid.frame)
    flat = x.flatten(1)
    start, taps = grid.first_output(first), torch.arange(TAPS, device=x.device)
    for done in range(0, length, OUTPUTS_AT_ONCE):
        end = min(done + OUTPUTS_AT_ONCE, length)
        begin, weights = _places(torch.arange(start + done, start + end, device=x.device), table, grid, first)
        index = (begin.unsqueeze(-1) + taps).flatten()
        if blocks is None:
            samples = flat.index_select(1, index).view(len(x), *weights.shape)
            y[:, done:end] = (samples * weights).sum(-1)
        else:
            y.index_add_(1, index, (flat[:, done:end, None] * weights).flatten(1))
    return y if blocks is None else y.view(len(x), blocks, grid.frame)


def _places(outputs: Tensor, table: Tensor, grid: Grid, first: int) -> tuple[Tensor, Tensor]:
    """Where, in blocks one after the other, the first sample of each output is, and the weights `(outputs, TAPS)`."""
    numerator = outputs * grid.step
    sample, rest = numerator // grid.unit, numerator % grid.unit
    block = sample // grid.hop
    begin = (block - first) * grid.frame + (grid.frame - grid.hop) // 2 + sample - block * grid.hop - TAPS // 2 + 1
    at = rest.double() * (len(table) / grid.unit)
    part = at.long().clamp(max=len(table) - 1)
    within = (at - part).to(table.dtype).unsqueeze(-1)
    weights = table[:, 0].index_select(0, part)
    for term in range(1, TERMS):
        weights = torch.addcmul(table[:, term].index_select(0, part), weights, within)
    return begin, weights


def _call(
    library: CDLL,
    blocks: Tensor,
    outputs: Tensor,
    table: Tensor,
    grid: Grid,
    sizes: tuple[int, int, int, int],
    transposed: bool,
) -> None:
    rows, count, first, length = sizes
    table = table.to(blocks.dtype).contiguous()
    addresses = (c_void_p(tensor.data_ptr()) for tensor in (blocks, outputs, table))
    numbers = (rows, count, grid.frame, grid.hop, first, length, grid.step, grid.unit, len(table))
    is_double = blocks.dtype == torch.float64
    library.sonovox_interpolate(*addresses, *map(c_int64, numbers), c_int(transposed), c_int(is_double))


@torch.library.custom_op("sonovox::interpolate", mutates_args=())
def _operator(
    x: Tensor,
    table: Tensor,
    step: int,
    unit: int,
    frame: int,
    hop: int,
    blocks: int,
    length: int,
    transposed: bool,
) -> Tensor:
    grid = Grid(step, unit, frame, hop)
    library = kernels().library
    if library is None or x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64):
        return interpolate_by_index(x, table, grid, length, blocks if transposed else None)
    x = x.contiguous()
    shape = (len(x), blocks, frame) if transposed else (len(x), length)
    y = x.new_zeros(shape) if transposed else x.new_empty(shape)
    _call(library, *((y, x) if transposed else (x, y)), table, grid, (len(x), blocks, 0, length), transposed)
    return y


@_operator.register_fake
def _(
    x: Tensor,
    table: Tensor,
    step: int,
    unit: int,
    frame: int,
    hop: int,
    blocks: int,
    length: int,
    transposed: bool,
) -> Tensor:
    return x.new_empty(x.shape[0], blocks, frame) if transposed else x.new_empty(x.shape[0], length)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, table, *ctx.numbers, ctx.transposed = inputs
    ctx.save_for_backward(table)
    ctx.save_for_forward(table)


def _apply(*arguments: Any) -> Tensor:
    if torch.compiler.is_compiling():
        return torch.ops.sonovox.interpolate(*arguments)
    return _Interpolate.apply(*arguments)


def _gradient(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    (table,) = ctx.saved_tensors
    return _apply(gradient, table, *ctx.numbers, not ctx.transposed), *[None] * 8


def _over_batch(info: Any, in_dims: tuple[int | None, ...], x: Tensor, table: Tensor, *rest: Any) -> tuple[Tensor, int]:
    """The rule of vmap: one more axis of signals becomes more rows."""
    if in_dims[1] is not None:
        raise NotImplementedError("the table of an interpolation is not mapped over")
    y = _apply(x.movedim(in_dims[0] or 0, 0).flatten(0, 1), table, *rest)
    return y.unflatten(0, (info.batch_size, -1)), 0


class _Interpolate(torch.autograd.Function):
    @staticmethod
    def forward(*arguments: Any) -> Tensor:
        return torch.ops.sonovox.interpolate(*arguments)

    setup_context = staticmethod(_save)
    backward = staticmethod(_gradient)
    vmap = staticmethod(_over_batch)

    @staticmethod
    def jvp(ctx: Any, dx: Tensor, *_: Any) -> Tensor:
        (table,) = ctx.saved_tensors
        return _apply(dx, table, *ctx.numbers, ctx.transposed)


_operator.register_autograd(_gradient, setup_context=lambda ctx, inputs, output: _save(ctx, inputs, output))
_operator.register_vmap(_over_batch)
