"""Convolution of signals: sum over k of `x[k] * y[n - k]`, directly or by Fourier transforms.

Long signals and short filters are convolved block by block with overlapping tails
added (Stockham, "High-speed convolution and correlation", AFIPS 1966).
"""

import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_floating, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox._kernels.convolve import convolve_blocks
from sonovox.dsp.eager import can_reuse_buffers, first_samples, full_precision

__all__ = ["Convolve", "FFTConvolve", "convolve", "fftconvolve"]

_MODES = ("full", "same", "valid")
# Blocks pay where one signal is so many times as long as the other.
_UNEQUAL = 4
_SMALLEST_BLOCK = 4096
# From this length on, MKL transforms one row in twice the time that it takes for two.
_LONG_ROW = 1 << 14
# Rows are transformed together in this many samples, which stay in the cache, but in no fewer rows than
# these, since planning a transform takes MKL as long as transforming two.
_AT_ONCE = 1 << 18
_ROWS_AT_ONCE = 8


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
    start = {"full": 0, "same": (length - 1) // 2, "valid": min(time, length) - 1}[mode]
    if can_reuse_buffers(x, y):
        of_kernel = convolve_blocks(x, y, start, _length(time, length, mode))
        if of_kernel is not None:
            return of_kernel.to(dtype)
    # With static lengths only, since a graph with dynamic ones cannot choose.
    choosing = not torch.compiler.is_compiling()
    if choosing and max(time, length) > _UNEQUAL * min(time, length) and max(time, length) > 2 * _SMALLEST_BLOCK:
        sums = _by_blocks(x, y) if time > length else _by_blocks(y, x)
    else:
        # Beyond the valid samples a circular convolution may wrap round.
        n_fft = _fast_length(max(time, length) if mode == "valid" else time + length - 1)
        lone = choosing and n_fft >= _LONG_ROW and x.numel() == time and y.numel() == length
        sums = _by_halves(x, y) if lone else _circular(x, y, n_fft)
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
    pairs = x[..., 0].numel()
    if pairs > _rows_at_once(n_fft) and x.shape[:-1] == y.shape[:-1] and can_reuse_buffers(x, y):
        # A few pairs after the others, so that their spectra stay in the cache.
        sums = x.new_empty(*x.shape[:-1], n_fft)
        rows = _equal_parts(pairs, _rows_at_once(n_fft))
        parts = (tensor.reshape(pairs, -1).split(rows) for tensor in (x, y, sums))
        for some_x, some_y, out in zip(*parts, strict=True):
            out.copy_(_circular(some_x, some_y, n_fft))
        return sums
    return torch.fft.irfft(torch.fft.rfft(x, n_fft) * torch.fft.rfft(y, n_fft), n_fft)


def _by_halves(x: Tensor, y: Tensor) -> Tensor:
    """The full convolution of a single signal with a single other one, from those of their halves."""
    half = (max(x.shape[-1], y.shape[-1]) + 1) // 2
    n_fft = _fast_length(2 * half)
    halves = [F.pad(signal.flatten(), (0, 2 * half - signal.numel())).view(2, half) for signal in (x, y / n_fft)]
    spectra = torch.fft.rfft(torch.cat(halves), n_fft)
    first, second = spectra[0] * spectra[2], spectra[1] * spectra[3]
    cross = spectra[0] * spectra[3] + spectra[1] * spectra[2]
    sums = _inverse(torch.stack((first, cross, second)), n_fft)[:, : 2 * half]
    heads, tails = F.pad(sums[:, :half], (0, 0, 0, 1)), F.pad(sums[:, half:], (0, 0, 1, 0))
    return (heads + tails).view(*[1] * (max(x.dim(), y.dim()) - 1), 4 * half)


def _by_blocks(signal: Tensor, kernel: Tensor) -> Tensor:
    """At least the full convolution of a long `signal` with a short `kernel`.

    Of each block, as many samples as the kernel has but one are those of the block before, and what
    they give is dropped (overlap-save).
    """
    time, length = signal.shape[-1], kernel.shape[-1]
    n_fft = _block_length(time + length - 1, length)
    step = n_fft - length + 1
    n_blocks = -(-(time + length - 1) // step)
    response = _scaled_rfft(kernel, n_fft).unsqueeze(-2)
    if not can_reuse_buffers(signal, kernel):
        blocks = F.pad(signal, (length - 1, n_blocks * step - time)).unfold(-1, n_fft, step)
        return _inverse(torch.fft.rfft(blocks) * response, n_fft)[..., length - 1 :].flatten(-2)
    # A few blocks after the others, so that they and their spectra stay in the cache.
    leading = torch.broadcast_shapes(signal.shape[:-1], kernel.shape[:-1])
    signals = signal.expand(*leading, time).reshape(-1, time)
    responses = response.expand(*leading, -1, -1).reshape(-1, 1, response.shape[-1])
    result = signal.new_empty(len(signals), n_blocks, step)
    at_once = _rows_at_once(n_fft)
    rows, columns = _equal_parts(len(signals), max(1, at_once // n_blocks)), _equal_parts(n_blocks, at_once)
    padded = signal.new_zeros(rows, length - 1 + n_blocks * step)
    for some, factors, out in zip(signals.split(rows), responses.split(rows), result.split(rows), strict=True):
        padded[: len(out), length - 1 : length - 1 + time] = some
        blocks = padded[: len(out)].unfold(-1, n_fft, step)
        for some_blocks, some_out in zip(blocks.split(columns, 1), out.split(columns, 1), strict=True):
            spectra = torch.fft.rfft(some_blocks.contiguous())  # which copies a view far more slowly
            some_out.copy_(_inverse(spectra.mul_(factors), n_fft)[..., length - 1 :])
    return result.view(*leading, n_blocks * step)


def _scaled_rfft(signal: Tensor, n_fft: int) -> Tensor:
    return torch.fft.rfft(signal / n_fft, n_fft)


def _inverse(spectra: Tensor, n_fft: int) -> Tensor:
    """Without the factor `1 / n_fft`, which costs MKL a tenth of the transform, and which `_scaled_rfft` has."""
    return torch.fft.irfft(spectra, n_fft, norm="forward")


def _rows_at_once(n_fft: int) -> int:
    return max(_ROWS_AT_ONCE, _AT_ONCE // n_fft)


def _equal_parts(count: int, most: int) -> int:
    """The size of parts of at most `most`, the last of which is not much shorter than the others."""
    return -(-count // -(-count // most))


def _block_length(total: int, length: int) -> int:
    """The power of two for which `total` samples cost least in blocks that overlap by `length - 1`."""
    smallest = math.ceil(math.log2(max(_SMALLEST_BLOCK, 2 * length)))
    sizes = [1 << power for power in range(smallest, smallest + 4)]
    # The cost of a sample was measured to grow faster than the logarithm, as blocks outgrow the cache.
    return min(sizes, key=lambda size: -(-total // (size - length + 1)) * size * math.log2(size) ** 3)


def _fast_length(n: int) -> int:
    """The least length from `n` on whose Fourier transform is quick."""
    if torch.compiler.is_compiling():
        return (n + 63) // 64 * 64  # lengths are symbols, which cannot be searched
    return _fast_length_of(n)


@functools.lru_cache(maxsize=256)
def _fast_length_of(n: int) -> int:
    lengths = []
    for odd in (1, 3, 5, 9, 15, 25, 27, 45, 75, 81):
        power = 2 * odd
        while power < n:
            power *= 2
        # MKL takes a fifth less for powers of two than for others of their size.
        lengths.append((power if odd == 1 else 1.2 * power, power))
    return min(lengths)[1]
