"""Plans of the transforms in `fourier.h`: how a length is factorised, and tables of sines and cosines.

They are made once for a length, in float64, and only read afterwards, so that any
number of threads may use them. The reference of the transforms is `torch.fft`.
"""

import functools
import math
from collections.abc import Sequence
from ctypes import Structure, byref, c_int64, c_void_p
from typing import Any

import torch
from torch import Tensor

from sonovox._kernels.load import kernels

__all__ = ["Framing", "LANES", "LONGEST", "Plan", "factors", "padded_window", "plan_for"]

LANES = 16  # of the widest vectors: windows are filled up to a multiple of it
LONGEST = 2**14
_PADDINGS = ("constant", "reflect", "replicate", "circular")  # as numbered in C


class _PlanInC(Structure):
    _fields_ = (
        ("size", c_int64),
        ("steps", c_int64),
        ("radices", c_void_p),
        ("places", c_void_p),
        ("twiddles", c_void_p),
        ("turns", c_void_p),
    )


class _FramingInC(Structure):
    _fields_ = (
        ("samples", c_void_p),
        ("time", c_int64),
        ("stride", c_int64),
        ("count", c_int64),
        ("hop", c_int64),
        ("margin", c_int64),
        ("padding", c_int64),
    )


class Plan:
    """The tables for real signals of `n_fft` samples, a length of which `factors` knows the half.

    >>> Plan(24).radices.tolist()
    [4, 3]
    """

    def __init__(self, n_fft: int) -> None:
        size, radices = n_fft // 2, factors(n_fft // 2)
        places = torch.zeros(size, dtype=torch.int64)
        rest, part = torch.arange(size), size
        twiddles = []
        for radix in radices:
            apart = part // radix
            places += rest % radix * apart
            rest = rest // radix
            turns = torch.arange(apart)[:, None] * torch.arange(1, radix) / part
            twiddles.append(_on_circle(turns).flatten())
            part = apart
        self.n_fft, self.radices, self.places = n_fft, torch.tensor(radices, dtype=torch.int64), places
        self.twiddles = torch.cat([*twiddles, torch.zeros(0)])
        self.turns = 0.5 * _on_circle(torch.arange(size // 2 + 1) / n_fft + 0.25).flatten()
        tables = (self.radices, self.places, self.twiddles, self.turns)
        self._in_c = _PlanInC(size, len(radices), *(table.data_ptr() for table in tables))

    @property
    def reference(self) -> Any:
        """What the kernels take."""
        return byref(self._in_c)


class Framing:
    """Signals that a kernel cuts into frames while it reads them.

    Args:
        signals: `(rows, time)`, float32, samples of a row beside each other.
        count: frames of a row.
        hop: samples from one frame to the next.
        margin: how far before the signal the first frame begins.
        pad_mode: what lies beyond the ends: `"constant"` (zeros), `"reflect"`, `"replicate"` or `"circular"`.
    """

    def __init__(self, signals: Tensor, count: int, hop: int, margin: int, pad_mode: str = "constant") -> None:
        self.rows, self._signals = len(signals), signals
        padding = _PADDINGS.index(pad_mode)
        time, stride = signals.shape[1], signals.stride(0)
        self._in_c = _FramingInC(signals.data_ptr(), time, stride, count, hop, margin, padding)

    @property
    def reference(self) -> Any:
        """What the kernels take."""
        return byref(self._in_c)


def plan_for(n_fft: int, *tensors: Tensor) -> Plan | None:
    """The plan for transforms of float32 `tensors` on a CPU, or None where torch has to do the work.

    >>> plan_for(401) is None  # odd
    True
    """
    # A view that is to be negated when it is read has the numbers of another sign in memory.
    plain = all(
        tensor.dtype == torch.float32 and tensor.device.type == "cpu" and not tensor.is_neg() for tensor in tensors
    )
    if not plain or kernels().library is None:
        return None
    return _plan(n_fft)


def padded_window(window: Tensor) -> Tensor:
    """`window` with zeros behind it, up to a multiple of the widest vector.

    >>> padded_window(torch.ones(20)).shape
    torch.Size([32])
    """
    missing = -len(window) % LANES
    return torch.cat((window, window.new_zeros(missing))) if missing else window.contiguous()


def factors(size: int) -> Sequence[int]:
    """`size` as a product of 2, 3, 4, 5, 7 and 8, or none if it is not one.

    >>> factors(200), factors(441), factors(11)
    ([8, 5, 5], [3, 3, 7, 7], [])
    """
    found = []
    for radix in (7, 5, 3):
        while size > 1 and size % radix == 0:
            found.append(radix)
            size //= radix
    twos = size.bit_length() - 1
    if size < 1 or size != 1 << twos:
        return []
    eights = twos // 3 if twos % 3 != 1 or twos == 1 else twos // 3 - 1
    rest = twos - 3 * eights
    return [8] * eights + [4] * (rest // 2) + [2] * (rest % 2) + sorted(found)


@functools.lru_cache(maxsize=64)
def _plan(n_fft: int) -> Plan | None:
    known = n_fft % 2 == 0 and 4 <= n_fft <= LONGEST and factors(n_fft // 2)
    if not known:
        return None
    with torch.inference_mode(False), torch.no_grad():
        return Plan(n_fft)


def _on_circle(turns: Tensor) -> Tensor:
    """Real and imaginary parts of `exp(-2 pi i turns)`, float32."""
    angles = turns.double() * (-2 * math.pi)
    return torch.stack((angles.cos(), angles.sin()), dim=-1).float()
