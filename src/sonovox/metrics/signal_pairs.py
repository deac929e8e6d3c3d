"""What metrics of signals have in common: an estimate beside its reference, without the padding."""

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts

__all__ = ["checked_pair"]


def checked_pair(estimate: Tensor, reference: Tensor, length: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Both as `(items, time)` in float64 with zeros at the padding, and the number of samples of each.

    Args:
        estimate: `(..., time)`.
        reference: `(..., time)`.
        length: `(...)`, shares of `time` in (0, 1]; None where nothing is padded.

    Raises:
        ArgumentError: shapes that do not fit, or integers.

    >>> [values.tolist() for values in checked_pair(torch.ones(1, 2), torch.ones(1, 2), torch.tensor([0.5]))]
    [[[1.0, 0.0]], [[1.0, 0.0]], [1]]
    """
    for name, signal in (("estimate", estimate), ("reference", reference)):
        check_floating(name, signal)
        check_time_axis(name, signal)
    leading, time = reference.shape[:-1], reference.shape[-1]
    if estimate.shape != reference.shape or (length is not None and length.shape != leading):
        raise ArgumentError(
            "estimate and reference must have one shape (..., time) and length (...), "
            f"got {tuple(estimate.shape)} and {tuple(reference.shape)}"
            + (f" and {tuple(length.shape)}" if length is not None else "")
        )
    if length is None:
        counts = torch.full((leading.numel(),), time, device=reference.device)
    else:
        counts = lengths_to_counts(length.to(reference.device).flatten(), time)
    inside = torch.arange(time, device=reference.device) < counts[:, None]
    estimate, reference = (
        signal.reshape(-1, time).double().masked_fill(~inside, 0.0) for signal in (estimate, reference)
    )
    return estimate, reference, counts
