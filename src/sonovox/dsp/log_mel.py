"""Log-mel spectrogram as Whisper was trained on.

Radford et al., "Robust speech recognition via large-scale weak supervision",
2022, section 2.2, and the code published with it: 16 kHz, windows of 25 ms every
10 ms, Slaney's mel filters, log10 limited to 8 (80 dB) below its maximum and
scaled to about -1 to 1. The maximum is that of each utterance, so that a batch
gives what its items give alone.
"""

from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_floating, check_positive, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import constant
from sonovox.dsp.frames import FilterBank, power_spectra
from sonovox.dsp.mel import melscale_fbanks

__all__ = [
    "LogMelSpectrogram",
    "log10_mel",
    "log10_mel_blocks",
    "log_mel_of_stream",
    "log_mel_spectrogram",
    "whisper_scale",
]

SAMPLE_RATE = 16000
N_FFT = 400
HOP_LENGTH = 160

# Frames that a stream computes together: enough that the cost of a call does not
# count, few enough (1.3 s) that nothing waits long.
_FRAMES_AT_ONCE = 128


def log_mel_spectrogram(waveform: Tensor, n_mels: int = 80, *, padding: int = 0) -> Tensor:
    """Whisper's input features of each signal.

    Args:
        waveform: `(..., time)` at 16 kHz, floating point, in -1 to 1, at least 201 samples with the padding.
        n_mels: 80, or 128 for large-v3 and its turbo.
        padding: zeros to append, in samples; Whisper's encoder takes 30 s, 480000 samples.

    Returns:
        `(..., n_mels, time // 160)`, about -1 to 2: at most 2 below the maximum of the item.

    Raises:
        ArgumentError: too few samples, or integers.

    >>> tone = 0.1 * torch.sin(2 * torch.pi * 440 / 16000 * torch.arange(1600))
    >>> log_mel_spectrogram(tone, n_mels=8)[:, 5]
    tensor([ 0.8720,  0.7865, -1.1280, -1.1280, -1.1280, -1.1280, -1.1280, -1.1280])
    """
    check_time_axis("waveform", waveform)
    return whisper_scale(log10_mel(F.pad(waveform, (0, padding)) if padding else waveform, n_mels))


class LogMelSpectrogram(nn.Module):
    """Module twin of `log_mel_spectrogram`. Filters and window are kept by the function.

    >>> LogMelSpectrogram()(torch.zeros(2, 16000)).shape
    torch.Size([2, 80, 100])
    """

    def __init__(self, n_mels: int = 80, *, padding: int = 0) -> None:
        super().__init__()
        self.n_mels = n_mels
        self.padding = padding

    def forward(self, waveform: Tensor) -> Tensor:
        return log_mel_spectrogram(waveform, self.n_mels, padding=self.padding)

    def extra_repr(self) -> str:
        return f"n_mels={self.n_mels}, padding={self.padding}"


def log10_mel(waveform: Tensor, n_mels: int = 80) -> Tensor:
    """First step of `log_mel_spectrogram`: log10 of the mel powers, at least -10.

    Args:
        waveform: `(..., time)` at 16 kHz, at least 201 samples.
        n_mels: number of mel filters.

    Returns:
        `(..., n_mels, time // 160)`: the last frame of the transform is dropped, as in Whisper.

    >>> log10_mel(torch.zeros(400), n_mels=2)
    tensor([[-10., -10.],
            [-10., -10.]])
    """
    return _log10_mel_of_frames(waveform, n_mels, center=True)[..., :-1]


def whisper_scale(log_mel: Tensor) -> Tensor:
    """Second step of `log_mel_spectrogram`: limit the range below the maximum, and scale.

    Args:
        log_mel: `(..., n_mels, frames)`, log10 of powers, at least one frame.

    Returns:
        The same shape: `(max(x, x.max() - 8) + 4) / 4`, the maximum over each item's last two dimensions.

    >>> whisper_scale(torch.tensor([[-10.0, -2.0, 0.0]]))
    tensor([[-1.0000,  0.5000,  1.0000]])
    """
    check_floating("log_mel", log_mel)
    if log_mel.dim() < 2 or 0 in log_mel.shape[-2:]:
        raise ArgumentError(
            f"log_mel must have shape (..., n_mels, frames) with at least one frame, got {tuple(log_mel.shape)}",
            hint="give at least 160 samples of sound",
        )
    peak = log_mel.amax(dim=(-2, -1), keepdim=True)
    return torch.maximum(log_mel, peak - 8.0).add(4.0).div(4.0)


def log_mel_of_stream(blocks: Iterable[Tensor], n_mels: int = 80) -> Tensor:
    """`log_mel_spectrogram` of a recording that comes in blocks; only the features are held.

    Args:
        blocks: `(time,)` each, at 16 kHz, of any lengths.
        n_mels: number of mel filters.

    Returns:
        `(n_mels, frames)`, scaled by the maximum over the whole recording.

    >>> tone = 0.1 * torch.sin(2 * torch.pi * 440 / 16000 * torch.arange(16000))
    >>> torch.allclose(log_mel_of_stream(tone.split(999)), log_mel_spectrogram(tone))
    True
    """
    return whisper_scale(torch.cat(list(log10_mel_blocks(blocks, n_mels)), dim=-1))


def log10_mel_blocks(blocks: Iterable[Tensor], n_mels: int = 80) -> Iterator[Tensor]:
    """`log10_mel` of a recording that comes in blocks, as frames come to be complete.

    Args:
        blocks: `(..., time)` each, at 16 kHz, of any lengths, empty ones too.
        n_mels: number of mel filters.

    Yields:
        `(..., n_mels, frames)`. Joined, they are `log10_mel` of the joined blocks, to within rounding.

    Raises:
        ArgumentError: fewer than 201 samples in all.

    >>> [features.shape[-1] for features in log10_mel_blocks(torch.zeros(50000).split(7000))]
    [131, 131, 50]
    """
    margin = N_FFT // 2
    held: list[Tensor] = []  # the signal, mirrored at its start, from the first sample of the next frame
    length = 0
    started = False
    for block in blocks:
        check_time_axis("block", block)
        held.append(block)
        length += block.shape[-1]
        if length < _FRAMES_AT_ONCE * HOP_LENGTH + N_FFT:
            continue
        signal = torch.cat(held, dim=-1)
        if not started:
            signal = torch.cat((signal[..., 1 : margin + 1].flip(-1), signal), dim=-1)
            started = True
        yield _log10_mel_of_frames(signal, n_mels, center=False)
        taken = ((signal.shape[-1] - N_FFT) // HOP_LENGTH + 1) * HOP_LENGTH
        held = [signal[..., taken:].clone()]
        length = signal.shape[-1] - taken
    if not started:
        yield log10_mel(torch.cat(held or [torch.zeros(0)], dim=-1), n_mels)
        return
    signal = torch.cat(held, dim=-1)
    signal = torch.cat((signal, signal[..., -margin - 1 : -1].flip(-1)), dim=-1)
    rest = _log10_mel_of_frames(signal, n_mels, center=False)[..., :-1]
    if rest.shape[-1]:
        yield rest


def _log10_mel_of_frames(waveform: Tensor, n_mels: int, *, center: bool) -> Tensor:
    check_positive("n_mels", n_mels)
    dtype = torch.float64 if waveform.dtype == torch.float64 else torch.float32
    window, bank = _window_and_bank(n_mels, dtype, waveform.device)
    mel = power_spectra(waveform, window, HOP_LENGTH, center=center, bank=bank)
    return mel.clamp(min=1e-10).log10_().transpose(-1, -2)


@constant
def _window_and_bank(n_mels: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, FilterBank]:
    window = torch.hann_window(N_FFT, dtype=dtype, device=device)
    filters = melscale_fbanks(
        N_FFT // 2 + 1, 0.0, SAMPLE_RATE / 2, n_mels, SAMPLE_RATE, "slaney", "slaney", dtype=dtype
    )
    return window, FilterBank(filters.to(device))
