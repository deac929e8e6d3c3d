"""Products with matrices that are mostly zeros, such as mel filters and resampling kernels.

The columns are held in groups, each with the empty rows above and below it cut
off: a dozen small dense products then do a tenth of the work of the whole, and a
matrix too large to be held never has to exist. A building block of `dsp`, not
part of its faces.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Block", "banded_product", "banded_product_into", "cut_bands"]


@dataclass(frozen=True)
class Block:
    """Some neighbouring columns of a matrix: `values`, and zeros above and below it."""

    first_row: int
    first_column: int
    values: Tensor


def cut_bands(matrix: Tensor, *, width: int = 16) -> tuple[Block, ...]:
    """The columns of `matrix` in groups of `width`, without the empty rows above and below.

    >>> [tuple(block.values.shape) for block in cut_bands(torch.eye(4), width=2)]
    [(2, 2), (2, 2)]
    """
    blocks = []
    for column in range(0, matrix.shape[1], width):
        group = matrix[:, column : column + width]
        rows = group.ne(0).any(dim=1).nonzero()[:, 0].tolist() or [0]
        blocks.append(Block(rows[0], column, group[rows[0] : rows[-1] + 1].contiguous()))
    return tuple(blocks)


def banded_product(x: Tensor, blocks: Sequence[Block]) -> Tensor:
    """`x @ matrix`, differentiable, for `x` of `(..., rows)` and blocks that cover all columns in order.

    >>> banded_product(torch.arange(4.0), cut_bands(2 * torch.eye(4)))
    tensor([0., 2., 4., 6.])
    """
    products = [x[..., block.first_row : block.first_row + len(block.values)] @ block.values for block in blocks]
    return torch.cat(products, dim=-1)


def banded_product_into(x: Tensor, blocks: Sequence[Block], out: Tensor) -> None:
    """Write `x @ matrix` into `out`, for `x` of `(n, rows)` and `out` of `(n, columns)`."""
    for block in blocks:
        rows, columns = block.values.shape
        columns_out = out[:, block.first_column : block.first_column + columns]
        rows_in = x[:, block.first_row : block.first_row + rows]
        if columns <= 2:  # MKL takes a quarter of the time for so few rows of a result as for so few columns
            columns_out.copy_(torch.mm(block.values.t().contiguous(), rows_in.t()).t())
        else:
            torch.mm(rows_in, block.values, out=columns_out)
