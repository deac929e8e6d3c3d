"""Griffin-Lim: a signal for a spectrogram without phases.

Griffin and Lim, "Signal estimation from modified short-time Fourier transform",
IEEE Trans. ASSP 32, 1984, with the momentum of Perraudin, Balazs and Søndergaard,
"A fast Griffin-Lim algorithm", WASPAA 2013.
"""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_floating, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox._kernels.fourier import Plan, plan_for
from sonovox._kernels.griffin_lim import griffin_lim_rounds
from sonovox.dsp.eager import can_reuse_buffers
from sonovox.dsp.frames import CHUNK_BYTES, analysis_window, frame_signal, safe_power, short_time_transform
from sonovox.dsp.overlap_add import SMALLEST_ENVELOPE, signal_of_spectra, squared_envelope

__all__ = ["GriffinLim", "griffinlim"]

# Squares of magnitudes below this have no phase that means anything.
TINY = 1e-32


def griffinlim(
    specgram: Tensor,
    window: Tensor,
    n_fft: int,
    hop_length: int,
    win_length: int,
    power: float,
    n_iter: int,
    momentum: float,
    length: int | None,
    rand_init: bool,
) -> Tensor:
    """A signal whose spectrogram is near `specgram`, found by going back and forth.

    Args:
        specgram: `(..., n_fft // 2 + 1, frames)`, magnitudes to the `power`, not negative.
        window: `(win_length,)`.
        n_fft: length of the Fourier transform, in samples.
        hop_length: from one frame to the next, in samples.
        win_length: of the window, at most `n_fft`.
        power: exponent of the magnitudes: 2 for a power spectrogram.
        n_iter: iterations. They cost a transform forth and back each.
        momentum: 0 for the algorithm of 1984; below 1, 0.99 converges faster.
        length: of the signal, in samples; `(frames - 1) * hop_length` if None.
        rand_init: start with random phases; with zeros otherwise.

    Returns:
        `(..., length)`.

    Raises:
        ArgumentError: another number of bins, fewer frames than the transforms need, a momentum outside
            0 to 1, a power that is not positive.

    >>> window, wave = torch.hann_window(64), torch.sin(0.3 * torch.arange(320))
    >>> from sonovox.dsp.spectrogram import spectrogram
    >>> target = spectrogram(wave, 0, window, 64, 16, 64, 1.0, False)
    >>> found = griffinlim(target, window, 64, 16, 64, 1.0, 50, 0.99, None, False)
    >>> ((spectrogram(found, 0, window, 64, 16, 64, 1.0, False) - target).norm() / target.norm()).item() < 0.1
    True
    """
    check_floating("specgram", specgram)
    check_positive("power", power)
    check_positive("hop_length", hop_length, unit="in samples")
    if not 0.0 <= momentum < 1.0:
        raise ArgumentError(f"momentum must be at least 0 and below 1, got {momentum}", hint="0.99 is usual")
    if specgram.dim() < 2 or specgram.shape[-2] != n_fft // 2 + 1 or specgram.shape[-1] == 0:
        raise ArgumentError(
            f"specgram must have shape (..., n_fft // 2 + 1 = {n_fft // 2 + 1}, frames) with at least one frame, "
            f"got {tuple(specgram.shape)}",
            hint="set n_fft to that of the spectrogram",
        )
    if specgram.dtype in (torch.float16, torch.bfloat16):
        specgram = specgram.float()
    window = analysis_window(window.to(specgram.dtype), n_fft, win_length)
    magnitudes = safe_power(specgram.transpose(-1, -2), 1.0 / power)
    phases = 2 * torch.pi * torch.rand_like(magnitudes) if rand_init else torch.zeros_like(magnitudes)
    phasors = torch.polar(torch.ones_like(magnitudes), phases)
    count = magnitudes.shape[-2]
    natural = (count - 1) * hop_length + n_fft % 2
    if natural <= n_fft // 2:
        raise ArgumentError(
            f"specgram must have more than {n_fft // 2 // hop_length + 1} frames for n_fft={n_fft} and "
            f"hop_length={hop_length}, got {count}",
            hint="pad the signal before its spectrogram is made, or lower n_fft",
        )
    # The signal is analysed at the length wanted where that has as many frames, as it should have.
    fits = length is not None and (length - n_fft % 2) // hop_length + 1 == count
    inner = length if length is not None and fits else natural
    reuse = can_reuse_buffers(specgram, window) and specgram.numel() > 0
    plan = plan_for(n_fft, magnitudes, window) if reuse and n_iter > 0 else None
    in_buffers = _iterate_in_buffers if plan is None else functools.partial(_iterate_by_kernel, plan)
    iterate = in_buffers if reuse else _iterate
    spectra = iterate(magnitudes, phasors, window, hop_length, n_iter, momentum / (1.0 + momentum), inner)
    return signal_of_spectra(spectra, window, hop_length, length=length)


class GriffinLim(nn.Module):
    """Module twin of `griffinlim`; it keeps the window, as the buffer `window`.

    Args:
        n_fft: see `griffinlim`.
        n_iter: iterations.
        win_length: `n_fft` if None.
        hop_length: `win_length // 2` if None.
        window_fn: makes the window from `win_length` and `wkwargs`.
        power: see `griffinlim`, as are `momentum`, `length` and `rand_init`. The momentum is applied once;
            torchaudio 0.10 applied its formula twice.
        wkwargs: further arguments of `window_fn`.

    >>> GriffinLim(n_fft=512)(torch.ones(2, 257, 10)).shape
    torch.Size([2, 2304])
    """

    window: Tensor

    def __init__(
        self,
        n_fft: int = 400,
        n_iter: int = 32,
        win_length: int | None = None,
        hop_length: int | None = None,
        window_fn: Callable[..., Tensor] = torch.hann_window,
        power: float = 2.0,
        wkwargs: Mapping[str, Any] | None = None,
        momentum: float = 0.99,
        length: int | None = None,
        rand_init: bool = True,
    ) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.n_iter = n_iter
        self.win_length = n_fft if win_length is None else win_length
        self.hop_length = self.win_length // 2 if hop_length is None else hop_length
        self.power = power
        self.momentum = momentum
        self.length = length
        self.rand_init = rand_init
        self.register_buffer("window", window_fn(self.win_length, **(wkwargs or {})))

    def forward(self, specgram: Tensor) -> Tensor:
        return griffinlim(
            specgram,
            self.window,
            self.n_fft,
            self.hop_length,
            self.win_length,
            self.power,
            self.n_iter,
            self.momentum,
            self.length,
            self.rand_init,
        )

    def extra_repr(self) -> str:
        return f"n_fft={self.n_fft}, n_iter={self.n_iter}, hop_length={self.hop_length}, momentum={self.momentum}"


def _iterate(
    magnitudes: Tensor, phasors: Tensor, window: Tensor, hop_length: int, n_iter: int, momentum: float, length: int
) -> Tensor:
    spectra = magnitudes * phasors
    previous: Tensor | float = 0.0
    for _ in range(n_iter):
        signal = signal_of_spectra(spectra, window, hop_length, length=length)
        rebuilt = short_time_transform(frame_signal(signal, len(window), hop_length), window)
        moved = rebuilt - momentum * previous
        parts = torch.view_as_real(moved)
        squares = parts[..., 0].square() + parts[..., 1].square()
        silent = squares < TINY
        spectra = moved * (magnitudes * squares.masked_fill(silent, 1.0).rsqrt()).masked_fill(silent, 0.0)
        previous = rebuilt
    return spectra


def _iterate_by_kernel(
    plan: Plan,
    magnitudes: Tensor,
    phasors: Tensor,
    window: Tensor,
    hop_length: int,
    n_iter: int,
    momentum: float,
    length: int,
) -> Tensor:
    *leading, count, bins = magnitudes.shape
    targets = magnitudes.reshape(math.prod(leading), count, bins)
    signals = signal_of_spectra(phasors.reshape_as(targets) * targets, window, hop_length, length=length)
    scale = _inverse_envelope(window, count, hop_length, length)
    spectra = griffin_lim_rounds(plan, signals, targets, window, scale, hop_length, n_iter, momentum)
    return spectra.view(*leading, count, bins)


def _inverse_envelope(window: Tensor, count: int, hop_length: int, length: int) -> Tensor:
    """What the sum of the windowed frames is multiplied by, `(length,)`; 0 where no frame reaches."""
    envelope = squared_envelope(window, count, hop_length)[len(window) // 2 :][:length]
    scale = envelope.new_zeros(length)
    scale[: len(envelope)] = envelope.clamp(min=SMALLEST_ENVELOPE).reciprocal()
    return scale


def _iterate_in_buffers(
    magnitudes: Tensor, phasors: Tensor, window: Tensor, hop_length: int, n_iter: int, momentum: float, length: int
) -> Tensor:
    *leading, count, bins = magnitudes.shape
    magnitudes = magnitudes.reshape(math.prod(leading), count, bins)
    spectra = phasors.reshape_as(magnitudes) * magnitudes
    at_once = max(1, CHUNK_BYTES // (len(window) * magnitudes.dtype.itemsize))
    rows = max(1, at_once // count)  # several short items together
    for target, found in zip(magnitudes.split(rows), spectra.split(rows), strict=True):
        state = _State(target, window, hop_length, length, at_once)
        for _ in range(n_iter):
            state.synthesise(found)
            state.analyse(found, momentum)
    return spectra.view(*leading, count, bins)


class _State:
    """Buffers for the iterations on some items; frames pass in chunks that stay in the second-level cache."""

    def __init__(self, magnitudes: Tensor, window: Tensor, hop_length: int, length: int, at_once: int) -> None:
        rows, count, bins = magnitudes.shape
        n_fft = len(window)
        self.window = window
        # With the factor of the inverse transform, which costs MKL a tenth of the transform.
        self.synthesis_window = window / n_fft
        self.hop_length = hop_length
        self.margin = n_fft // 2
        self.length = length
        self.overlap = -(-n_fft // hop_length)
        self.magnitudes = magnitudes
        self.previous = torch.complex(torch.zeros_like(magnitudes), torch.zeros_like(magnitudes))
        # The signal with its margins, in pieces of a hop; one kept, longer than both what is added and what is framed.
        pieces = max(count + self.overlap - 1, -(-(length + 2 * self.margin) // hop_length))
        self.signal = magnitudes.new_empty(rows, pieces, hop_length)
        self.scale = magnitudes.new_zeros(pieces * hop_length)
        self.scale[self.margin : self.margin + length] = _inverse_envelope(window, count, hop_length, length)
        chunks = -(-count // at_once)
        step = -(-count // chunks)
        self.chunks = [slice(start, min(start + step, count)) for start in range(0, count, step)]
        self.windowed = magnitudes.new_empty(rows, step, n_fft)
        self.squares = magnitudes.new_empty(rows, step, bins)

    def synthesise(self, spectra: Tensor) -> None:
        """Write the signal of the spectra, mirrored at its ends."""
        n_fft = len(self.window)
        self.signal.zero_()
        for chunk in self.chunks:
            frames = torch.fft.irfft(spectra[:, chunk], n=n_fft, norm="forward")
            for shift in range(self.overlap):
                part = slice(shift * self.hop_length, (shift + 1) * self.hop_length)
                piece, weights = frames[..., part], self.synthesis_window[part]
                place = slice(chunk.start + shift, chunk.stop + shift)
                self.signal[:, place, : len(weights)].addcmul_(piece, weights)
        flat = self.signal.flatten(1).mul_(self.scale)
        first, last = self.margin, self.margin + self.length - 1
        flat[:, :first] = flat[:, first + 1 : 2 * first + 1].flip(-1)
        flat[:, last + 1 : last + 1 + self.margin] = flat[:, last - self.margin : last].flip(-1)

    def analyse(self, spectra: Tensor, momentum: float) -> None:
        """Write the wanted magnitudes with the phases of the signal's spectra, moved on by the momentum."""
        frames = self.signal.flatten(1).unfold(-1, len(self.window), self.hop_length)
        for chunk in self.chunks:
            size = chunk.stop - chunk.start
            rebuilt = torch.fft.rfft(torch.mul(frames[:, chunk], self.window, out=self.windowed[:, :size]))
            previous = self.previous[:, chunk]
            moved = previous.mul_(-momentum).add_(rebuilt) if momentum else rebuilt
            parts, squares = torch.view_as_real(moved), self.squares[:, :size]
            torch.mul(parts[..., 0], parts[..., 0], out=squares).addcmul_(parts[..., 1], parts[..., 1])
            squares.clamp_(min=TINY).rsqrt_().mul_(self.magnitudes[:, chunk])
            torch.mul(parts, squares.unsqueeze(-1), out=torch.view_as_real(spectra)[:, chunk])
            if momentum:
                previous.copy_(rebuilt)
