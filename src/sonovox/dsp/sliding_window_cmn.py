"""Cepstral mean (and variance) normalisation over a window that slides along.

As Kaldi's `apply-cmvn-sliding`; Viikki and Laurila, "Cepstral domain segmental
feature vector normalization for noise robust speech recognition", Speech
Communication 25, 1998. Sums over windows are differences of running sums.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_floating, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import full_precision

__all__ = ["SlidingWindowCmn", "sliding_window_cmn"]

# The least variance to divide by, as in Kaldi: a feature that stands still stays 0.
SMALLEST_VARIANCE = 1e-10


def sliding_window_cmn(
    specgram: Tensor,
    cmn_window: int = 600,
    min_cmn_window: int = 100,
    center: bool = False,
    norm_vars: bool = False,
) -> Tensor:
    """Features less their mean over a window around, or up to, each frame.

    Args:
        specgram: `(..., frames, features)`: here time comes before the features, as in Kaldi.
        cmn_window: frames of the window.
        min_cmn_window: frames that the window has at least at the start; not for `center`.
        center: put the window around the frame instead of before it.
        norm_vars: divide by the standard deviation over the window, too; where the window is one frame, 0 results.

    Returns:
        The shape of `specgram`.

    Raises:
        ArgumentError: a window that is not positive, integers, fewer than two dimensions.

    >>> sliding_window_cmn(torch.tensor([[1.0], [3.0], [5.0]]), cmn_window=2, min_cmn_window=1)
    tensor([[0.],
            [1.],
            [2.]])
    """
    check_floating("specgram", specgram)
    check_positive("cmn_window", cmn_window, unit="in frames")
    check_positive("min_cmn_window", min_cmn_window, unit="in frames")
    if specgram.dim() < 2:
        raise ArgumentError(
            f"specgram must have shape (..., frames, features), got {tuple(specgram.shape)}",
            hint="add the missing dimension",
        )
    starts, ends = _windows(specgram.shape[-2], cmn_window, min_cmn_window, center, specgram.device)
    counts = (ends - starts)[:, None]
    with full_precision(specgram):
        values = specgram.double()
        means = _window_sums(values, starts, ends) / counts
        centered = values - means
        if norm_vars:
            variances = _window_sums(values.square(), starts, ends) / counts - means.square()
            centered = centered * variances.clamp(min=SMALLEST_VARIANCE).rsqrt()
            centered = centered.masked_fill(counts == 1, 0.0)
    return centered.to(specgram.dtype)


class SlidingWindowCmn(nn.Module):
    """Module twin of `sliding_window_cmn`.

    Args:
        cmn_window: see `sliding_window_cmn`, as for all others.

    >>> SlidingWindowCmn(300, center=True)(torch.ones(2, 50, 13)).abs().max()
    tensor(0.)
    """

    def __init__(
        self, cmn_window: int = 600, min_cmn_window: int = 100, center: bool = False, norm_vars: bool = False
    ) -> None:
        super().__init__()
        self.cmn_window = cmn_window
        self.min_cmn_window = min_cmn_window
        self.center = center
        self.norm_vars = norm_vars

    def forward(self, specgram: Tensor) -> Tensor:
        return sliding_window_cmn(specgram, self.cmn_window, self.min_cmn_window, self.center, self.norm_vars)

    def extra_repr(self) -> str:
        return f"cmn_window={self.cmn_window}, center={self.center}, norm_vars={self.norm_vars}"


def _windows(count: int, length: int, least: int, center: bool, device: torch.device) -> tuple[Tensor, Tensor]:
    """First frame and end of the window of each frame; at the ends of the signal it is moved, then cut."""
    frames = torch.arange(count, device=device)
    if center:
        starts = (frames - length // 2).clamp(min=0)
        ends = starts + length
    else:
        starts = (frames - length).clamp(min=0)
        ends = (frames + 1).clamp(min=least)
    beyond = (ends - count).clamp(min=0)
    return (starts - beyond).clamp(min=0), ends - beyond


def _window_sums(values: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    running = F.pad(values.cumsum(-2), (0, 0, 1, 0))
    return running.index_select(-2, ends) - running.index_select(-2, starts)
