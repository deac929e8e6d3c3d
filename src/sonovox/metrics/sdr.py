"""Signal-to-distortion ratio of BSS Eval, which forgives a short filter between reference and estimate.

Vincent, Gribonval and Fevotte, "Performance measurement in blind audio source
separation", IEEE TASLP 2006. The best filter solves a Toeplitz system of correlations;
its share of the estimate's power gives the ratio without making the filtered signal
(Scheibler, "SDR - medium rare with fast computations", ICASSP 2022, section 3).
"""

import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox.metrics.signal_pairs import checked_pair

__all__ = ["sdr"]

_LOADING = 1e-10  # of the diagonal, for references whose delayed copies nearly depend on each other


def sdr(estimate: Tensor, reference: Tensor, length: Tensor | None = None, *, filter_length: int = 512) -> Tensor:
    """The power of an estimate that a filtered reference explains, over the power of the rest, in dB.

    It is differentiable, and the SDR of `mir_eval.separation` for a single source.

    Args:
        estimate: `(..., time)`.
        reference: `(..., time)`, the true signal.
        length: `(...)`, shares of `time` in (0, 1]; None where nothing is padded.
        filter_length: taps of the filter that is forgiven.

    Returns:
        `(...)`, in the dtype of `estimate`; computed in float64. At most about 100 dB; minus infinity for a
        silent reference or estimate.

    Raises:
        ArgumentError: shapes that do not fit.

    >>> reference = torch.randn(2000, generator=torch.Generator().manual_seed(0))
    >>> echo = reference + 0.5 * torch.nn.functional.pad(reference, (100, 0))[:-100]
    >>> bool(sdr(echo, reference, filter_length=128) > 20)  # the end of the echo is cut off
    True
    """
    check_positive("filter_length", filter_length)
    leading, dtype = reference.shape[:-1], estimate.dtype
    estimate_, reference_, _ = checked_pair(estimate, reference, length)
    size = reference_.shape[-1] + filter_length  # circular correlations of this size do not wrap
    spectrum, other = torch.fft.rfft(reference_, size), torch.fft.rfft(estimate_, size)
    own = torch.fft.irfft(spectrum.abs().square(), size)[..., :filter_length]
    cross = torch.fft.irfft(spectrum.conj() * other, size)[..., :filter_length]

    # Powers of 1: then the share of the estimate that is explained is cross . filter.
    power, power_of_estimate = own[..., :1], estimate_.square().sum(-1, keepdim=True)
    tiny = torch.finfo(torch.float64).tiny
    own = own / power.clamp(min=tiny)
    cross = cross / (power * power_of_estimate).sqrt().clamp(min=tiny)
    lag = torch.arange(filter_length, device=own.device)
    toeplitz = own[..., (lag - lag[:, None]).abs()] + _LOADING * torch.eye(filter_length, device=own.device)
    explained = (cross * torch.linalg.solve(toeplitz, cross)).sum(-1).clamp(min=0.0)
    ratio = explained / (1.0 - explained).clamp(min=_LOADING)
    return (10.0 * torch.log10(ratio)).reshape(leading).to(dtype)
