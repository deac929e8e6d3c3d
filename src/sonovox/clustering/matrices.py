"""What the clusterings have in common: their input and the numbers of their clusters."""

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError

__all__ = ["check_count", "check_square", "numbered"]


def check_square(name: str, matrix: Tensor) -> None:
    """Refuse what is not a square matrix of finite numbers.

    Raises:
        ArgumentError: naming the shape that came.
    """
    if matrix.dim() != 2 or matrix.shape[0] != matrix.shape[1] or 0 in matrix.shape:
        raise ArgumentError(f"{name} must be (items, items), got {tuple(matrix.shape)}", hint="a value for each pair")
    if not bool(torch.isfinite(matrix).all()):
        raise ArgumentError(f"{name} must not hold NaN or infinity", hint="see torch.isfinite")


def check_count(name: str, count: int | None, size: int) -> None:
    """Refuse a number of clusters that `size` items cannot have.

    Raises:
        ArgumentError: naming it.
    """
    if count is not None and not 1 <= count <= size:
        raise ArgumentError(f"{name} must be from 1 to the {size} items, got {count}")


def numbered(labels: Tensor) -> Tensor:
    """`labels` with the names 0, 1, … in the order in which they first appear.

    >>> numbered(torch.tensor([7, 7, 2, 7, 5]))
    tensor([0, 0, 1, 0, 2])
    """
    order = {label: number for number, label in enumerate(dict.fromkeys(labels.tolist()))}
    return torch.tensor([order[label] for label in labels.tolist()], dtype=torch.long)
