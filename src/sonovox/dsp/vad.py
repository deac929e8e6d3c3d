"""Voice activity detection: where in a recording the voice starts.

The way of the effect `vad` of SoX: a measure of how strong a cepstrum is, above the
spectrum of the noise that was heard so far; when its mean passes a level, the start
is looked for backwards, over short gaps.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_floating, check_positive, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import over_frames

__all__ = ["Vad", "vad", "vad_start"]


@dataclass(frozen=True)
class _Settings:
    """The arguments of `vad`, and what follows from them in samples and bins."""

    sample_rate: int
    trigger_level: float = 7.0
    trigger_time: float = 0.25
    search_time: float = 1.0
    allowed_gap: float = 0.25
    pre_trigger_time: float = 0.0
    boot_time: float = 0.35
    noise_up_time: float = 0.1
    noise_down_time: float = 0.01
    noise_reduction_amount: float = 1.35
    measure_freq: float = 20.0
    measure_duration: float | None = None
    measure_smooth_time: float = 0.4
    hp_filter_freq: float = 50.0
    lp_filter_freq: float = 6000.0
    hp_lifter_freq: float = 150.0
    lp_lifter_freq: float = 2000.0

    def __post_init__(self) -> None:
        check_positive("sample_rate", self.sample_rate, unit="in Hz")
        check_positive("measure_freq", self.measure_freq, unit="in Hz")
        first, end = self.cepstrum
        if end <= first:
            raise ArgumentError(
                f"hp_lifter_freq={self.hp_lifter_freq} and lp_lifter_freq={self.lp_lifter_freq} leave no part of "
                f"the cepstrum at {self.sample_rate} Hz",
                hint="lower hp_lifter_freq or raise lp_lifter_freq",
            )

    @property
    def kept_before(self) -> int:
        return int(self.pre_trigger_time * self.sample_rate + 0.5)

    @property
    def measure_length(self) -> int:
        duration = 2.0 / self.measure_freq if self.measure_duration is None else self.measure_duration
        return int(self.sample_rate * duration + 0.5)

    @property
    def period(self) -> int:
        return int(self.sample_rate / self.measure_freq + 0.5)

    @property
    def n_fft(self) -> int:
        return max(16, 2 ** math.ceil(math.log2(self.measure_length)))

    @property
    def spectrum(self) -> tuple[int, int]:
        scale = self.n_fft / self.sample_rate
        first = max(1, int(self.hp_filter_freq * scale + 0.5))
        return first, min(int(self.lp_filter_freq * scale + 0.5), self.n_fft // 2)

    @property
    def cepstrum(self) -> tuple[int, int]:
        first = math.ceil(self.sample_rate * 0.5 / self.lp_lifter_freq)
        return first, min(math.floor(self.sample_rate * 0.5 / self.hp_lifter_freq), self.n_fft // 4)

    def smoothing(self, seconds: float) -> float:
        """The weight of what was, for a mean over so many seconds of measures."""
        return math.exp(-1.0 / (seconds * self.measure_freq))


def vad(
    waveform: Tensor,
    sample_rate: int,
    trigger_level: float = 7.0,
    trigger_time: float = 0.25,
    search_time: float = 1.0,
    allowed_gap: float = 0.25,
    pre_trigger_time: float = 0.0,
    boot_time: float = 0.35,
    noise_up_time: float = 0.1,
    noise_down_time: float = 0.01,
    noise_reduction_amount: float = 1.35,
    measure_freq: float = 20.0,
    measure_duration: float | None = None,
    measure_smooth_time: float = 0.4,
    hp_filter_freq: float = 50.0,
    lp_filter_freq: float = 6000.0,
    hp_lifter_freq: float = 150.0,
    lp_lifter_freq: float = 2000.0,
) -> Tensor:
    """`waveform` from where the voice starts.

    Args:
        waveform: one recording, `(time,)` or `(channels, time)`, or several, `(..., channels, time)`; floating point.
            The channels of a recording are cut at one place, that of the earliest voice.
        sample_rate: in Hz.
        trigger_level: of the mean measure, that counts as a voice.
        trigger_time: that the mean of the measures looks back, in seconds.
        search_time: how far back from the trigger the start is looked for, in seconds.
        allowed_gap: of quiet within what is kept, in seconds.
        pre_trigger_time: to keep before the start, in seconds.
        boot_time: at the start, from which the noise is estimated, in seconds.
        noise_up_time: in which the estimate of the noise follows louder noise, in seconds.
        noise_down_time: the same for quieter noise.
        noise_reduction_amount: how much of the noise is taken off.
        measure_freq: measures per second.
        measure_duration: of a measure, in seconds; two periods of them if None.
        measure_smooth_time: that spectra are smoothed over, in seconds.
        hp_filter_freq: lowest frequency that counts, in Hz.
        lp_filter_freq: highest frequency that counts, in Hz.
        hp_lifter_freq: lowest pitch that counts, in Hz.
        lp_lifter_freq: highest pitch that counts, in Hz.

    Returns:
        One recording: the same shape with less time; where no voice is found only the first `pre_trigger_time`
        is left, as SoX does. Several: each cut at its own place and followed by zeros, to the length of the
        longest; `vad_start` tells the places.

    Raises:
        ArgumentError: integers, rates that are not positive, lifter frequencies that leave nothing.

    >>> time = torch.arange(16000) / 8000
    >>> buzz = sum(torch.sin(2 * torch.pi * 150 * k * time) for k in range(1, 12))
    >>> noise = 0.001 * torch.randn(16000, generator=torch.Generator().manual_seed(0))
    >>> vad(torch.where(time > 1.0, 0.05 * buzz, 0.0) + noise, 8000).shape
    torch.Size([8800])
    """
    settings = _Settings(
        sample_rate,
        trigger_level,
        trigger_time,
        search_time,
        allowed_gap,
        pre_trigger_time,
        boot_time,
        noise_up_time,
        noise_down_time,
        noise_reduction_amount,
        measure_freq,
        measure_duration,
        measure_smooth_time,
        hp_filter_freq,
        lp_filter_freq,
        hp_lifter_freq,
        lp_lifter_freq,
    )
    return _cut(waveform, settings)


def vad_start(waveform: Tensor, sample_rate: int, **settings: float) -> Tensor:
    """The sample at which the voice of each recording starts.

    Args:
        waveform: see `vad`, as are `sample_rate` and the `settings`, by name.

    Returns:
        int64, `(...)` for recordings `(..., channels, time)`; the number of samples where no voice is found.

    >>> vad_start(torch.zeros(3, 1, 8000), 8000)
    tensor([8000, 8000, 8000])
    """
    return _starts(waveform, _Settings(sample_rate, **settings))


class Vad(nn.Module):
    """Module twin of `vad`.

    Args:
        sample_rate: see `vad`, as for all others.

    >>> Vad(16000)(torch.zeros(2, 16000)).shape
    torch.Size([2, 0])
    """

    def __init__(
        self,
        sample_rate: int,
        trigger_level: float = 7.0,
        trigger_time: float = 0.25,
        search_time: float = 1.0,
        allowed_gap: float = 0.25,
        pre_trigger_time: float = 0.0,
        boot_time: float = 0.35,
        noise_up_time: float = 0.1,
        noise_down_time: float = 0.01,
        noise_reduction_amount: float = 1.35,
        measure_freq: float = 20.0,
        measure_duration: float | None = None,
        measure_smooth_time: float = 0.4,
        hp_filter_freq: float = 50.0,
        lp_filter_freq: float = 6000.0,
        hp_lifter_freq: float = 150.0,
        lp_lifter_freq: float = 2000.0,
    ) -> None:
        super().__init__()
        self.settings = _Settings(
            sample_rate,
            trigger_level,
            trigger_time,
            search_time,
            allowed_gap,
            pre_trigger_time,
            boot_time,
            noise_up_time,
            noise_down_time,
            noise_reduction_amount,
            measure_freq,
            measure_duration,
            measure_smooth_time,
            hp_filter_freq,
            lp_filter_freq,
            hp_lifter_freq,
            lp_lifter_freq,
        )

    def forward(self, waveform: Tensor) -> Tensor:
        return _cut(waveform, self.settings)

    def extra_repr(self) -> str:
        return f"sample_rate={self.settings.sample_rate}, trigger_level={self.settings.trigger_level}"


def _cut(waveform: Tensor, settings: _Settings) -> Tensor:
    starts = _starts(waveform, settings)
    if waveform.dim() <= 2:
        return _from(waveform, int(starts), settings)
    recordings = waveform.flatten(0, -3)
    if len(recordings) == 0:
        return waveform
    places = zip(recordings, starts.flatten().tolist(), strict=True)
    kept = [_from(recording, start, settings) for recording, start in places]
    longest = max(recording.shape[-1] for recording in kept)
    padded = [F.pad(recording, (0, longest - recording.shape[-1])) for recording in kept]
    return torch.stack(padded).unflatten(0, waveform.shape[:-2])


def _from(recording: Tensor, start: int, settings: _Settings) -> Tensor:
    return recording[..., start:] if start < recording.shape[-1] else recording[..., : settings.kept_before]


def _starts(waveform: Tensor, settings: _Settings) -> Tensor:
    check_time_axis("waveform", waveform)
    check_floating("waveform", waveform)
    channels = waveform.unsqueeze(0) if waveform.dim() == 1 else waveform
    measures = _measures(channels.detach().double(), settings)
    recordings = measures.reshape(math.prod(channels.shape[:-2]), *measures.shape[-2:]).tolist()
    starts = [_start_of(recording, settings, waveform.shape[-1]) for recording in recordings]
    return torch.tensor(starts, dtype=torch.int64, device=waveform.device).view(channels.shape[:-2])


def _measures(channels: Tensor, settings: _Settings) -> Tensor:
    """How much of a voice there is, at least 0: `(..., channels, measures)`."""
    length = settings.measure_length
    if channels.shape[-1] < length:
        return channels.new_zeros(*channels.shape[:-1], 0)
    stretches = channels.unfold(-1, length, settings.period) * _scaled_hann(length, channels)
    first, end = settings.spectrum
    padded = F.pad(stretches, (0, settings.n_fft - length))
    magnitudes = over_frames(torch.fft.rfft, padded)[..., first:end].abs()
    clean = _less_noise(magnitudes, settings) * _scaled_hann(end - first, channels)
    whole = F.pad(clean, (first, settings.n_fft // 2 - end))
    quefrencies = slice(*settings.cepstrum)
    power = over_frames(torch.fft.rfft, whole)[..., quefrencies].abs().square().mean(-1)
    return (21.0 + power.log()).clamp(min=0.0)  # SoX's offset, which makes levels of speech about 7


def _less_noise(magnitudes: Tensor, settings: _Settings) -> Tensor:
    """Spectra smoothed over time, less the noise heard so far."""
    smoothed = noise = torch.zeros_like(magnitudes[..., 0, :])
    up, down = settings.smoothing(settings.noise_up_time), settings.smoothing(settings.noise_down_time)
    last_of_boot = int(settings.boot_time * settings.measure_freq - 0.5)
    clean = []
    for index, magnitude in enumerate(magnitudes.unbind(-2)):
        booting = index <= last_of_boot
        weight = index / (1 + index) if booting else settings.smoothing(settings.measure_smooth_time)
        smoothed = weight * smoothed + (1.0 - weight) * magnitude
        power = smoothed.square()
        follow = torch.zeros_like(power) if booting else torch.where(power > noise, up, down).to(power)
        noise = follow * noise + (1.0 - follow) * power
        clean.append((power - settings.noise_reduction_amount * noise).clamp(min=0.0).sqrt())
    return torch.stack(clean, dim=-2)


def _start_of(channels: list[list[float]], settings: _Settings, time: int) -> int:
    """The first sample to keep, of the measures of each channel."""
    longest = math.ceil(settings.search_time * settings.measure_freq)
    weight = settings.smoothing(settings.trigger_time)
    means = [0.0] * len(channels)
    back, triggered = 0, False
    for index in range(len(channels[0]) if channels else 0):
        for channel, measures in enumerate(channels):
            means[channel] = weight * means[channel] + (1.0 - weight) * measures[index]
            triggered = triggered or means[channel] >= settings.trigger_level
            if triggered:
                history = [*measures[index::-1], *[0.0] * longest][:longest]
                back = min(max(back, _look_back(history, settings)), longest)
        if triggered:
            return max(0, (index - back) * settings.period - settings.kept_before)
    return time


def _look_back(history: list[float], settings: _Settings) -> int:
    """How many measures before the trigger the voice starts; `history` goes backwards from it."""
    gap = int(settings.allowed_gap * settings.measure_freq + 0.5)
    loud = quiet = len(history)
    for index, measure in enumerate(history):
        if measure >= settings.trigger_level and index <= loud + gap:
            loud = quiet = index
        elif measure == 0.0 and loud >= quiet:
            quiet = index
    return quiet


def _scaled_hann(length: int, like: Tensor) -> Tensor:
    window = torch.hann_window(length, periodic=False, dtype=like.dtype, device=like.device)
    return window * (2.0 / math.sqrt(length))
