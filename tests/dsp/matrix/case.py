"""A row of the matrix of properties: an op, tensors to call it with, and what does not apply to it.

    Case("vol", lambda: T.Vol(0.5))                                  # one signal (..., time)
    Case("fftconvolve", lambda: F.fftconvolve, pairs_of_signals)     # inputs of your own
    Case("mu_law_encoding", lambda: ..., differentiable=False, not_applicable={"vmap": "the reason"})

A file `cases_<part>.py` beside this one holds the list `CASES` of a part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

Tensors = tuple[Tensor, ...]


def noise(*shape: int, seed: int = 0) -> Tensor:
    """Gaussian noise, the same at every call."""
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def complex_noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.view_as_complex(noise(*shape, 2, seed=seed))


def signals(leading: tuple[int, ...], time: int) -> Tensors:
    return (noise(*leading, time),)


def spectrograms(bins: int, *, is_complex: bool = False) -> Callable[[tuple[int, ...], int], Tensors]:
    """Inputs of ops on `(..., bins, frames)`: positive, or complex."""

    def make(leading: tuple[int, ...], time: int) -> Tensors:
        shape = (*leading, bins, time)
        return (complex_noise(*shape) if is_complex else noise(*shape).square() + 0.01,)

    return make


@dataclass(frozen=True)
class Case:
    """One op with one set of arguments.

    `inputs(leading, time)` gives float32 (or complex64, or integer) tensors, the
    same at every call. Which of their axes are batch and which are time is read
    from how their shapes change with `leading` and `time`; a tensor that changes
    with neither counts as a parameter (the coefficients of a filter, say).
    """

    name: str
    make: Callable[[], Callable[..., Any]]
    inputs: Callable[[tuple[int, ...], int], Tensors] = signals
    time: int = 700
    other_time: int = 1233  # what an exported program is called with
    short_time: int = 230  # for gradcheck, whose cost grows with it
    differentiable: bool = True
    # Of results in float32, relative to the largest: why it is more than rounding belongs beside it.
    tolerance: float = 1e-5
    not_applicable: Mapping[str, str] = field(default_factory=dict)

    def op(self) -> nn.Module:
        """The op as a module, in evaluation or training mode as `make` left it."""
        made = self.make()
        return made if isinstance(made, nn.Module) else Call(made)

    def batched(self) -> tuple[bool, ...]:
        """For each input, whether its first axis is the batch."""
        return tuple(a.shape != b.shape for a, b in zip(self.inputs((2,), 5), self.inputs((3,), 5), strict=True))

    def time_axes(self) -> tuple[tuple[int, ...], ...]:
        """For each input, the axes that change with the time."""
        pairs = zip(self.inputs((2,), self.time), self.inputs((2,), self.other_time), strict=True)
        return tuple(tuple(axis for axis in range(a.dim()) if a.shape[axis] != b.shape[axis]) for a, b in pairs)


class Call(nn.Module):
    """A function as a module, which `torch.export` asks for."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(*inputs)
