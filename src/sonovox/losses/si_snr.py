"""Signal-to-noise ratio of separated or enhanced signals, as a loss.

The scale-invariant one compares with the part of the estimate that lies along the
source: Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019. Here signals are
`(time, batch, sources)`, as separation code of SpeechBrain hands them over.
"""

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.losses.pit import PitWrapper

__all__ = ["cal_si_snr", "cal_snr", "get_si_snr_with_pitwrapper", "get_snr_with_pitwrapper"]

_EPS = 1e-8  # of powers, so that silence has a finite loss


def cal_si_snr(source: Tensor, estimate_source: Tensor) -> Tensor:
    """Minus the scale-invariant signal-to-noise ratio, in dB, of signals without their means.

    Args:
        source: `(time, batch, sources)`, the true signals.
        estimate_source: of the same shape.

    Returns:
        `(1, batch, sources)`.

    Raises:
        ArgumentError: shapes differ.

    >>> source = torch.tensor([1.0, -1.0, 1.0, -1.0]).reshape(4, 1, 1)
    >>> cal_si_snr(source, 3 * source + torch.tensor([0.3, 0.3, -0.3, -0.3]).reshape(4, 1, 1)).squeeze()
    tensor(-20.0000)
    """
    source, estimate = _centred(source, estimate_source)
    projected = (estimate * source).sum(0) / (source.square().sum(0) + _EPS) * source
    return _minus_ratio(projected, estimate - projected)


def cal_snr(source: Tensor, estimate_source: Tensor) -> Tensor:
    """Minus the signal-to-noise ratio, in dB, of signals without their means. For the rest see `cal_si_snr`.

    >>> source = torch.tensor([1.0, -1.0, 1.0, -1.0]).reshape(4, 1, 1)
    >>> cal_snr(source, 1.1 * source).squeeze()
    tensor(-20.0000)
    """
    source, estimate = _centred(source, estimate_source)
    return _minus_ratio(source, estimate - source)


def get_si_snr_with_pitwrapper(source: Tensor, estimate_source: Tensor) -> Tensor:
    """Minus the scale-invariant signal-to-noise ratio under the best order of the estimates, in dB.

    Args:
        source: `(batch, time, sources)`, the true signals.
        estimate_source: of the same shape, in any order of the sources.

    Returns:
        `(batch,)`, the mean over the sources.

    Raises:
        ArgumentError: shapes differ; more than 8 sources.

    >>> source = torch.tensor([[[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]]])
    >>> get_si_snr_with_pitwrapper(source, source.flip(-1) + 0.1 * source)
    tensor([-20.0000])
    """
    return PitWrapper(cal_si_snr)(source, estimate_source)[0]


def get_snr_with_pitwrapper(source: Tensor, estimate_source: Tensor) -> Tensor:
    """Minus the signal-to-noise ratio under the best order of the estimates, in dB.

    For the rest see `get_si_snr_with_pitwrapper`.

    >>> source = torch.tensor([[[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]]])
    >>> get_snr_with_pitwrapper(source, 1.1 * source.flip(-1))
    tensor([-20.0000])
    """
    return PitWrapper(cal_snr)(source, estimate_source)[0]


def _centred(source: Tensor, estimate: Tensor) -> tuple[Tensor, Tensor]:
    if source.shape != estimate.shape:
        raise ArgumentError(
            f"sources and estimates must have one shape, got {tuple(source.shape)} and {tuple(estimate.shape)}"
        )
    return source - source.mean(0), estimate - estimate.mean(0)


def _minus_ratio(signal: Tensor, noise: Tensor) -> Tensor:
    ratio = signal.square().sum(0) / (noise.square().sum(0) + _EPS)
    return -10.0 * torch.log10(ratio + _EPS).unsqueeze(0)
