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
from sonovox._kernels.fourier import Framing, plan_for
from sonovox._kernels.spectra import PackedFilters, pack_filters, write_spectra
from sonovox.dsp.banded import Block, banded_product_into, cut_bands
from sonovox.dsp.eager import can_reuse_buffers, full_precision, over_frames

__all__ = [
    "FilterBank",
    "analysis_window",
    "frame_signal",
    "power_spectra",
    "powers_into",
    "safe_power",
    "short_time_spectra",
    "short_time_transform",
]

PAD_MODES = ("reflect", "constant", "replicate", "circular")

# Without the kernel, frames are transformed in chunks of this size: they, their spectra and the result
# stay in the second-level cache, and torch.fft's cost per call stays small.
CHUNK_BYTES = 512 * 1024
_POWERS_OF_KERNEL = (1.0, 2.0)


class FilterBank:
    """Weights `(bins, features)` that sum the bins of a power spectrum into features."""

    def __init__(self, weights: Tensor) -> None:
        self.weights = weights
        self._bands: dict[tuple[int, torch.dtype], tuple[Block, ...]] = {}
        self._packed: PackedFilters | None = None

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

    def packed(self) -> PackedFilters:
        """The weights for the kernel."""
        if self._packed is None:
            self._packed = pack_filters(self.weights)
        return self._packed


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
    waveform = _checked(waveform, frame_length, hop_length, center, pad_mode)
    if center:
        waveform = _pad_ends(waveform, frame_length // 2, pad_mode)
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
    check_time_axis("waveform", waveform)
    with full_precision(waveform):
        if can_reuse_buffers(waveform, window, *([] if bank is None else [bank.weights])):
            return _in_buffers(waveform, window, hop_length, center, pad_mode, power, onesided, bank)
        frames = frame_signal(waveform, len(window), hop_length, center=center, pad_mode=pad_mode)
        spectra = torch.view_as_real(short_time_transform(frames, window, onesided))
        squares = spectra[..., 0].square() + spectra[..., 1].square()
        result = squares if power == 2.0 else safe_power(squares, power / 2)
        return result if bank is None else result @ bank.weights.to(result.dtype)


def powers_into(out: Tensor, frames: Tensor, power: float, bank: FilterBank | None = None) -> None:
    """Write magnitude spectra of `frames` to a `power`, or what `bank` sums of them, to `out`, without derivatives.

    Args:
        out: `(rows, frames, bins)`, or `(rows, frames, features)` with a bank; contiguous, real.
        frames: `(rows, frames, n_fft)`, contiguous but for its first dimension, ready for the transform.
        power: see `power_spectra`, as is `bank`.

    >>> out = torch.empty(1, 1, 3)
    >>> powers_into(out, torch.tensor([[[1.0, 0.0, -1.0, 0.0]]]), 2.0)
    >>> out
    tensor([[[0., 4., 0.]]])
    """
    count, n_fft = frames.shape[1:]
    plan = plan_for(n_fft, frames, out) if power in _POWERS_OF_KERNEL else None
    if plan is None:
        _square_and_sum(torch.fft.rfft(frames), power, bank, out)
        return
    filters = None if bank is None else bank.packed()
    framing = Framing(frames.flatten(1), count, n_fft, 0)
    write_spectra(plan, framing, frames.new_ones(n_fft), out, power, filters)


def short_time_spectra(
    waveform: Tensor,
    window: Tensor,
    hop_length: int,
    *,
    center: bool = True,
    pad_mode: str = "reflect",
    onesided: bool = True,
) -> Tensor:
    """Complex spectra of windowed frames, `(..., frames, bins)`; arguments as in `power_spectra`.

    >>> short_time_spectra(torch.tensor([1.0, 2.0, 0.0, 0.0]), torch.ones(4), 4, center=False)
    tensor([[ 3.+0.j,  1.-2.j, -1.+0.j]])
    """
    check_time_axis("waveform", waveform)
    if onesided and can_reuse_buffers(waveform, window):
        checked = _checked(waveform, len(window), hop_length, center, pad_mode)
        spectra = _by_kernel(checked, window, hop_length, center, pad_mode, None, None)
        if spectra is not None:
            return spectra
    frames = frame_signal(waveform, len(window), hop_length, center=center, pad_mode=pad_mode)
    return short_time_transform(frames, window, onesided)


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


def _in_buffers(
    waveform: Tensor,
    window: Tensor,
    hop_length: int,
    center: bool,
    pad_mode: str,
    power: float,
    onesided: bool,
    bank: FilterBank | None,
) -> Tensor:
    waveform = _checked(waveform, len(window), hop_length, center, pad_mode)
    if onesided and (bank is None or power in _POWERS_OF_KERNEL):
        of_kernel = power if power in _POWERS_OF_KERNEL else 2.0
        result = _by_kernel(waveform, window, hop_length, center, pad_mode, of_kernel, bank)
        if result is not None:
            return result if power == of_kernel else result.pow_(power / 2)
    framing = functools.partial(
        frame_signal, frame_length=len(window), hop_length=hop_length, center=center, pad_mode=pad_mode
    )
    return _in_chunks(waveform, framing, window, power, onesided, bank)


def _by_kernel(
    waveform: Tensor,
    window: Tensor,
    hop_length: int,
    center: bool,
    pad_mode: str,
    power: float | None,
    bank: FilterBank | None,
) -> Tensor | None:
    """Spectra in one pass over the signals, complex ones if `power` is None; None where there is no kernel for them."""
    n_fft, window = len(window), window.to(waveform.dtype)
    plan = plan_for(n_fft, waveform, window)
    if plan is None:
        return None
    *leading, time = waveform.shape
    margin = n_fft // 2 if center else 0
    count = 1 + (time + 2 * margin - n_fft) // hop_length
    width = n_fft // 2 + 1 if bank is None else bank.weights.shape[1]
    result = waveform.new_empty(*leading, count, width, dtype=torch.complex64 if power is None else None)
    signals = waveform.reshape(math.prod(leading), time)
    if signals.stride(1) != 1:
        signals = signals.contiguous()
    framing = Framing(signals, count, hop_length, margin, pad_mode)
    write_spectra(plan, framing, window, result, power, None if bank is None else bank.packed())
    return result


def _in_chunks(
    waveform: Tensor,
    framing: Callable[[Tensor], Tensor],
    window: Tensor,
    power: float,
    onesided: bool,
    bank: FilterBank | None,
) -> Tensor:
    *leading, time = waveform.shape
    signals = waveform.reshape(math.prod(leading), time)
    first = framing(signals[:1])  # tells the shapes
    count, n_fft = first.shape[-2:]
    window = window.to(first.dtype)
    bins = n_fft // 2 + 1 if onesided else n_fft
    width = bins if bank is None else bank.weights.shape[1]
    result = first.new_empty(len(signals), count, width)

    at_once = max(1, CHUNK_BYTES // (n_fft * first.dtype.itemsize))
    step = -(-count // -(-count // at_once))  # equal chunks, since a short last one costs as much as a long one
    rows = max(1, at_once // count)  # several short signals together
    buffer = first.new_empty(rows, step, n_fft)
    transform = torch.fft.rfft if onesided else torch.fft.fft
    for row in range(0, len(signals), rows):
        frames = first if len(signals) == 1 else framing(signals[row : row + rows])
        for chunk, out in zip(frames.split(step, 1), result[row : row + rows].split(step, 1), strict=True):
            windowed = buffer[: chunk.shape[0], : chunk.shape[1]]
            torch.mul(chunk, window, out=windowed)
            _square_and_sum(transform(windowed), power, bank, out)
    return result.view(*leading, count, width)


def _square_and_sum(spectra: Tensor, power: float, bank: FilterBank | None, out: Tensor) -> None:
    """The result of complex `spectra`, which are written over."""
    squares = torch.view_as_real(spectra)
    squares.mul_(squares)
    if bank is not None and power == 2.0:
        # Real and imaginary parts are summed by the same product that sums the bins.
        banded_product_into(squares.flatten(-2).flatten(0, -2), bank.bands(2, out.dtype), out.view(-1, out.shape[-1]))
        return
    magnitudes = out if bank is None else squares.new_empty(squares.shape[:-1])
    torch.add(*squares.unbind(-1), out=magnitudes)
    if power == 1.0:
        magnitudes.sqrt_()
    elif power != 2.0:
        magnitudes.pow_(power / 2)
    if bank is not None:
        banded_product_into(magnitudes.flatten(0, -2), bank.bands(1, out.dtype), out.view(-1, out.shape[-1]))


def _checked(waveform: Tensor, frame_length: int, hop_length: int, center: bool, pad_mode: str) -> Tensor:
    """`waveform`, at least float32, if it can be framed so."""
    check_time_axis("waveform", waveform)
    check_floating("waveform", waveform)
    check_positive("n_fft", frame_length, unit="in samples")
    check_positive("hop_length", hop_length, unit="in samples")
    time, margin = waveform.shape[-1], frame_length // 2 if center else 0
    if center:
        check_choice("pad_mode", pad_mode, PAD_MODES)
        needed = {"reflect": margin + 1, "circular": margin, "replicate": 1, "constant": 0}[pad_mode] if margin else 0
        if time < needed:
            raise ArgumentError(
                f"waveform must have at least {needed} samples for n_fft // 2 = {margin} samples of "
                f"{pad_mode!r} padding, got {time}",
                hint="pad it, lower n_fft, or use pad_mode='constant'",
            )
    if time + 2 * margin < frame_length:
        raise ArgumentError(
            f"waveform must have at least one frame of n_fft={frame_length} samples, got {time + 2 * margin}",
            hint="pad it, or lower n_fft",
        )
    return waveform.float() if waveform.dtype in (torch.float16, torch.bfloat16) else waveform


def _pad_ends(waveform: Tensor, amount: int, mode: str) -> Tensor:
    # Pieces are joined by cat, which is several times faster here than F.pad on a CPU.
    if mode == "constant" or amount == 0:
        return F.pad(waveform, (amount, amount))
    if mode == "reflect":
        left, right = waveform[..., 1 : amount + 1].flip(-1), waveform[..., -amount - 1 : -1].flip(-1)
    elif mode == "circular":
        left, right = waveform[..., -amount:], waveform[..., :amount]
    else:
        shape = (*waveform.shape[:-1], amount)
        left, right = waveform[..., :1].expand(shape), waveform[..., -1:].expand(shape)
    return torch.cat((left, waveform, right), dim=-1)
