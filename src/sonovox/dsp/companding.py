"""Mu-law companding: a logarithmic scale on which few steps serve quiet and loud samples.

ITU-T recommendation G.711 in its continuous form, `sign(x) ln(1 + mu |x|) / ln(1 + mu)`.
"""

import math

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError

__all__ = ["MuLawDecoding", "MuLawEncoding", "mu_law_decoding", "mu_law_encoding"]


def mu_law_encoding(x: Tensor, quantization_channels: int) -> Tensor:
    """Codes of samples.

    Args:
        x: samples in -1 to 1, of any shape; louder ones count as -1 or 1. Floating point, or the whole
            numbers -1, 0 and 1 as int64.
        quantization_channels: number of codes, at least 2.

    Returns:
        The shape of `x`, int64, 0 to `quantization_channels - 1`.

    Raises:
        ArgumentError: samples as integers of a file's width, fewer than 2 codes.

    >>> mu_law_encoding(torch.tensor([-1.0, -0.1, 0.0, 0.1, 1.0]), 256)
    tensor([  0,  52, 128, 203, 255])
    """
    mu = _mu(quantization_channels)
    if x.dtype != torch.int64:
        check_floating("x", x)
    x = x.to(torch.float32) if x.dtype in (torch.int64, torch.float16, torch.bfloat16) else x
    x = x.clamp(-1.0, 1.0)
    compressed = x.sign() * torch.log1p(mu * x.abs()) / math.log1p(mu)
    return ((compressed + 1.0) / 2.0 * mu + 0.5).long()


class MuLawEncoding(nn.Module):
    """Module twin of `mu_law_encoding`.

    Args:
        quantization_channels: see `mu_law_encoding`.

    >>> MuLawEncoding()(torch.tensor([0.0]))
    tensor([128])
    """

    def __init__(self, quantization_channels: int = 256) -> None:
        super().__init__()
        _mu(quantization_channels)
        self.quantization_channels = quantization_channels

    def forward(self, x: Tensor) -> Tensor:
        return mu_law_encoding(x, self.quantization_channels)

    def extra_repr(self) -> str:
        return f"quantization_channels={self.quantization_channels}"


def mu_law_decoding(x_mu: Tensor, quantization_channels: int) -> Tensor:
    """Samples of codes.

    Args:
        x_mu: codes 0 to `quantization_channels - 1`, of any shape; of any dtype.
        quantization_channels: number of codes, at least 2.

    Returns:
        The shape of `x_mu`, -1 to 1; float32 unless the codes are floating point.

    Raises:
        ArgumentError: fewer than 2 codes.

    >>> mu_law_decoding(torch.tensor([0, 52, 203, 255]), 256)
    tensor([-1.0000, -0.1007,  0.1007,  1.0000])
    """
    mu = _mu(quantization_channels)
    codes = x_mu if x_mu.is_floating_point() else x_mu.to(torch.float32)
    compressed = codes / mu * 2.0 - 1.0
    return compressed.sign() * torch.expm1(compressed.abs() * math.log1p(mu)) / mu


class MuLawDecoding(nn.Module):
    """Module twin of `mu_law_decoding`.

    Args:
        quantization_channels: see `mu_law_decoding`.

    >>> MuLawDecoding()(torch.tensor([255]))
    tensor([1.])
    """

    def __init__(self, quantization_channels: int = 256) -> None:
        super().__init__()
        _mu(quantization_channels)
        self.quantization_channels = quantization_channels

    def forward(self, x_mu: Tensor) -> Tensor:
        return mu_law_decoding(x_mu, self.quantization_channels)

    def extra_repr(self) -> str:
        return f"quantization_channels={self.quantization_channels}"


def _mu(quantization_channels: int) -> float:
    if quantization_channels < 2:
        raise ArgumentError(
            f"quantization_channels must be at least 2, got {quantization_channels}", hint="256 makes a byte"
        )
    return quantization_channels - 1.0
