"""Short-time objective intelligibility: how alike the envelopes of processed and clean speech are.

Taal et al., "An algorithm for intelligibility prediction of time-frequency weighted
noisy speech", IEEE TASLP 2011. Extended: Jensen and Taal, "An algorithm for predicting
the intelligibility of speech masked by modulated noise maskers", IEEE/ACM TASLP 2016.
"""

import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.resample import resample
from sonovox.metrics.signal_pairs import checked_pair

__all__ = ["stoi"]

_SAMPLE_RATE = 10_000
_FRAME, _HOP, _N_FFT = 256, 128, 512
_N_BANDS, _LOWEST_HZ = 15, 150.0
_SEGMENT = 30  # frames, 384 ms
_SILENCE_DB = 40.0  # frames that far below the loudest one are left out
_CLIP_DB = -15.0  # lowest signal-to-distortion ratio that makes a difference
_EPS = torch.finfo(torch.float64).eps


def stoi(
    estimate: Tensor,
    reference: Tensor,
    sample_rate: int,
    length: Tensor | None = None,
    *,
    extended: bool = False,
) -> Tensor:
    """The intelligibility of processed speech, from about 0 (none) to 1 (as the clean speech).

    It is differentiable.

    Args:
        estimate: `(..., time)`, processed speech.
        reference: `(..., time)`, the clean speech, in step with it.
        sample_rate: of both, in Hz; they are resampled to 10 kHz.
        length: `(...)`, shares of `time` in (0, 1]; None where nothing is padded.
        extended: the measure of 2016, for noise that comes and goes.

    Returns:
        `(...)`, in the dtype of `estimate`; computed in float64.

    Raises:
        ArgumentError: shapes that do not fit; an item with less than 0.4 s of speech.

    >>> speech = torch.randn(10000, generator=torch.Generator().manual_seed(0))
    >>> stoi(0.5 * speech, speech, 10000)
    tensor(1.)
    """
    check_positive("sample_rate", sample_rate, unit="in Hz")
    leading, dtype = reference.shape[:-1], estimate.dtype
    processed, clean, counts = checked_pair(estimate, reference, length)
    if sample_rate != _SAMPLE_RATE:
        processed, clean = (resample(signal, sample_rate, _SAMPLE_RATE) for signal in (processed, clean))
        counts = -(-counts * _SAMPLE_RATE // sample_rate)
    frames, n_frames = _spoken_frames(torch.stack([clean, processed], 1), counts)
    n_segments = n_frames - _SEGMENT
    if bool((n_segments < 1).any()):
        raise ArgumentError(
            f"stoi needs {_SEGMENT + 1} frames of speech, 0.4 s, got {n_frames.tolist()} in the items",
            hint="leave out utterances that are too short",
        )
    power = torch.fft.rfft(frames, _N_FFT).abs().square()
    bands = (power @ _band_matrix(power.device).T + _EPS).sqrt()  # (items, 2, frames, bands)
    x, y = bands.unfold(2, _SEGMENT, 1).unbind(1)  # (items, segments, bands, frames) each
    scores = _extended_scores(x, y) if extended else _scores(x, y)
    counted = torch.arange(scores.shape[1], device=scores.device) < n_segments[:, None]
    return (scores.masked_fill(~counted, 0.0).sum(1) / n_segments).reshape(leading).to(dtype)


def _spoken_frames(signals: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Windowed frames of `(items, 2, time)`, cut anew after those in which the first is silent were taken out.

    Returns:
        `(items, 2, frames, 256)`, of which the first so many count, and how many.
    """
    n_hops = max(-(-(signals.shape[-1] - _FRAME) // _HOP), 0)
    window = torch.hann_window(_FRAME + 2, periodic=False, dtype=signals.dtype, device=signals.device)[1:-1]
    padded = torch.nn.functional.pad(signals, (0, _FRAME + _HOP))  # so that there is always a frame
    frames = padded.unfold(-1, _FRAME, _HOP)[:, :, : max(n_hops, 1)] * window

    place = torch.arange(frames.shape[2], device=signals.device)
    inside = place * _HOP < (counts - _FRAME)[:, None]
    level = 20.0 * torch.log10(frames[:, 0].detach().norm(dim=-1) + _EPS).masked_fill(~inside, -torch.inf)
    spoken = inside & (level > level.amax(1, keepdim=True) - _SILENCE_DB)
    order = spoken.to(torch.uint8).argsort(dim=1, descending=True, stable=True)
    frames = (frames * spoken[:, None, :, None]).gather(2, order[:, None, :, None].expand_as(frames))

    # Overlap-add, half a frame at a time, and frames of the sum again.
    halves = torch.nn.functional.pad(frames[..., :_HOP], (0, 0, 0, 1))
    halves = halves + torch.nn.functional.pad(frames[..., _HOP:], (0, 0, 1, 0))
    return torch.cat([halves[:, :, :-1], halves[:, :, 1:]], -1) * window, spoken.sum(1)


def _band_matrix(device: torch.device) -> Tensor:
    """Which bins belong to each third of an octave, `(bands, bins)`."""
    bins = torch.linspace(0, _SAMPLE_RATE / 2, _N_FFT // 2 + 1, dtype=torch.float64, device=device)
    third = torch.arange(_N_BANDS, dtype=torch.float64, device=device)
    edges = _LOWEST_HZ * 2.0 ** ((2 * torch.stack([third, third + 1]) - 1) / 6)
    low, high = (bins - edges.unsqueeze(-1)).abs().argmin(-1).unsqueeze(-1)
    place = torch.arange(len(bins), device=device)
    return ((place >= low) & (place < high)).double()


def _scores(x: Tensor, y: Tensor) -> Tensor:
    """The mean over the bands of the correlation of clean and clipped processed envelopes, `(items, segments)`."""
    y = y * (x.norm(dim=-1, keepdim=True) / (y.norm(dim=-1, keepdim=True) + _EPS))
    y = torch.minimum(y, x * (1.0 + 10.0 ** (-_CLIP_DB / 20.0)))
    return (_normalised(x, -1) * _normalised(y, -1)).sum(-1).mean(-1)


def _extended_scores(x: Tensor, y: Tensor) -> Tensor:
    """The mean over the frames of the correlation of normalised spectra, `(items, segments)`."""
    x, y = (_normalised(_normalised(values, -1), -2) for values in (x, y))
    return (x * y).sum(-2).mean(-1)


def _normalised(values: Tensor, dim: int) -> Tensor:
    values = values - values.mean(dim, keepdim=True)
    return values / (values.square().sum(dim, keepdim=True) + _EPS**2).sqrt()
