"""Convolution of signals: sum over k of `x[k] * y[n - k]`, directly or by Fourier transforms.

Long signals and short filters are convolved block by block with overlapping tails
added (Stockham, "High-speed convolution and correlation", AFIPS 1966).
"""

import functools
import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_floating, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import can_reuse_buffers, first_samples, full_precision

__all__ = ["Convolve", "FFTConvolve", "convolve", "fftconvolve"]

_MODES = ("full", "same", "valid")
# Blocks pay where one signal is so many times as long as the other; their transforms are as many times as long.
_UNEQUAL = 4
_SMALLEST_BLOCK = 4096
# From this length on, MKL transforms one row in twice the time that it takes for two.
_LONG_ROW = 1 << 14
_AT_ONCE = 1 << 18  # samples of several signals that are transformed together


def convolve(x: Tensor, y: Tensor, mode: str = "full") -> Tensor:
    """Convolution along the last dimension, by multiplying and adding.

    Exact to the rounding of single samples where `fftconvolve` is to that of the loudest, and
    slower than it when both signals have more than some hundred samples.

    Args:
        x: `(..., time)`, floating point; half precision is computed in float32.
        y: `(..., length)`; leading dimensions broadcast against those of `x`.
        mode: `"full"`: every sum, `time + length - 1` samples. `"valid"`: those in which the signals overlap
            whole, `max(time, length) - min(time, length) + 1`. `"same"`: the `time` samples in the middle of the full.

    Returns:
        `(..., samples)`, in the wider of the two dtypes.

    Raises:
        ArgumentError: a signal without samples, shapes that do not broadcast, integers.

    >>> convolve(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 0.5]))
    tensor([1.0000, 2.5000, 4.0000, 1.5000])
    >>> convolve(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 0.5]), mode="valid")
    tensor([2.5000, 4.0000])
    """
    x, y, dtype = _prepare(x, y, mode)
    time, length = x.shape[-1], y.shape[-1]
    leading = torch.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    if 0 in leading:
        return x.new_empty(*leading, _length(time, length, mode), dtype=dtype)
    signals = x.expand(*leading, time).reshape(-1, time)
    if y.numel() == length:
        rows, filters, groups = signals.unsqueeze(1), y.reshape(1, 1, length), 1
    else:
        filters = y.expand(*leading, length).reshape(-1, 1, length)
        rows, groups = signals.unsqueeze(0), len(filters)
    if mode == "valid" and length > time:
        # Without padding, a filter must not be longer than the signal; the sum is the same with both exchanged.
        return convolve(y, x, mode).to(dtype)
    padding = 0 if mode == "valid" else length - 1
    with full_precision(rows):
        sums = F.conv1d(rows, filters.flip(-1), padding=padding, groups=max(groups, 1)).reshape(*leading, -1)
    if mode == "same":
        sums = first_samples(sums[..., (length - 1) // 2 :], time)
    return sums.to(dtype)


def fftconvolve(x: Tensor, y: Tensor, mode: str = "full") -> Tensor:
    """Convolution along the last dimension, by Fourier transforms.

    Args:
        x: see `convolve`.
        y: see `convolve`.
        mode: see `convolve`.

    Returns:
        See `convolve`. The rounding error is relative to the largest sample of the result.

    Raises:
        ArgumentError: see `convolve`.

    >>> fftconvolve(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 0.5])).round(decimals=4)
    tensor([1.0000, 2.5000, 4.0000, 1.5000])
    """
    x, y, dtype = _prepare(x, y, mode)
    time, length = x.shape[-1], y.shape[-1]
    leading = torch.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    if 0 in leading:  # which MKL refuses to transform
        return x.new_empty(*leading, _length(time, length, mode), dtype=dtype)
    # With static lengths only, since a graph with dynamic ones cannot choose.
    choosing = not torch.compiler.is_compiling()
    if choosing and max(time, length) > _UNEQUAL * min(time, length) and max(time, length) > 2 * _SMALLEST_BLOCK:
        sums = _by_blocks(x, y) if time > length else _by_blocks(y, x)
    else:
        # Beyond the valid samples a circular convolution may wrap round.
        n_fft = _fast_length(max(time, length) if mode == "valid" else time + length - 1)
        lone = choosing and n_fft >= _LONG_ROW and x.numel() == time and y.numel() == length
        sums = _of_two_rows(x, y, n_fft) if lone else _circular(x, y, n_fft)
    start = {"full": 0, "same": (length - 1) // 2, "valid": min(time, length) - 1}[mode]
    return first_samples(sums[..., start:], _length(time, length, mode)).to(dtype)


class Convolve(nn.Module):
    """Module twin of `convolve`; it keeps nothing.

    Args:
        mode: see `convolve`.

    >>> Convolve("same")(torch.tensor([1.0, 2.0, 3.0]), torch.ones(3))
    tensor([3., 6., 5.])
    """

    def __init__(self, mode: str = "full") -> None:
        super().__init__()
        check_choice("mode", mode, _MODES)
        self.mode = mode

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return convolve(x, y, self.mode)

    def extra_repr(self) -> str:
        return f"mode={self.mode}"


class FFTConvolve(nn.Module):
    """Module twin of `fftconvolve`; it keeps nothing.

    Args:
        mode: see `convolve`.

    >>> FFTConvolve("same")(torch.tensor([1.0, 2.0, 3.0]), torch.ones(3)).round(decimals=4)
    tensor([3., 6., 5.])
    """

    def __init__(self, mode: str = "full") -> None:
        super().__init__()
        check_choice("mode", mode, _MODES)
        self.mode = mode

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return fftconvolve(x, y, self.mode)

    def extra_repr(self) -> str:
        return f"mode={self.mode}"


def _prepare(x: Tensor, y: Tensor, mode: str) -> tuple[Tensor, Tensor, torch.dtype]:
    """Both signals in the dtype to compute in, and the dtype of the result."""
    check_choice("mode", mode, _MODES)
    for name, signal in (("x", x), ("y", y)):
        check_time_axis(name, signal)
        check_floating(name, signal)
        if signal.shape[-1] == 0:
            raise ArgumentError(f"{name} must have at least one sample, got shape {tuple(signal.shape)}")
    for a, b in zip(x.shape[-2::-1], y.shape[-2::-1], strict=False):
        if a != b and 1 not in (a, b):
            raise ArgumentError(
                "x and y must have leading dimensions that broadcast, "
                f"got shapes {tuple(x.shape)} and {tuple(y.shape)}",
                hint="insert a dimension of 1 where one is shared, for example y.unsqueeze(0)",
            )
    dtype = torch.promote_types(x.dtype, y.dtype)
    wide = torch.promote_types(dtype, torch.float32)
    return x.to(wide), y.to(wide), dtype


def _length(time: int, length: int, mode: str) -> int:
    return {"full": time + length - 1, "same": time, "valid": max(time, length) - min(time, length) + 1}[mode]


def _circular(x: Tensor, y: Tensor, n_fft: int) -> Tensor:
    if x.numel() * n_fft > _AT_ONCE * x.shape[-1] and x.shape[:-1] == y.shape[:-1] and can_reuse_buffers(x, y):
        # A few signals after the others, so that their spectra stay in the cache.
        sums = x.new_empty(*x.shape[:-1], n_fft)
        rows = max(2, _AT_ONCE // n_fft)
        parts = (tensor.reshape(-1, tensor.shape[-1]).split(rows) for tensor in (x, y, sums))
        for some_x, some_y, out in zip(*parts, strict=True):
            out.copy_(torch.fft.irfft(torch.fft.rfft(some_x, n_fft) * torch.fft.rfft(some_y, n_fft), n_fft))
        return sums
    return torch.fft.irfft(torch.fft.rfft(x, n_fft) * torch.fft.rfft(y, n_fft), n_fft)


def _of_two_rows(x: Tensor, y: Tensor, n_fft: int) -> Tensor:
    """`_circular` for a single signal and a single filter, transformed as two rows of one batch."""
    spectra = torch.fft.rfft(torch.stack([F.pad(signal.flatten(), (0, n_fft - signal.numel())) for signal in (x, y)]))
    sums = torch.fft.irfft((spectra[0] * spectra[1]).expand(2, -1), n_fft)[0]
    return sums.view(*[1] * (max(x.dim(), y.dim()) - 1), n_fft)


def _by_blocks(signal: Tensor, kernel: Tensor) -> Tensor:
    """At least the full convolution of a long `signal` with a short `kernel`."""
    time, length = signal.shape[-1], kernel.shape[-1]
    n_fft = _fast_length(max(_UNEQUAL * length, _SMALLEST_BLOCK))
    step = n_fft - length + 1  # longer than a tail, which so reaches into the next block only
    response = torch.fft.rfft(kernel, n_fft).unsqueeze(-2)
    if not can_reuse_buffers(signal, kernel):
        sums = _convolve_blocks(signal, response, n_fft, step)  # (..., blocks, n_fft)
        heads, tails = F.pad(sums[..., :step], (0, 0, 0, 1)), sums[..., step:]
        return (heads + F.pad(tails, (0, step - length + 1, 1, 0))).flatten(-2)
    # A few blocks of one signal after the others, so that they and their spectra stay in the cache.
    leading = torch.broadcast_shapes(signal.shape[:-1], kernel.shape[:-1])
    result = signal.new_zeros(*leading, -(-time // step) + 1, step)
    signals, responses = signal.expand(*leading, time), response.expand(*leading, *response.shape[-2:])
    together = max(2, _AT_ONCE // n_fft)
    for index in itertools.product(*map(range, leading)):
        for place, piece in enumerate(signals[index].split(together * step)):
            sums = _convolve_blocks(piece, responses[index], n_fft, step)
            out = result[index][place * together :][: len(sums) + 1]
            out[:-1] += sums[:, :step]
            out[1:, : length - 1] += sums[:, step:]
    return result.flatten(-2)


def _convolve_blocks(signal: Tensor, response: Tensor, n_fft: int, step: int) -> Tensor:
    n_blocks = -(-signal.shape[-1] // step)
    blocks = F.pad(signal, (0, n_blocks * step - signal.shape[-1])).unflatten(-1, (n_blocks, step))
    return torch.fft.irfft(torch.fft.rfft(blocks, n_fft) * response, n_fft)


def _fast_length(n: int) -> int:
    """The least length from `n` on whose Fourier transform is quick."""
    if torch.compiler.is_compiling():
        return (n + 63) // 64 * 64  # lengths are symbols, which cannot be searched
    return _fast_length_of(n)


@functools.lru_cache(maxsize=256)
def _fast_length_of(n: int) -> int:
    best = 1 << max(n - 1, 1).bit_length()
    for odd in (1, 3, 5, 9, 15, 25, 27, 45, 75, 81):
        power = 2 * odd
        while power < n:
            power *= 2
        best = min(best, power)
    return best
