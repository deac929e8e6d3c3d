"""A waveform from a magnitude that was changed and the phase of the waveform it came from."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["resynthesize"]

# Of silence, the peak counts as this.
SMALLEST_PEAK = 1e-14


def resynthesize(
    enhanced_mag: Tensor,
    noisy_inputs: Tensor,
    stft: Callable[[Tensor], Tensor],
    istft: Callable[..., Tensor],
    normalize_wavs: bool = True,
) -> Tensor:
    """The waveforms `(batch, time)` with the magnitudes `enhanced_mag` and the phases of `noisy_inputs`.

    Args:
        enhanced_mag: `(batch, frames, bins)`.
        noisy_inputs: `(batch, time)`.
        stft: to `(batch, frames, bins, 2)`, such as `STFT`.
        istft: its inverse, such as `ISTFT`.
        normalize_wavs: divide each waveform by its peak.

    >>> from sonovox.nn import ISTFT, STFT, spectral_magnitude
    >>> stft, istft, wave = STFT(16000), ISTFT(16000), torch.randn(1, 1600)
    >>> louder = resynthesize(2 * spectral_magnitude(stft(wave), power=0.5), wave, stft, istft, normalize_wavs=False)
    >>> torch.allclose(louder, 2 * wave, atol=1e-4)
    True
    """
    spectrum = torch.view_as_complex(stft(noisy_inputs).contiguous())
    changed = torch.polar(enhanced_mag.to(spectrum.real.dtype), spectrum.angle())
    wavs = istft(torch.view_as_real(changed), sig_length=noisy_inputs.shape[1])
    return wavs / (wavs.abs().amax(dim=1, keepdim=True) + SMALLEST_PEAK) if normalize_wavs else wavs
