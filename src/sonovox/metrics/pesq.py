"""Perceptual evaluation of speech quality, ITU-T P.862, by the package `pesq` (extra `[quality]`)."""

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox._internal.optional import require
from sonovox.metrics.signal_pairs import checked_pair

__all__ = ["pesq"]


def pesq(
    estimate: Tensor, reference: Tensor, sample_rate: int, length: Tensor | None = None, *, mode: str | None = None
) -> Tensor:
    """The quality of degraded speech as a mean opinion score, from about 1 (bad) to 4.6. It has no gradient.

    Args:
        estimate: `(..., time)`, degraded speech.
        reference: `(..., time)`, the clean speech.
        sample_rate: 8000 or 16000 Hz.
        length: `(...)`, shares of `time` in (0, 1]; None where nothing is padded.
        mode: `"nb"`, narrow band, or `"wb"`, wide band, for 16000 Hz only; by the rate when None.

    Returns:
        `(...)`, float32; NaN where no speech was found.

    Raises:
        ArgumentError: shapes that do not fit, another rate, or wide band at 8000 Hz.
        MissingDependencyError: the package is not installed.
    """
    if sample_rate not in (8000, 16000):
        raise ArgumentError(f"sample_rate must be 8000 or 16000, got {sample_rate}", hint="resample to 16000 first")
    mode = mode or ("wb" if sample_rate == 16000 else "nb")
    check_choice("mode", mode, ["nb", "wb"])
    if mode == "wb" and sample_rate == 8000:
        raise ArgumentError("mode 'wb' needs a sample_rate of 16000, got 8000", hint="take mode='nb'")
    package = require("pesq", purpose="the PESQ metric")
    estimate_, reference_, counts = checked_pair(estimate.detach(), reference.detach(), length)
    scores = [
        package.pesq(sample_rate, clean[:n].numpy(), degraded[:n].numpy(), mode, package.PesqError.RETURN_VALUES)
        for clean, degraded, n in zip(reference_.cpu(), estimate_.cpu(), counts.tolist(), strict=True)
    ]
    found = torch.tensor([score if score >= 0 else torch.nan for score in scores], dtype=torch.float32)
    return found.reshape(reference.shape[:-1])
