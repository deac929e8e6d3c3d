"""Phase vocoder: a spectrogram faster or slower in time, at the same pitch.

Flanagan and Golden, "Phase vocoder", Bell System Technical Journal 45, 1966.
Between frames the phase advances by what it advanced between the two nearest
frames of the input. Whole turns do not matter to it, so that products of unit
phasors `S / |S|` do what unwrapping and summing of angles does, without an angle,
a sine or a loss of precision as the sum grows.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import can_reuse_buffers
from sonovox.dsp.frames import safe_power

__all__ = ["TimeStretch", "phase_vocoder"]

# Of a running product: more make fewer, larger multiplications.
STEPS_AT_ONCE = 16


def phase_vocoder(complex_specgrams: Tensor, rate: float, phase_advance: Tensor) -> Tensor:
    """Each spectrogram at another speed.

    Args:
        complex_specgrams: complex, `(..., freq, frames)`.
        rate: of the speed: above 1 is faster and gives fewer frames.
        phase_advance: `(freq, 1)`: what a bin's own frequency advances in a hop, in radians. It takes
            part in nothing, since it cancels: phases advance as those of the input do, up to whole turns.

    Returns:
        `(..., freq, ceil(frames / rate))`; the input itself if `rate` is 1.

    Raises:
        ArgumentError: not complex, a rate that is not positive, a phase advance for other bins.

    >>> steady = torch.polar(torch.ones(1, 4), torch.tensor([[0.0, 1.0, 2.0, 3.0]]))
    >>> phase_vocoder(steady, 0.5, torch.ones(1, 1)).angle()[0, :6].round(decimals=3)
    tensor([ 0.0000,  1.0000,  2.0000,  3.0000, -2.2830, -1.2830])
    """
    check_positive("rate", rate)
    _check_spectrum(complex_specgrams)
    bins, count = complex_specgrams.shape[-2:]
    if phase_advance.shape[0] != bins:
        raise ArgumentError(
            f"phase_advance must have shape ({bins}, 1), got {tuple(phase_advance.shape)}",
            hint="torch.linspace(0, math.pi * hop_length, bins)[:, None]",
        )
    if rate == 1.0:
        return complex_specgrams
    spectra = complex_specgrams.transpose(-1, -2)  # (..., frames, freq), as spectrograms lie in memory
    times = torch.arange(math.ceil(count / rate), device=spectra.device, dtype=torch.float64) * rate
    frames = times.long().clamp(max=max(count - 1, 0))
    between = (times - frames).to(spectra.real.dtype)[:, None]
    stretch = _stretch_in_buffers if can_reuse_buffers(spectra) and count else _stretch
    return stretch(spectra, frames, between).transpose(-1, -2)


class TimeStretch(nn.Module):
    """Spectrograms at another speed, by `phase_vocoder`.

    Args:
        hop_length: of the spectrogram, in samples; `n_freq - 1` if None. It takes no effect, see `phase_vocoder`.
        n_freq: bins of the spectrogram.
        fixed_rate: the speed, unless a call gives its own.

    Raises:
        ArgumentError: on a call without a rate where there is no fixed one.

    >>> TimeStretch(n_freq=201)(torch.ones(2, 201, 10, dtype=torch.complex64), 1.25).shape
    torch.Size([2, 201, 8])
    """

    phase_advance: Tensor

    def __init__(self, hop_length: int | None = None, n_freq: int = 201, fixed_rate: float | None = None) -> None:
        super().__init__()
        self.fixed_rate = fixed_rate
        hop_length = n_freq - 1 if hop_length is None else hop_length
        self.register_buffer("phase_advance", torch.linspace(0, math.pi * hop_length, n_freq)[:, None])

    def forward(self, complex_specgrams: Tensor, overriding_rate: float | None = None) -> Tensor:
        rate = self.fixed_rate if overriding_rate is None else overriding_rate
        if rate is None:
            raise ArgumentError("no rate is given", hint="give fixed_rate to the module or overriding_rate to the call")
        return phase_vocoder(complex_specgrams, rate, self.phase_advance)

    def extra_repr(self) -> str:
        return f"n_freq={len(self.phase_advance)}, fixed_rate={self.fixed_rate}"


def _stretch(spectra: Tensor, frames: Tensor, between: Tensor) -> Tensor:
    # Behind the last frame comes silence, whose phase counts as zero.
    parts = F.pad(torch.view_as_real(spectra), (0, 0, 0, 0, 0, 1))
    squares = parts[..., 0].square() + parts[..., 1].square()
    magnitudes = safe_power(squares, 0.5)
    angles = torch.view_as_complex(parts).masked_fill(squares == 0, 1.0).angle()
    # Sums of thousands of float32 angles would lose their digits; those of float64 do not.
    steps = (angles.index_select(-2, frames + 1) - angles.index_select(-2, frames)).double()
    phases = (angles[..., :1, :] + steps.cumsum(-2) - steps).remainder(2 * math.pi)
    scale = torch.lerp(magnitudes.index_select(-2, frames), magnitudes.index_select(-2, frames + 1), between)
    return torch.polar(scale, phases.to(scale.dtype))


def _stretch_in_buffers(spectra: Tensor, frames: Tensor, between: Tensor) -> Tensor:
    *leading, count, bins = spectra.shape
    parts = torch.view_as_real(spectra)
    magnitudes = torch.mul(parts[..., 0], parts[..., 0]).addcmul_(parts[..., 1], parts[..., 1]).sqrt_()
    silent = magnitudes == 0
    phasors = spectra.new_empty(*leading, count + 1, bins)
    of_phasors = torch.view_as_real(phasors)
    torch.mul(parts, magnitudes.reciprocal().masked_fill_(silent, 0.0).unsqueeze(-1), out=of_phasors[..., :-1, :, :])
    of_phasors[..., :-1, :, 0].add_(silent)
    phasors[..., -1:, :] = 1.0  # behind the last frame comes silence, whose phase counts as zero
    # Each frame's phasor is the product of these up to it.
    steps = spectra.new_ones(*leading, -(-len(frames) // STEPS_AT_ONCE) * STEPS_AT_ONCE, bins)
    steps[..., :1, :] = phasors[..., :1, :]
    advance = phasors.index_select(-2, frames[:-1] + 1).mul_(phasors.index_select(-2, frames[:-1]).conj())
    steps[..., 1 : len(frames), :] = advance
    result = _running_product(steps)[..., : len(frames), :]
    padded = F.pad(magnitudes, (0, 0, 0, 1))
    scale = torch.lerp(padded.index_select(-2, frames), padded.index_select(-2, frames + 1), between)
    return result.mul_(scale)


def _running_product(steps: Tensor) -> Tensor:
    """Products along the second last dimension, in place: within blocks first, for all of them together."""
    blocks = steps.unflatten(-2, (-1, STEPS_AT_ONCE))
    for place in range(1, STEPS_AT_ONCE):
        blocks[..., place, :].mul_(blocks[..., place - 1, :])
    for block in range(1, blocks.shape[-3]):
        blocks[..., block, :, :].mul_(blocks[..., block - 1, -1:, :])
    return steps


def _check_spectrum(complex_specgrams: Tensor) -> None:
    if not complex_specgrams.is_complex() or complex_specgrams.dim() < 2:
        dtype = str(complex_specgrams.dtype).removeprefix("torch.")
        raise ArgumentError(
            f"complex_specgrams must be complex of shape (..., freq, frames), "
            f"got {dtype} of shape {tuple(complex_specgrams.shape)}",
            hint="make it with spectrogram(..., power=None)",
        )
