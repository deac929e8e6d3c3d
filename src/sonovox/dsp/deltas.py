"""Delta coefficients: how features change with time.

Furui, "Speaker-independent isolated word recognition using dynamic features of
speech spectrum", IEEE Trans. ASSP 34, 1986: the slope of a line fitted to the
neighbourhood, `sum(n * c[t + n]) / sum(n^2)`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_floating
from sonovox._internal.errors import ArgumentError

__all__ = ["ComputeDeltas", "compute_deltas"]

MODES = ("circular", "constant", "reflect", "replicate")


def compute_deltas(specgram: Tensor, win_length: int = 5, mode: str = "replicate") -> Tensor:
    """Slope of each feature at each frame.

    Args:
        specgram: `(..., frames)`, floating point.
        win_length: frames that the line is fitted to, at least 3; an even number counts as one less.
        mode: how the features go on before the first and after the last frame: `"replicate"`, `"constant"`
            (zeros), `"reflect"` or `"circular"`.

    Returns:
        The shape of `specgram`, per frame.

    Raises:
        ArgumentError: a window below 3, no frames, or fewer than `"reflect"` and `"circular"` need.

    >>> compute_deltas(torch.tensor([[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]]))
    tensor([[1.0000, 1.6000, 2.0000, 2.0000, 1.6000, 1.0000]])
    """
    check_floating("specgram", specgram)
    check_choice("mode", mode, MODES)
    if win_length < 3:
        raise ArgumentError(f"win_length must be at least 3, got {win_length}", hint="a slope needs two neighbours")
    reach = (win_length - 1) // 2
    count = specgram.shape[-1] if specgram.dim() else 0
    needed = {"replicate": 1, "constant": 0, "reflect": reach + 1, "circular": reach}[mode]
    if specgram.dim() == 0 or count < needed:
        raise ArgumentError(
            f"specgram must have shape (..., frames) with at least {needed} frames for win_length={win_length} "
            f"and mode={mode!r}, got {tuple(specgram.shape)}",
            hint="lower win_length or use mode='replicate'",
        )
    padded = _pad_frames(specgram, reach, mode)
    slopes = [step * padded.narrow(-1, reach + step, count) for step in range(-reach, reach + 1) if step]
    return torch.stack(slopes).sum(0) / (2 * sum(step**2 for step in range(1, reach + 1)))


class ComputeDeltas(nn.Module):
    """Module twin of `compute_deltas`.

    Args:
        win_length: see `compute_deltas`, as is `mode`.

    >>> ComputeDeltas()(torch.ones(2, 13, 50)).shape
    torch.Size([2, 13, 50])
    """

    def __init__(self, win_length: int = 5, mode: str = "replicate") -> None:
        super().__init__()
        self.win_length = win_length
        self.mode = mode

    def forward(self, specgram: Tensor) -> Tensor:
        return compute_deltas(specgram, self.win_length, self.mode)

    def extra_repr(self) -> str:
        return f"win_length={self.win_length}, mode={self.mode}"


def _pad_frames(specgram: Tensor, reach: int, mode: str) -> Tensor:
    if mode == "constant":
        return F.pad(specgram, (reach, reach))
    count = specgram.shape[-1]
    source = torch.arange(-reach, count + reach, device=specgram.device)
    if mode == "replicate":
        source = source.clamp(0, count - 1)
    elif mode == "circular":
        source = source % count
    else:
        source = (count - 1) - (source.abs() - (count - 1)).abs()
    return specgram.index_select(-1, source)
