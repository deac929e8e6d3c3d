"""Power spectra of Kaldi's frames, and the energy of each: the engine under its three features.

For each frame in turn: dither, removal of the mean, the raw energy, preemphasis
x[n] - c x[n-1] (the first sample standing in for the one before it), a window, zeros
up to the length of the transform, and the power spectrum. A building block.
"""

import math

import numpy as np
import torch
from torch import Tensor

from sonovox._kernels.kaldi_frames import prepare_frames
from sonovox.dsp.eager import can_reuse_buffers, constant, full_precision, over_frames
from sonovox.dsp.frames import FilterBank, powers_into
from sonovox.dsp.kaldi.framing import FrameOptions, frames_of

__all__ = ["EPSILON", "energies_and_spectra", "floored_log", "window_function"]

# Kaldi computes in float32, and takes its rounding unit as the least power whose logarithm it takes.
EPSILON = float(np.finfo(np.float32).eps)

# Of padded frames. Measured on 10 s with a second-level cache of 1 MB: half of it takes a sixth longer, since each
# chunk has a price of its own, and twice as much a third, since frames then leave that cache.
_CHUNK_BYTES = 1024 * 1024


def energies_and_spectra(
    signals: Tensor,
    options: FrameOptions,
    lengths: Tensor | None,
    *,
    bank: FilterBank | None = None,
    use_power: bool = True,
    with_energy: bool = True,
) -> tuple[Tensor, Tensor]:
    """Log energy and power spectrum of each frame.

    Args:
        signals: `(..., time)`, float32 or float64.
        options: of the frames.
        lengths: samples of each signal, or None.
        bank: filters that sum the `n_fft // 2 + 1` bins.
        use_power: otherwise magnitudes.
        with_energy: whether the energies are wanted.

    Returns:
        Log energies `(..., frames, 1)`, with no column where they are not wanted,
        and spectra `(..., frames, bins)`, or `(..., frames, filters)`.
    """
    with full_precision(signals):
        frames = frames_of(signals, options, lengths)
        window = _window_of(options, frames)
        if options.dither == 0 and can_reuse_buffers(signals) and frames.numel():
            return _in_chunks(frames, options, window, bank, use_power, with_energy)
        if options.dither != 0:
            noise = torch.randn(frames.shape, dtype=frames.dtype, device=frames.device)
            frames = frames + options.dither * noise
        if options.remove_dc_offset:
            frames = frames - frames.mean(dim=-1, keepdim=True)
        energy = frames.square().sum(-1, keepdim=True)
        before = torch.cat((frames[..., :1], frames[..., :-1]), dim=-1)
        frames = (frames - options.preemphasis_coefficient * before) * window
        if not options.raw_energy:
            energy = frames.square().sum(-1, keepdim=True)
        spectra = over_frames(lambda x: torch.fft.rfft(x, n=options.n_fft), frames)
        # torch gives the magnitude the gradient 0 at 0.
        features = torch.view_as_real(spectra).square().sum(-1) if use_power else spectra.abs()
        if bank is not None:
            features = features @ bank.weights
        return _log_energy(energy[..., : int(with_energy)], options), features


def floored_log(power: Tensor) -> Tensor:
    """Natural logarithm of `power`, at least that of `EPSILON`, contiguous; may be written over `power`.

    >>> floored_log(torch.tensor([0.0, 1.0]))
    tensor([-15.9424,   0.0000])
    """
    in_place = can_reuse_buffers(power) and power.is_contiguous()
    floored = power.clamp_(min=EPSILON) if in_place else power.clamp(min=EPSILON)
    return floored.log_()


def window_function(name: str, size: int, blackman_coeff: float = 0.42) -> np.ndarray:
    """A window of Kaldi: `"povey"` is the Hann window to the power 0.85, which is zero at its ends.

    >>> window_function("povey", 5).round(4).tolist()
    [0.0, 0.5548, 1.0, 0.5548, 0.0]
    """
    angle = 2 * math.pi * np.arange(size) / (size - 1)
    if name == "rectangular":
        return np.ones(size)
    if name == "blackman":
        return blackman_coeff - 0.5 * np.cos(angle) + (0.5 - blackman_coeff) * np.cos(2 * angle)
    if name == "hamming":
        return 0.54 - 0.46 * np.cos(angle)
    hann = 0.5 - 0.5 * np.cos(angle)
    return hann**0.85 if name == "povey" else hann


def _window_of(options: FrameOptions, frames: Tensor) -> Tensor:
    return _window(options.window_type, options.size, options.blackman_coeff, frames.dtype, frames.device)


@constant
def _window(name: str, size: int, blackman_coeff: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(window_function(name, size, blackman_coeff), dtype=dtype, device=device)


def _log_energy(energy: Tensor, options: FrameOptions) -> Tensor:
    return energy.clamp(min=max(EPSILON, options.energy_floor)).log_()


def _in_chunks(
    frames: Tensor,
    options: FrameOptions,
    window: Tensor,
    bank: FilterBank | None,
    use_power: bool,
    with_energy: bool,
) -> tuple[Tensor, Tensor]:
    """The same arithmetic in buffers that are used again and again."""
    *leading, count, size = frames.shape
    signals = frames.reshape(-1, count, size)
    bins = options.n_fft // 2 + 1
    width = bins if bank is None else bank.weights.shape[1]
    features = frames.new_empty(len(signals), count, width)
    energy = frames.new_empty(len(signals), count, int(with_energy))
    at_once = max(1, _CHUNK_BYTES // (options.n_fft * frames.dtype.itemsize))
    step = -(-count // -(-count // at_once))  # equal chunks, since a short last one costs as much as a long one
    rows = max(1, at_once // count)  # several short signals together
    padded_buffer = frames.new_empty(rows, step, options.n_fft)
    padded_buffer[..., size:] = 0.0
    for row in range(0, len(signals), rows):
        parts = (part[row : row + rows].split(step, 1) for part in (signals, features, energy))
        for chunk, feature, log_energy in zip(*parts, strict=True):
            padded = padded_buffer[: chunk.shape[0], : chunk.shape[1]]
            prepare_frames(
                chunk,
                window,
                options.preemphasis_coefficient,
                padded[..., :size],
                log_energy if with_energy else None,
                remove_mean=options.remove_dc_offset,
                raw_energy=options.raw_energy,
            )
            powers_into(feature, padded, 2.0 if use_power else 1.0, bank)
    return _log_energy(energy, options).view(*leading, count, energy.shape[-1]), features.view(*leading, count, width)
