"""Mel cepstral distortion of synthesised speech.

Kubichek, "Mel-cepstral distance measure for objective speech quality assessment", PACRIM 1993.
"""

import math

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts

__all__ = ["mel_cepstral_distortion"]


def mel_cepstral_distortion(
    estimate: Tensor, reference: Tensor, length: Tensor | None = None, *, skip_first: bool = True
) -> Tensor:
    """The distance between two sequences of mel cepstra, in dB, the mean over frames.

    `10 / ln 10 * sqrt(2 * sum of squared differences)` of each frame. It is differentiable.

    Args:
        estimate: `(..., frames, coefficients)`, mel cepstra by the natural logarithm.
        reference: of the same shape, in step with it.
        length: `(...)`, shares of the frames in (0, 1]; None where nothing is padded.
        skip_first: leave out the first coefficient, the loudness.

    Returns:
        `(...)`.

    Raises:
        ArgumentError: shapes that do not fit.

    >>> mel_cepstral_distortion(torch.zeros(5, 3), torch.tensor([9.0, 0.3, 0.4]).expand(5, 3))
    tensor(3.0709)
    """
    check_floating("estimate", estimate)
    leading = reference.shape[:-2]
    if reference.dim() < 2 or estimate.shape != reference.shape or (length is not None and length.shape != leading):
        raise ArgumentError(
            "estimate and reference must have one shape (..., frames, coefficients) and length (...), "
            f"got {tuple(estimate.shape)} and {tuple(reference.shape)}"
            + (f" and {tuple(length.shape)}" if length is not None else "")
        )
    difference = (estimate - reference)[..., 1:] if skip_first else estimate - reference
    distance = difference.square().sum(-1)
    is_apart = distance > 0  # the root has no slope at 0
    distance = torch.where(is_apart, torch.where(is_apart, distance, 1.0).sqrt(), 0.0)
    distance = 10.0 / math.log(10.0) * math.sqrt(2.0) * distance
    if length is None:
        return distance.mean(-1)
    n_frames = distance.shape[-1]
    counts = lengths_to_counts(length.to(distance.device).flatten(), n_frames)
    mask = length_to_mask(counts, n_frames, dtype=torch.bool).reshape(distance.shape)
    return distance.masked_fill(~mask, 0.0).sum(-1) / counts.clamp(min=1).reshape(leading)
