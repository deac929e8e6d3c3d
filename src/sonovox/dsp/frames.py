"""Frames of a signal and their power spectra: the engine under spectrogram, mel and what follows from them.

Frames stay time-major, `(..., frames, bins)`, from the Fourier transform to the
last product, and callers transpose once, as a view. A building block of `dsp`,
not part of its faces.
"""

import functools
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.checks import check_choice, check_floating, check_positive, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox._kernels.filter_power import PackedFilters, filter_power, pack_filters
from sonovox.dsp.banded import Block, banded_product_into, cut_bands
from sonovox.dsp.eager import can_reuse_buffers, full_precision, over_frames

__all__ = ["FilterBank", "analysis_window", "frame_signal", "power_spectra", "safe_power", "short_time_transform"]

PAD_MODES = ("reflect", "constant", "replicate", "circular")

# Frames are transformed in chunks of this size: they, their spectra and the result
# stay in the second-level cache, and torch.fft's cost per call stays small.
CHUNK_BYTES = 512 * 1024


class FilterBank:
    """Weights `(bins, features)` that sum the bins of a power spectrum into features."""

    def __init__(self, weights: Tensor) -> None:
        self.weights = weights
        self._bands: dict[tuple[int, torch.dtype], tuple[Block, ...]] = {}
        self._packed: dict[torch.dtype, PackedFilters | None] = {}

    @classmethod
    def of_buffer(cls, weights: Tensor, known: "FilterBank | None") -> "FilterBank":
        """The bank of a module's buffer: `known`, unless the buffer has changed since it was made."""
        if known is None or known.weights.dtype != weights.dtype or not torch.equal(known.weights, weights):
            with torch.inference_mode(False):  # kept beyond the mode of this call
                known = cls(weights.detach().clone())
        return known

    def bands(self, repeat: int, dtype: torch.dtype) -> tuple[Block, ...]:
        """The weights without their zeros; each row `repeat` times, for squared real and imaginary parts in turn."""
        if (repeat, dtype) not in self._bands:
            dense = self.weights.to(dtype).repeat_interleave(repeat, dim=0)
            self._bands[repeat, dtype] = cut_bands(dense)
        return self._bands[repeat, dtype]

    def sum_powers(self, spectra: Tensor, out: Tensor) -> None:
        """Write the filtered squares of complex `spectra`, `(n, bins)`, to `out`, `(n, features)`; both contiguous.

        The spectra may be written over.
        """
        dtype, numbers = out.dtype, torch.view_as_real(spectra)
        if dtype not in self._packed:
            self._packed[dtype] = pack_filters(self.weights.to(dtype))
        packed = self._packed[dtype]
        if packed is not None and len(spectra):
            filter_power(numbers, packed, out)
            return
        # Real and imaginary parts are summed by the same product that sums the bins.
        banded_product_into(numbers.mul_(numbers).flatten(1), self.bands(2, dtype), out)


def frame_signal(
    waveform: Tensor, frame_length: int, hop_length: int, *, center: bool = True, pad_mode: str = "reflect"
) -> Tensor:
    """Overlapping frames of `waveform`, as a view of it (or of its padded copy).

    Args:
        waveform: `(..., time)`, floating point. Half precision becomes float32.
        frame_length: in samples.
        hop_length: from one frame to the next, in samples.
        center: put frame k around sample `k * hop_length`, by padding `frame_length // 2` at both ends.
        pad_mode: how to pad: `"reflect"`, `"constant"` (zeros), `"replicate"` or `"circular"`.

    Returns:
        `(..., frames, frame_length)`; `1 + time // hop_length` frames when centered and `frame_length` is even.

    Raises:
        ArgumentError: fewer samples than one frame, or than the padding mirrors.

    >>> frame_signal(torch.arange(6.0), 4, 2)
    tensor([[2., 1., 0., 1.],
            [0., 1., 2., 3.],
            [2., 3., 4., 5.],
            [4., 5., 4., 3.]])
    """
    check_time_axis("waveform", waveform)
    check_floating("waveform", waveform)
    check_positive("n_fft", frame_length, unit="in samples")
    check_positive("hop_length", hop_length, unit="in samples")
    if waveform.dtype in (torch.float16, torch.bfloat16):
        waveform = waveform.float()
    if center:
        waveform = _pad_ends(waveform, frame_length // 2, pad_mode)
    if waveform.shape[-1] < frame_length:
        raise ArgumentError(
            f"waveform must have at least one frame of n_fft={frame_length} samples, got {waveform.shape[-1]}",
            hint="pad it, or lower n_fft",
        )
    return waveform.unfold(-1, frame_length, hop_length)


def analysis_window(window: Tensor, n_fft: int, win_length: int, normalized: bool | str = False) -> Tensor:
    """`window` in the middle of `n_fft` samples, scaled so that it normalises the spectrum.

    Args:
        window: `(win_length,)`.
        n_fft: in samples, at least `win_length`.
        win_length: in samples.
        normalized: True or `"window"` for unit energy of the window, `"frame_length"` for `n_fft ** -0.5`.

    Raises:
        ArgumentError: `window` does not have `win_length` samples, or has more than `n_fft`.

    >>> analysis_window(torch.ones(2), 5, 2, "window")
    tensor([0.0000, 0.7071, 0.7071, 0.0000, 0.0000])
    """
    if window.dim() != 1 or window.shape[0] != win_length:
        raise ArgumentError(
            f"window must have shape (win_length,) = ({win_length},), got {tuple(window.shape)}",
            hint="make it with win_length samples",
        )
    if win_length > n_fft:
        raise ArgumentError(
            f"win_length must be at most n_fft={n_fft}, got {win_length}", hint="raise n_fft or lower win_length"
        )
    if normalized is True or normalized == "window":
        window = window * window.square().sum().rsqrt()
    elif normalized:
        check_choice("normalized", str(normalized), ["frame_length", "window"])
        window = window * n_fft**-0.5
    left = (n_fft - win_length) // 2
    return F.pad(window, (left, n_fft - win_length - left)) if win_length < n_fft else window


def power_spectra(
    waveform: Tensor,
    window: Tensor,
    hop_length: int,
    *,
    center: bool = True,
    pad_mode: str = "reflect",
    power: float = 2.0,
    onesided: bool = True,
    bank: FilterBank | None = None,
) -> Tensor:
    """Magnitude spectra of windowed frames to a power, optionally summed by a bank of filters.

    Args:
        waveform: see `frame_signal`, as are `hop_length`, `center` and `pad_mode`.
        window: `(n_fft,)`.
        power: 2 for power, 1 for magnitude, or another positive exponent.
        onesided: only the `n_fft // 2 + 1` bins up to half the sample rate.
        bank: weights with as many rows as there are bins.

    Returns:
        `(..., frames, bins)`, or `(..., frames, features)` with a bank. Where the
        spectrum is zero so is its gradient, whatever the power.
    """
    framing = functools.partial(
        frame_signal, frame_length=len(window), hop_length=hop_length, center=center, pad_mode=pad_mode
    )
    check_time_axis("waveform", waveform)
    with full_precision(waveform):
        if can_reuse_buffers(waveform, window, *([] if bank is None else [bank.weights])):
            return _power_in_chunks(waveform, framing, window, power, onesided, bank)
        spectra = torch.view_as_real(short_time_transform(framing(waveform), window, onesided))
        squares = spectra[..., 0].square() + spectra[..., 1].square()
        result = squares if power == 2.0 else safe_power(squares, power / 2)
        return result if bank is None else result @ bank.weights.to(result.dtype)


def short_time_transform(frames: Tensor, window: Tensor, onesided: bool = True) -> Tensor:
    """Complex spectra `(..., frames, bins)` of windowed frames `(..., frames, n_fft)`."""
    transform = torch.fft.rfft if onesided else torch.fft.fft
    return over_frames(transform, frames * window.to(frames.dtype))


def safe_power(x: Tensor, exponent: float) -> Tensor:
    """`x ** exponent` of what is not negative, with a derivative of zero at zero, where that of a root is infinite.

    >>> safe_power(torch.tensor([0.0, 4.0]), 0.5)
    tensor([0., 2.])
    """
    silent = x == 0
    return x.masked_fill(silent, 1.0).pow(exponent).masked_fill(silent, 0.0)


def _power_in_chunks(
    waveform: Tensor,
    framing: Callable[[Tensor], Tensor],
    window: Tensor,
    power: float,
    onesided: bool,
    bank: FilterBank | None,
) -> Tensor:
    *leading, time = waveform.shape
    signals = waveform.reshape(math.prod(leading), time)
    first = framing(signals[:1])  # tells the shapes, and raises what is wrong with the arguments
    count, n_fft = first.shape[-2:]
    dtype = first.dtype
    window = window.to(dtype)
    bins = n_fft // 2 + 1 if onesided else n_fft
    width = bins if bank is None else bank.weights.shape[1]
    result = first.new_empty(len(signals), count, width)

    at_once = max(1, CHUNK_BYTES // (n_fft * dtype.itemsize))
    step = -(-count // -(-count // at_once))  # equal chunks, since a short last one costs as much as a long one
    rows = max(1, at_once // count)  # several short signals together
    buffer = first.new_empty(rows, step, n_fft)
    transform = torch.fft.rfft if onesided else torch.fft.fft
    for row in range(0, len(signals), rows):
        frames = first if len(signals) == 1 else framing(signals[row : row + rows])
        for chunk, out in zip(frames.split(step, 1), result[row : row + rows].split(step, 1), strict=True):
            windowed = buffer[: chunk.shape[0], : chunk.shape[1]]
            torch.mul(chunk, window, out=windowed)
            spectra = transform(windowed)  # (rows, frames, bins)
            if bank is not None and power == 2.0:
                bank.sum_powers(spectra.view(-1, bins), out.view(-1, width))
                continue
            squares = torch.view_as_real(spectra)
            squares.mul_(squares)
            if bank is None:
                _sum_and_raise(squares, power, out)
            else:
                magnitudes = squares.new_empty(squares.shape[:-1])
                _sum_and_raise(squares, power, magnitudes)
                banded_product_into(magnitudes.view(-1, bins), bank.bands(1, dtype), out.view(-1, width))
    return result.view(*leading, count, width)


def _sum_and_raise(squares: Tensor, power: float, out: Tensor) -> None:
    torch.add(*squares.unbind(-1), out=out)
    if power == 1.0:
        out.sqrt_()
    elif power != 2.0:
        out.pow_(power / 2)


def _pad_ends(waveform: Tensor, amount: int, mode: str) -> Tensor:
    # Pieces are joined by cat, which is several times faster here than F.pad on a CPU.
    check_choice("pad_mode", mode, PAD_MODES)
    time = waveform.shape[-1]
    if mode == "constant" or amount == 0:
        return F.pad(waveform, (amount, amount))
    needed = {"reflect": amount + 1, "circular": amount, "replicate": 1}[mode]
    if time < needed:
        raise ArgumentError(
            f"waveform must have at least {needed} samples for n_fft // 2 = {amount} samples of "
            f"{mode!r} padding, got {time}",
            hint="pad it, lower n_fft, or use pad_mode='constant'",
        )
    if mode == "reflect":
        left, right = waveform[..., 1 : amount + 1].flip(-1), waveform[..., -amount - 1 : -1].flip(-1)
    elif mode == "circular":
        left, right = waveform[..., -amount:], waveform[..., :amount]
    else:
        shape = (*waveform.shape[:-1], amount)
        left, right = waveform[..., :1].expand(shape), waveform[..., -1:].expand(shape)
    return torch.cat((left, waveform, right), dim=-1)
