"""Frames as Kaldi cuts them: options, the signals that a call is about, counts, and what follows from lengths.

A building block of the Kaldi features. Kaldi works on whole milliseconds: a frame
has `int(sample_frequency * frame_length / 1000)` samples. Without `snip_edges` the
signal is mirrored at both ends, its last sample included, so that there is a frame
for every whole shift.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice, check_floating, check_positive, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import can_reuse_buffers

__all__ = ["FrameOptions", "finish_features", "frame_counts", "frames_of", "select_signals"]

WINDOWS = ("povey", "hanning", "hamming", "rectangular", "blackman")


@dataclass(frozen=True)
class FrameOptions:
    """The options of frames that all Kaldi features share; see `sonovox.compliance.kaldi.spectrogram`.

    Raises:
        ArgumentError: an option that cannot be used.
    """

    blackman_coeff: float
    channel: int
    dither: float
    energy_floor: float
    frame_length: float
    frame_shift: float
    min_duration: float
    preemphasis_coefficient: float
    raw_energy: bool
    remove_dc_offset: bool
    round_to_power_of_two: bool
    sample_frequency: float
    snip_edges: bool
    subtract_mean: bool
    window_type: str

    def __post_init__(self) -> None:
        check_choice("window_type", self.window_type, WINDOWS)
        check_positive("sample_frequency", self.sample_frequency, unit="in Hz")
        if not 0.0 <= self.preemphasis_coefficient <= 1.0:
            raise ArgumentError(
                f"preemphasis_coefficient must be in 0 to 1, got {self.preemphasis_coefficient}",
                hint="0 switches it off",
            )
        if self.hop < 1 or self.size < 2:
            raise ArgumentError(
                f"a frame must have at least 2 samples and a shift at least 1, got {self.size} and {self.hop}",
                hint="frame_length and frame_shift are in milliseconds",
            )
        if self.n_fft % 2:
            raise ArgumentError(
                f"a frame must have an even number of samples, got {self.n_fft}",
                hint="set round_to_power_of_two=True, or change frame_length",
            )

    @property
    def size(self) -> int:
        """Samples of a frame."""
        return int(self.sample_frequency * self.frame_length * 0.001)

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return int(self.sample_frequency * self.frame_shift * 0.001)

    @property
    def n_fft(self) -> int:
        """Samples of a frame with the zeros that are put after it."""
        return 1 << (self.size - 1).bit_length() if self.round_to_power_of_two else self.size


def select_signals(waveform: Tensor, options: FrameOptions, lengths: Tensor | None) -> Tensor:
    """The signals `(..., time)` of `waveform`, in float32 or float64.

    Args:
        waveform: `(time,)`, `(..., channels, time)`; with lengths `(..., time)`.
        options: tell the channel.
        lengths: samples of each signal, of shape `waveform.shape[:-1]`.

    Raises:
        ArgumentError: no such channel, a signal shorter than one frame, or lengths of another shape or dtype.
    """
    check_time_axis("waveform", waveform)
    check_floating("waveform", waveform)
    if waveform.dtype in (torch.float16, torch.bfloat16):
        waveform = waveform.float()
    time = waveform.shape[-1]
    if lengths is not None:
        _check_lengths(waveform, options, lengths)
        if can_reuse_buffers(waveform):
            return waveform  # frames that reach beyond are zeroed in the end
        # What lies beyond may be anything, NaN too: it must not reach gradients either.
        beyond = torch.arange(time, device=waveform.device) >= lengths[..., None]
        return waveform.masked_fill(beyond, 0.0)
    channel, channels = max(options.channel, 0), waveform.shape[-2] if waveform.dim() > 1 else 1
    if channel >= channels:
        raise ArgumentError(
            f"channel must be below {channels}, got {channel}", hint=f"waveform has shape {tuple(waveform.shape)}"
        )
    if time < (options.size if options.snip_edges else 1):
        raise ArgumentError(
            f"waveform must have at least one frame of {options.size} samples, got {time}",
            hint="pad it, set snip_edges=False, or pass lengths, with which short signals have no frames",
        )
    return waveform.select(-2, channel) if waveform.dim() > 1 else waveform


def frame_counts(lengths: Tensor, options: FrameOptions) -> Tensor:
    """How many frames signals of so many samples have: integers of the shape of `lengths`.

    >>> options = FrameOptions(0.42, -1, 0, 1, 25, 10, 0, 0.97, True, True, True, 16000, True, False, "povey")
    >>> frame_counts(torch.tensor([16000, 400, 399, 0]), options)
    tensor([98,  1,  0,  0])
    """
    if options.snip_edges:
        counts = (lengths - options.size).div(options.hop, rounding_mode="floor").add(1).clamp(min=0)
    else:
        counts = (lengths + options.hop // 2).div(options.hop, rounding_mode="floor")
    if options.min_duration > 0:
        counts = counts.masked_fill(lengths < options.min_duration * options.sample_frequency, 0)
    return counts


def frames_of(signals: Tensor, options: FrameOptions, lengths: Tensor | None) -> Tensor:
    """Frames `(..., frames, size)` of signals `(..., time)`, as a view of them or of their mirrored copy."""
    time, size, hop = signals.shape[-1], options.size, options.hop
    if lengths is None and options.min_duration > 0 and time < options.min_duration * options.sample_frequency:
        return signals.new_empty(*signals.shape[:-1], 0, size)
    if not options.snip_edges:
        count = (time + hop // 2) // hop
        start = hop // 2 - size // 2
        places = start + torch.arange((count - 1) * hop + size if count else 0, device=signals.device)
        signals = _mirrored(signals, places, lengths)
    if signals.shape[-1] < size:
        return signals.new_empty(*signals.shape[:-1], 0, size)
    return signals.unfold(-1, size, hop)


def finish_features(features: Tensor, options: FrameOptions, lengths: Tensor | None) -> Tensor | tuple[Tensor, Tensor]:
    """Subtract the mean over frames if so wished; with lengths, zero what is beyond, and tell the frame counts."""
    if lengths is None:
        return features - features.mean(dim=-2, keepdim=True) if options.subtract_mean else features
    counts = frame_counts(lengths, options)
    beyond = (torch.arange(features.shape[-2], device=features.device) >= counts[..., None])[..., None]
    features = features.masked_fill(beyond, 0.0)
    if options.subtract_mean:
        mean = features.sum(dim=-2, keepdim=True) / counts.clamp(min=1)[..., None, None]
        features = (features - mean).masked_fill(beyond, 0.0)
    return features, counts


def _mirrored(signals: Tensor, places: Tensor, lengths: Tensor | None) -> Tensor:
    """Samples at `places` `(n,)` of signals that are continued by their mirror images at both ends."""
    period = 2 * (signals.shape[-1] if lengths is None else lengths[..., None].clamp(min=1))
    inside = places.remainder(period)
    inside = torch.minimum(inside, period - 1 - inside)
    if lengths is None:
        return signals.index_select(-1, inside)
    return signals.gather(-1, inside)


def _check_lengths(waveform: Tensor, options: FrameOptions, lengths: Tensor) -> None:
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise ArgumentError(
            f"lengths must be integers, got {str(lengths.dtype).removeprefix('torch.')}",
            hint="give samples; for relative lengths (lengths * waveform.shape[-1]).round().long()",
        )
    if lengths.shape != waveform.shape[:-1]:
        raise ArgumentError(
            f"lengths must have one length for each signal, shape {tuple(waveform.shape[:-1])}, "
            f"got {tuple(lengths.shape)}",
            hint="with lengths, waveform is (..., time) without a channel axis",
        )
    if options.channel > 0:
        raise ArgumentError(
            f"channel={options.channel} cannot be chosen with lengths, whose waveform is (..., time)",
            hint="index the channel before the call",
        )
