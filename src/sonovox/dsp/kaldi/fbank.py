"""Mel filter bank energies as Kaldi's `compute-fbank-feats` has them."""

import torch
from torch import Tensor

from sonovox.dsp.kaldi.framing import FrameOptions, finish_features, select_signals
from sonovox.dsp.kaldi.mel import mel_filter_bank
from sonovox.dsp.kaldi.spectra import energies_and_spectra, floored_log

__all__ = ["fbank"]


def fbank(
    waveform: Tensor,
    blackman_coeff: float = 0.42,
    channel: int = -1,
    dither: float = 0.0,
    energy_floor: float = 1.0,
    frame_length: float = 25.0,
    frame_shift: float = 10.0,
    high_freq: float = 0.0,
    htk_compat: bool = False,
    low_freq: float = 20.0,
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
    use_log_fbank: bool = True,
    use_power: bool = True,
    vtln_high: float = -500.0,
    vtln_low: float = 100.0,
    vtln_warp: float = 1.0,
    window_type: str = "povey",
    *,
    lengths: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Log energies of mel filters in each frame.

    Args:
        waveform: `(time,)` or `(..., channels, time)`, of which one channel is used; with `lengths`
            `(..., time)`. Floating point; Kaldi's own samples are in -32768 to 32767.
        blackman_coeff: see `spectrogram`, as are all that are not named here.
        high_freq: upper corner of the last filter, in Hz; 0 or less counts from half the sample rate.
        htk_compat: put the energy last.
        low_freq: lower corner of the first filter, in Hz.
        num_mel_bins: number of filters.
        use_energy: put the log energy of the frame before the filters.
        use_log_fbank: otherwise the filters' sums themselves.
        use_power: sum the power spectrum, otherwise the magnitude.
        vtln_high: see `get_mel_banks`, as are `vtln_low` and `vtln_warp`.
        lengths: samples of each signal, integers of shape `waveform.shape[:-1]`. What
            lies beyond them has no influence.

    Returns:
        `(..., frames, num_mel_bins)`, one more with `use_energy`: natural logarithms, at least -15.94.
        With `lengths` a pair: features, zero beyond the frames of each signal, and how many frames those are.

    Raises:
        ArgumentError: see `spectrogram` and `get_mel_banks`.

    >>> tone = 1000 * torch.sin(0.25 * torch.pi * torch.arange(800.0))  # 2 kHz
    >>> fbank(tone, num_mel_bins=6).round()
    tensor([[ 2.,  5., 22., 23.,  7.,  1.],
            [ 2.,  5., 22., 23.,  7.,  1.],
            [ 2.,  5., 22., 23.,  7.,  1.]])
    >>> features, frames = fbank(torch.zeros(2, 16000), lengths=torch.tensor([16000, 8000]))
    >>> features.shape, frames
    (torch.Size([2, 98, 23]), tensor([98, 48]))
    """
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
    energy, features = energies_and_spectra(
        signals, options, lengths, bank=bank, use_power=use_power, with_energy=use_energy
    )
    features = features[..., :num_mel_bins]
    if use_log_fbank:
        features = floored_log(features)
    if use_energy:
        features = torch.cat((features, energy) if htk_compat else (energy, features), dim=-1)
    return finish_features(features, options, lengths)
