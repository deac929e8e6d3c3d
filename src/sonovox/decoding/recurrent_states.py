"""States of recurrent layers, `(layers, rows, features)`, of which an LSTM has two: some rows of them."""

from typing import Any

import torch
from torch import Tensor

__all__ = ["join_states", "replace_states", "select_states"]


def select_states(states: Any, rows: Tensor) -> Any:
    """The states of `rows`; None stays None.

    >>> select_states((torch.zeros(1, 3, 2), torch.ones(1, 3, 2)), torch.tensor([2]))[1]
    tensor([[[1., 1.]]])
    """
    if isinstance(states, tuple | list):
        return type(states)(select_states(part, rows) for part in states)
    return None if states is None else states.index_select(1, rows)


def replace_states(states: Any, rows: Tensor, fresh: Any) -> Any:
    """The states with `fresh` ones in `rows`.

    >>> replace_states(torch.zeros(1, 2, 2), torch.tensor([1]), torch.ones(1, 1, 2))
    tensor([[[0., 0.],
             [1., 1.]]])
    """
    if isinstance(states, tuple | list):
        return type(states)(replace_states(*parts) for parts in zip(states, [rows] * len(states), fresh, strict=True))
    return None if states is None else states.index_copy(1, rows, fresh)


def join_states(several: list[Any]) -> Any:
    """The rows of several states, one after the other.

    >>> join_states([torch.zeros(1, 2, 2), torch.ones(1, 1, 2)]).shape
    torch.Size([1, 3, 2])
    """
    if isinstance(several[0], tuple | list):
        return type(several[0])(join_states(list(parts)) for parts in zip(*several, strict=True))
    return None if several[0] is None else torch.cat(several, dim=1)
