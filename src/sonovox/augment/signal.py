"""What the augmentations of waveforms have in common: shapes, types and padding."""

from typing import NamedTuple

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts

__all__ = [
    "Signal",
    "check_channels",
    "check_range",
    "check_spectrogram",
    "finished",
    "mean_amplitudes",
    "peaks",
    "prepared",
]


class Signal(NamedTuple):
    """A batch of waveforms to compute with.

    samples: `(batch, time, channels)`, at least float32, zero in the padding.
    counts: `(batch,)`, int64, the samples that each item has.
    inside: `(batch, time, 1)`, false in the padding; None where there is none.
    """

    samples: Tensor
    counts: Tensor
    inside: Tensor | None


def prepared(waveforms: Tensor, lengths: Tensor | None, name: str = "waveforms") -> Signal:
    """The signal of `(batch, time)` or `(batch, time, channels)`, with lengths as shares of the padded axis.

    Raises:
        ArgumentError: another number of dimensions, integers, lengths of another shape.
    """
    check_floating(name, waveforms)
    if waveforms.dim() not in (2, 3):
        raise ArgumentError(
            f"{name} must be (batch, time) or (batch, time, channels), got shape {tuple(waveforms.shape)}",
            hint=f"for one item, give {name}.unsqueeze(0)" if waveforms.dim() == 1 else "",
        )
    batch, time = waveforms.shape[:2]
    if lengths is not None and lengths.shape != (batch,):
        raise ArgumentError(f"lengths must be ({batch},), one an item, got shape {tuple(lengths.shape)}")
    samples = waveforms.to(torch.promote_types(waveforms.dtype, torch.float32))
    samples = samples if samples.dim() == 3 else samples.unsqueeze(-1)
    if lengths is None:
        return Signal(samples, torch.full((batch,), time, device=samples.device), None)
    counts = lengths_to_counts(lengths, time).to(samples.device)
    inside = length_to_mask(counts, time, torch.bool).unsqueeze(-1)
    # Not a product with the mask, which would keep NaN of the padding.
    return Signal(samples.masked_fill(~inside, 0.0), counts, inside)


def finished(samples: Tensor, waveforms: Tensor, inside: Tensor | None = None) -> Tensor:
    """`samples` in the shape and type of `waveforms`, zero where they are not inside."""
    samples = samples if inside is None else samples.masked_fill(~inside, 0.0)
    return (samples if waveforms.dim() == 3 else samples.squeeze(-1)).to(waveforms.dtype)


def peaks(samples: Tensor) -> Tensor:
    """`(batch, 1, 1)`, the largest absolute value of each item; 0 without samples."""
    if samples.shape[1] == 0:
        return samples.new_zeros(samples.shape[0], 1, 1)
    low, high = samples.flatten(1).aminmax(dim=1)
    return torch.maximum(high, -low).reshape(-1, 1, 1)


def mean_amplitudes(samples: Tensor, counts: Tensor) -> Tensor:
    """`(batch, 1, 1)`, the mean absolute value of each item's own samples."""
    total = torch.linalg.vector_norm(samples, 1, (1, 2), keepdim=True)
    return total / (counts * samples.shape[2]).clamp_min(1).reshape(-1, 1, 1)


def check_range(name: str, low: float, high: float, smallest: float = float("-inf")) -> None:
    """Refuse an empty range `name_low` to `name_high`, and one that begins below `smallest`.

    Raises:
        ArgumentError: naming both.
    """
    if not smallest <= low <= high:
        bound = "" if smallest == float("-inf") else f"{smallest} <= "
        raise ArgumentError(f"{bound}{name}_low <= {name}_high was expected, got {low} and {high}")


def check_channels(waveforms: Tensor) -> None:
    """Refuse waveforms without channels.

    Raises:
        ArgumentError: with their shape.
    """
    if waveforms.dim() != 3:
        raise ArgumentError(
            f"waveforms must be (batch, time, channels), got shape {tuple(waveforms.shape)}",
            hint="a batch with one channel is waveforms.unsqueeze(-1)" if waveforms.dim() == 2 else "",
        )


def check_spectrogram(spectrogram: Tensor) -> None:
    """Refuse what is not `(batch, time, features)` of floating point.

    Raises:
        ArgumentError: with the shape or the type that came.
    """
    check_floating("spectrogram", spectrogram)
    if spectrogram.dim() != 3:
        raise ArgumentError(f"spectrogram must be (batch, time, features), got shape {tuple(spectrogram.shape)}")
