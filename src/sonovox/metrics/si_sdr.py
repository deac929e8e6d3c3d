"""Scale-invariant signal-to-distortion ratio.

Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019, equation 5.
"""

import torch
from torch import Tensor

from sonovox.metrics.signal_pairs import checked_pair

__all__ = ["si_sdr"]


def si_sdr(estimate: Tensor, reference: Tensor, length: Tensor | None = None, *, zero_mean: bool = True) -> Tensor:
    """The power of what an estimate has of its reference over the power of the rest, in dB.

    The factor between the two does not matter. It is differentiable; an exact estimate has
    infinity, and a silent reference minus infinity.

    Args:
        estimate: `(..., time)`.
        reference: `(..., time)`, the true signal.
        length: `(...)`, shares of `time` in (0, 1]; None where nothing is padded.
        zero_mean: take the means from both signals first.

    Returns:
        `(...)`, in the dtype of `estimate`; computed in float64.

    Raises:
        ArgumentError: shapes that do not fit.

    >>> reference = torch.tensor([1.0, -1.0, 1.0, -1.0])
    >>> si_sdr(3 * reference + torch.tensor([0.3, 0.3, -0.3, -0.3]), reference)
    tensor(20.0000)
    """
    leading, dtype = reference.shape[:-1], estimate.dtype
    estimate_, reference_, counts = checked_pair(estimate, reference, length)
    if zero_mean:
        inside = torch.arange(reference_.shape[-1], device=reference_.device) < counts[:, None]
        n_samples = counts.clamp(min=1).unsqueeze(1)
        estimate_, reference_ = (
            (signal - signal.sum(-1, keepdim=True) / n_samples) * inside for signal in (estimate_, reference_)
        )
    power = reference_.square().sum(-1, keepdim=True)
    factor = (estimate_ * reference_).sum(-1, keepdim=True) / power.clamp(min=torch.finfo(torch.float64).tiny)
    target = factor * reference_
    explained, rest = target.square().sum(-1), (estimate_ - target).square().sum(-1)
    ratio = torch.where(explained == 0, 0.0, explained / rest)  # of silence nothing is explained
    return (10.0 * torch.log10(ratio)).reshape(leading).to(dtype)
