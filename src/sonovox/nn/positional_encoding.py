"""Sines that tell a transformer where a step stands, or how far from another.

Absolute: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.5.
Relative: Dai et al., "Transformer-XL: attentive language models beyond a fixed-length
context", ACL 2019, appendix B. They are computed when they are needed, for any length.
"""

import math

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.foreign_state import ignore_on_load

__all__ = ["PositionalEncoding", "RelPosEncXL"]


class PositionalEncoding(nn.Module):
    """Absolute positions: sines and cosines of wavelengths from 2 pi to 20000 pi steps, one after the other.

    Args:
        input_size: features, an even number.
        max_len: takes no effect; there is no longest input.

    Raises:
        ArgumentError: an odd `input_size`.

    >>> PositionalEncoding(4)(torch.zeros(2, 2, 4))
    tensor([[[0.0000, 1.0000, 0.0000, 1.0000],
             [0.8415, 0.5403, 0.0100, 0.9999]]])
    """

    def __init__(self, input_size: int, max_len: int = 2500) -> None:
        super().__init__()
        _check_even("input_size", input_size)
        self.input_size = input_size
        self.max_len = max_len
        ignore_on_load(self, "pe")

    def forward(self, x: Tensor, first: int = 0) -> Tensor:
        """`(1, time, input_size)`, to be added to `x`, `(batch, time, input_size)`, of which `first` is the place."""
        steps = torch.arange(x.shape[1], device=x.device, dtype=torch.float32) + first
        return _sines(steps, self.input_size).to(x.dtype).unsqueeze(0)


class RelPosEncXL(nn.Module):
    """Distances between steps, from the furthest past to the furthest future, as `RelPosMHAXL` takes them.

    A distance is the same to the past and to the future, as in SpeechBrain: trained weights expect it. (In the paper,
    which has no future, sines of the two would differ in sign.)

    Args:
        emb_dim: features, an even number.
        dtype: takes no effect; the result has the type of the input.

    Raises:
        ArgumentError: an odd `emb_dim`.

    >>> RelPosEncXL(2)(torch.zeros(1, 2, 2))
    tensor([[[0.8415, 0.5403],
             [0.0000, 1.0000],
             [0.8415, 0.5403]]])
    """

    def __init__(self, emb_dim: int, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        _check_even("emb_dim", emb_dim)
        self.emb_dim = emb_dim
        ignore_on_load(self, "inv_freq")

    def forward(self, x: Tensor, before: int = 0) -> Tensor:
        """`(1, 2 time - 1, emb_dim)`: distances `time - 1` to 0 and back, of so many steps `before` and those of `x`.

        Args:
            x: `(batch, steps, ...)`.
            before: steps before them that attention sees, too.
        """
        time = before + x.shape[1]
        distances = (time - 1) - torch.arange(2 * time - 1, device=x.device, dtype=torch.float32)
        return _sines(distances.abs(), self.emb_dim).to(x.dtype).unsqueeze(0)


def _sines(places: Tensor, size: int) -> Tensor:
    """`(places, size)` in float32: of bfloat16, places past 256 would not differ."""
    exponents = torch.arange(0, size, 2, device=places.device, dtype=torch.float32)
    angles = places.unsqueeze(1) * torch.exp(exponents * -(math.log(10000.0) / size))
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)


def _check_even(name: str, size: int) -> None:
    if size % 2:
        raise ArgumentError(f"{name} must be even, got {size}", hint="each wavelength has a sine and a cosine")
