"""Tensors of different lengths in one padded tensor, and out of it again."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.data.batch_memory import batch_array
from sonovox.dsp.lengths import lengths_to_counts

__all__ = ["batch_pad_right", "undo_padding"]


def batch_pad_right(tensors: Sequence[Tensor], mode: str = "constant", value: float = 0) -> tuple[Tensor, Tensor]:
    """The tensors in one batch, padded at the end of their first axis, and the lengths as shares of the longest.

    Args:
        tensors: each `(time, ...)`, with the same sizes after the first.
        mode: of `torch.nn.functional.pad`.
        value: to pad with.

    Returns:
        `(batch, longest time, ...)`, of the dtype to which all can be converted, and `(batch,)` in [0, 1].

    Raises:
        ArgumentError: no tensors, scalars, or shapes that differ beyond the first axis.

    >>> batch_pad_right([torch.ones(2), torch.ones(4)])
    (tensor([[1., 1., 0., 0.],
            [1., 1., 1., 1.]]), tensor([0.5000, 1.0000]))
    """
    _check(tensors)
    counts = [len(tensor) for tensor in tensors]
    longest = max(counts)
    lengths = torch.tensor([count / max(longest, 1) for count in counts])
    if mode == "constant":
        if arrays := _plain_arrays(tensors):
            return torch.from_numpy(_pad_arrays(arrays, longest, value)), lengths
        dtype = tensors[0].dtype
        for tensor in tensors[1:]:
            dtype = torch.promote_types(dtype, tensor.dtype)
        padded = tensors[0].new_full((len(tensors), longest, *tensors[0].shape[1:]), value, dtype=dtype)
        for i, tensor in enumerate(tensors):
            padded[i, : len(tensor)] = tensor
        return padded, lengths
    # Other modes pad the last axis, and only of tensors with a channel axis before it.
    flat = [tensor.flatten(1).T if tensor.dim() > 1 else tensor.unsqueeze(0) for tensor in tensors]  # (n, time)
    rows = [F.pad(row.unsqueeze(0), (0, longest - row.shape[-1]), mode)[0].T for row in flat]
    return torch.stack([row.reshape(longest, *tensors[0].shape[1:]) for row in rows]), lengths


def undo_padding(batch: Tensor, lengths: Tensor) -> list[list[Any]]:
    """The items of a padded batch as lists of numbers, without their padding.

    Args:
        batch: `(batch, time, ...)`.
        lengths: `(batch,)`, shares of the time axis in (0, 1].

    >>> undo_padding(torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.tensor([1.0, 0.67]))
    [[1, 2, 3], [4, 5]]
    """
    counts = lengths_to_counts(lengths, batch.shape[1]).tolist()
    return [item[:count].tolist() for item, count in zip(batch, counts, strict=True)]


def _plain_arrays(tensors: Sequence[Tensor]) -> list[np.ndarray]:
    """The tensors as arrays of one dtype, of the same memory; none where one is on a GPU, has a gradient and such."""
    if len({tensor.dtype for tensor in tensors}) > 1:
        return []
    try:
        return [tensor.numpy() for tensor in tensors]
    except (TypeError, RuntimeError):  # numpy has no bfloat16, and torch shares no tensor that needs a gradient
        return []


def _pad_arrays(arrays: Sequence[np.ndarray], longest: int, value: float) -> np.ndarray:
    # Twice as fast as through torch: NumPy slices quicker.
    padded = batch_array((len(arrays), longest, *arrays[0].shape[1:]), arrays[0].dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = array
        row[len(array) :] = value
    return padded


def _check(tensors: Sequence[Tensor]) -> None:
    if len(tensors) == 0:
        raise ArgumentError("tensors must hold at least one, got none")
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if any(len(shape) == 0 for shape in shapes):
        raise ArgumentError(
            "tensors must have a time axis to be padded, got a scalar",
            hint="return a Python number, or leave the key out of padded_keys",
        )
    for i, shape in enumerate(shapes):
        if len(shape) != len(shapes[0]):
            raise ArgumentError(
                f"tensors must have the same number of dimensions, got {shapes[0]} at 0 and {shape} at {i}",
                hint="is one stereo? average its channels",
            )
        if shape[1:] != shapes[0][1:]:
            raise ArgumentError(
                f"tensors must differ in their first axis only, got {shapes[0]} at 0 and {shape} at {i}",
                hint="bring time to the first axis, for example x.T",
            )
