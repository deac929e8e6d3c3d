"""Log power spectrogram as Kaldi's `compute-spectrogram-feats` has it."""

import torch
from torch import Tensor

from sonovox.dsp.kaldi.framing import FrameOptions, finish_features, select_signals
from sonovox.dsp.kaldi.spectra import energies_and_spectra, floored_log

__all__ = ["spectrogram"]


def spectrogram(
    waveform: Tensor,
    blackman_coeff: float = 0.42,
    channel: int = -1,
    dither: float = 0.0,
    energy_floor: float = 1.0,
    frame_length: float = 25.0,
    frame_shift: float = 10.0,
    min_duration: float = 0.0,
    preemphasis_coefficient: float = 0.97,
    raw_energy: bool = True,
    remove_dc_offset: bool = True,
    round_to_power_of_two: bool = True,
    sample_frequency: float = 16000.0,
    snip_edges: bool = True,
    subtract_mean: bool = False,
    window_type: str = "povey",
    *,
    lengths: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Log power spectrum of each frame, with the log energy of the frame in place of its first bin.

    Args:
        waveform: `(time,)` or `(..., channels, time)`, of which one channel is used; with `lengths`
            `(..., time)`. Floating point; Kaldi's own samples are in -32768 to 32767.
        blackman_coeff: of the window `"blackman"`.
        channel: which one; -1 for the first.
        dither: standard deviation of Gaussian noise to add to each frame.
        energy_floor: least energy of a frame, before the logarithm; 0 for none.
        frame_length: in milliseconds.
        frame_shift: in milliseconds.
        min_duration: in seconds; shorter signals have no frames.
        preemphasis_coefficient: c of x[n] - c x[n-1].
        raw_energy: take the energy before preemphasis and window.
        remove_dc_offset: subtract from each frame its mean.
        round_to_power_of_two: fill the frame with zeros to a power of two.
        sample_frequency: in Hz.
        snip_edges: only frames that lie in the signal; otherwise one for every
            shift, on the signal mirrored at both ends.
        subtract_mean: subtract the mean over frames from each feature.
        window_type: `"povey"`, `"hanning"`, `"hamming"`, `"rectangular"` or `"blackman"`.
        lengths: samples of each signal, integers of shape `waveform.shape[:-1]`. What
            lies beyond them has no influence.

    Returns:
        `(..., frames, n_fft // 2 + 1)`, natural logarithms. With `lengths` a pair: features, zero
        beyond the frames of each signal, and how many frames those are.

    Raises:
        ArgumentError: an option that cannot be used, no such channel, or a signal shorter than a frame.

    >>> tone = 1000 * torch.sin(0.5 * torch.pi * torch.arange(800.0))  # a quarter of the sample rate
    >>> spectrogram(tone)[:, 126:131].round()
    tensor([[19., 23., 24., 23., 19.],
            [19., 23., 24., 23., 19.],
            [19., 23., 24., 23., 19.]])
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
    energy, power = energies_and_spectra(signals, options, lengths)
    log_power = floored_log(power)
    return finish_features(torch.cat((energy, log_power[..., 1:]), dim=-1), options, lengths)
