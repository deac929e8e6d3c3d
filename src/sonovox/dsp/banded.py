"""Products with matrices that are mostly zeros, such as mel filters and resampling kernels.

The columns are held in groups, each with the empty rows above and below it cut
off: a dozen of small dense products then do a tenth of the work of the whole,
and a matrix too large to be held never has to exist. A building block of `dsp`,
not part of its faces.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["BandedMatrix", "Block"]


class Block(NamedTuple):
    """Columns `first_column` to `first_column + values.shape[1]`, non-zero only in the rows from `first_row`."""

    first_row: int
    first_column: int
    values: Tensor


class BandedMatrix:
    """A matrix `(rows, columns)` as a list of blocks that cover all columns in order.

    >>> matrix = BandedMatrix.from_dense(torch.eye(4), width=2)
    >>> [block.values.shape for block in matrix.blocks]
    [torch.Size([2, 2]), torch.Size([2, 2])]
    >>> matrix.left_multiply(torch.arange(4.0))
    tensor([0., 1., 2., 3.])
    """

    def __init__(self, blocks: Iterable[Block]) -> None:
        self.blocks = list(blocks)

    @classmethod
    def from_dense(cls, matrix: Tensor, *, width: int = 16) -> "BandedMatrix":
        """Cut `matrix` into groups of `width` columns, and each group to its non-zero rows."""
        blocks = []
        for column in range(0, matrix.shape[1], width):
            group = matrix[:, column : column + width]
            rows = group.ne(0).any(dim=1).nonzero()[:, 0].tolist() or [0]
            blocks.append(Block(rows[0], column, group[rows[0] : rows[-1] + 1].contiguous()))
        return cls(blocks)

    def left_multiply(self, x: Tensor) -> Tensor:
        """`x @ matrix` for `x` of `(..., rows)`, differentiable: `(..., columns)`."""
        return torch.cat(
            [x[..., row : row + values.shape[0]] @ values for row, _, values in self.blocks],
            dim=-1,
        )

    def left_multiply_into(self, x: Tensor, out: Tensor) -> None:
        """Write `x @ matrix` into `out`, for `x` of `(n, rows)` and `out` of `(n, columns)`."""
        for row, column, values in self.blocks:
            rows, columns = values.shape
            torch.mm(x[:, row : row + rows], values, out=out[:, column : column + columns])
