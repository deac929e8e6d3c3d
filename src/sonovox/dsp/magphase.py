"""Magnitude and phase of complex tensors, and of pairs of real numbers, as spectra were before torch 1.8."""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.frames import safe_power

__all__ = ["ComplexNorm", "angle", "complex_norm", "magphase"]


def magphase(complex_tensor: Tensor, power: float = 1.0) -> tuple[Tensor, Tensor]:
    """Magnitude to a power, and phase.

    Args:
        complex_tensor: complex, or real of shape `(..., 2)`: real and imaginary part.
        power: of the magnitude.

    Returns:
        Magnitudes and phases `(...)`, the phases in radians, -pi to pi. Their derivative at zero is zero.

    Raises:
        ArgumentError: neither complex nor pairs.

    >>> magphase(torch.tensor([2j, -3.0 + 0j]), power=2.0)
    (tensor([4., 9.]), tensor([1.5708, 3.1416]))
    """
    return complex_norm(complex_tensor, power), angle(complex_tensor)


def complex_norm(complex_tensor: Tensor, power: float = 1.0) -> Tensor:
    """Magnitude to a power.

    Args:
        complex_tensor: see `magphase`, as is `power`.

    >>> complex_norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    pairs = _pairs(complex_tensor)
    squares = pairs[..., 0].square() + pairs[..., 1].square()
    return squares if power == 2.0 else safe_power(squares, power / 2)


def angle(complex_tensor: Tensor) -> Tensor:
    """Phase in radians, -pi to pi.

    Args:
        complex_tensor: see `magphase`.

    >>> angle(torch.tensor([[1.0, 1.0], [-1.0, 0.0]]))
    tensor([0.7854, 3.1416])
    """
    real, imaginary = _pairs(complex_tensor).unbind(-1)
    silent = (real == 0) & (imaginary == 0)
    return torch.atan2(imaginary.masked_fill(silent, 0.0), real.masked_fill(silent, 1.0))


class ComplexNorm(nn.Module):
    """Module twin of `complex_norm`.

    Args:
        power: see `complex_norm`.

    >>> ComplexNorm(power=2.0)(torch.tensor([3 + 4j]))
    tensor([25.])
    """

    def __init__(self, power: float = 1.0) -> None:
        super().__init__()
        self.power = power

    def forward(self, complex_tensor: Tensor) -> Tensor:
        return complex_norm(complex_tensor, self.power)

    def extra_repr(self) -> str:
        return f"power={self.power}"


def _pairs(complex_tensor: Tensor) -> Tensor:
    if complex_tensor.is_complex():
        return torch.view_as_real(complex_tensor)
    dtype = str(complex_tensor.dtype).removeprefix("torch.")
    if not complex_tensor.is_floating_point() or complex_tensor.dim() == 0 or complex_tensor.shape[-1] != 2:
        raise ArgumentError(
            f"complex_tensor must be complex, or floating point of shape (..., 2), "
            f"got {dtype} of shape {tuple(complex_tensor.shape)}",
            hint="make it with spectrogram(..., power=None)",
        )
    return complex_tensor
