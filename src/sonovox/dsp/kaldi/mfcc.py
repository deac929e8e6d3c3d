"""Mel frequency cepstral coefficients as Kaldi's `compute-mfcc-feats` has them."""

import numpy as np
import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import constant, full_precision
from sonovox.dsp.kaldi.framing import FrameOptions, finish_features, select_signals
from sonovox.dsp.kaldi.mel import mel_filter_bank
from sonovox.dsp.kaldi.spectra import energies_and_spectra, floored_log

__all__ = ["mfcc"]


def mfcc(
    waveform: Tensor,
    blackman_coeff: float = 0.42,
    cepstral_lifter: float = 22.0,
    channel: int = -1,
    dither: float = 0.0,
    energy_floor: float = 1.0,
    frame_length: float = 25.0,
    frame_shift: float = 10.0,
    high_freq: float = 0.0,
    htk_compat: bool = False,
    low_freq: float = 20.0,
    num_ceps: int = 13,
    min_duration: float = 0.0,
    num_mel_bins: int = 23,
    preemphasis_coefficient: float = 0.97,
    raw_energy: bool = True,
    remove_dc_offset: bool = True,
    round_to_power_of_two: bool = True,
    sample_frequency: float = 16000.0,
    snip_edges: bool = True,
    subtract_mean: bool = False,
    use_energy: bool = False,
    vtln_high: float = -500.0,
    vtln_low: float = 100.0,
    vtln_warp: float = 1.0,
    window_type: str = "povey",
    *,
    lengths: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Cepstrum of the log mel energies of each frame: their orthonormal cosine transform, liftered.

    Args:
        waveform: `(time,)` or `(..., channels, time)`, of which one channel is used; with `lengths`
            `(..., time)`. Floating point; Kaldi's own samples are in -32768 to 32767.
        blackman_coeff: see `spectrogram` and `fbank`, as are all that are not named here.
        cepstral_lifter: L of the weights 1 + L/2 sin(pi i / L) of coefficient i; 0 for none.
        htk_compat: put the zeroth coefficient last, times the root of 2 unless it is the energy.
        num_ceps: number of coefficients, at most `num_mel_bins`.
        use_energy: put the log energy of the frame in place of the zeroth coefficient.
        lengths: samples of each signal, integers of shape `waveform.shape[:-1]`. What
            lies beyond them has no influence.

    Returns:
        `(..., frames, num_ceps)`. With `lengths` a pair: features, zero beyond the frames
        of each signal, and how many frames those are.

    Raises:
        ArgumentError: see `fbank`; more coefficients than filters.

    >>> tone = 1000 * torch.sin(0.25 * torch.pi * torch.arange(400.0))  # 2 kHz
    >>> mfcc(tone, num_ceps=6).round()
    tensor([[  21.,    3., -104.,   29.,   84.,  -42.]])
    """
    if not 1 <= num_ceps <= num_mel_bins:
        raise ArgumentError(
            f"num_ceps must be in 1 to num_mel_bins={num_mel_bins}, got {num_ceps}", hint="raise num_mel_bins"
        )
    options = FrameOptions(
        blackman_coeff=blackman_coeff,
        channel=channel,
        dither=dither,
        energy_floor=energy_floor,
        frame_length=frame_length,
        frame_shift=frame_shift,
        min_duration=min_duration,
        preemphasis_coefficient=preemphasis_coefficient,
        raw_energy=raw_energy,
        remove_dc_offset=remove_dc_offset,
        round_to_power_of_two=round_to_power_of_two,
        sample_frequency=sample_frequency,
        snip_edges=snip_edges,
        subtract_mean=subtract_mean,
        window_type=window_type,
    )
    signals = select_signals(waveform, options, lengths)
    filters = (options.n_fft, sample_frequency, low_freq, high_freq, vtln_low, vtln_high, vtln_warp)
    bank = mel_filter_bank(num_mel_bins, *filters, signals.dtype, signals.device)
    energy, mel = energies_and_spectra(signals, options, lengths, bank=bank, with_energy=use_energy)
    with full_precision(mel):
        log_mel = floored_log(mel[..., :num_mel_bins])
        cepstra = log_mel @ _cepstral_matrix(num_mel_bins, num_ceps, cepstral_lifter, mel.dtype, mel.device)
    first = energy if use_energy else cepstra[..., :1]
    if htk_compat:
        last = first if use_energy else first * 2**0.5
        features = torch.cat((cepstra[..., 1:], last), dim=-1)
    else:
        features = torch.cat((first, cepstra[..., 1:]), dim=-1)
    return finish_features(features, options, lengths)


@constant
def _cepstral_matrix(
    num_mel_bins: int, num_ceps: int, lifter: float, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """The orthonormal cosine transform (type II) times the lifter: `(num_mel_bins, num_ceps)`."""
    index = np.arange(num_ceps)
    matrix = np.cos(np.pi / num_mel_bins * (np.arange(num_mel_bins)[:, None] + 0.5) * index)
    matrix *= np.sqrt(np.where(index == 0, 1.0, 2.0) / num_mel_bins)
    if lifter != 0.0:
        matrix *= 1.0 + 0.5 * lifter * np.sin(np.pi * index / lifter)
    return torch.tensor(matrix, dtype=dtype, device=device)
