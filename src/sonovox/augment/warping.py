"""Spectrograms that are stretched before a point and squeezed after it, or the other way round.

Park et al., "SpecAugment: a simple data augmentation method for automatic speech
recognition", Interspeech 2019. Cubic interpolation: Keys, "Cubic convolution interpolation
for digital image processing", 1981, with its parameter at -0.75 as in `torch.nn.functional.interpolate`.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import check_spectrogram, prepared

__all__ = ["Warping"]

_SHARPNESS = -0.75


class Warping(nn.Module):
    """Spectrograms of which a point, drawn for each item, is moved along time or frequency.

    What lies before the point is interpolated to end at its new place, what lies after it to begin there;
    first and last stay where they are. An item of no more than `2 * warp_window` steps stays as it is.

    Args:
        warp_window: the point lies so many steps from both ends, and moves by fewer than that.
        warp_mode: `"bicubic"` or `"bilinear"`.
        dim: 1 for time, 2 for frequency.

    Raises:
        ArgumentError: a window below 1, another dimension.
        ChoiceError: another mode.

    >>> ramp = torch.arange(20.0).reshape(1, 20, 1)
    >>> warped = Warping(5, "bilinear")(ramp)[0, :, 0]
    >>> warped[0], warped[-1], bool((warped.diff() > 0).all())
    (tensor(0.), tensor(19.), True)
    """

    def __init__(self, warp_window: int = 5, warp_mode: str = "bicubic", dim: int = 1) -> None:
        super().__init__()
        check_choice("warp_mode", warp_mode, ["bicubic", "bilinear"])
        if warp_window < 1 or dim not in (1, 2):
            raise ArgumentError(
                f"warp_window must be at least 1 and dim 1 for time or 2 for frequency, got {warp_window} and {dim}"
            )
        self.warp_window = warp_window
        self.warp_mode = warp_mode
        self.dim = dim

    def forward(self, spectrogram: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None) -> Tensor:
        """The spectrograms, in their shape and dtype.

        Args:
            spectrogram: `(batch, time, features)`, floating point.
            lengths: `(batch,)`, shares in (0, 1] of the time; padding stays as it is.
            seeds: `(batch,)`, see `item_seeds`.

        Raises:
            ArgumentError: another shape, lengths of another shape.
        """
        check_spectrogram(spectrogram)
        _, counts, _ = prepared(spectrogram, lengths, "spectrogram")
        sizes = counts if self.dim == 1 else torch.full_like(counts, spectrogram.shape[2])
        window = self.warp_window
        random = ItemRandom(seeds, len(spectrogram), spectrogram.device)
        point = random.integers(window, sizes - window - 1)
        moved = point + random.integers(1 - window, window - 1)
        is_long = sizes > 2 * window
        place = torch.arange(spectrogram.shape[self.dim], device=sizes.device)
        sources = _sources(place, *(x.unsqueeze(1) for x in (sizes, torch.where(is_long, point, 0), moved)))
        warped = self._interpolated(spectrogram, sources)
        is_warped = (place < sizes.unsqueeze(1)) & is_long.unsqueeze(1)
        return torch.where(is_warped.unsqueeze(3 - self.dim), warped, spectrogram)

    def _interpolated(self, spectrogram: Tensor, sources: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """Values at positions between steps, from the steps of the same side of the point."""
        position, first, last = sources
        step = position.floor()
        rest = (position - step).unsqueeze(-1)
        along = spectrogram.mT if self.dim == 2 else spectrogram
        items = torch.arange(along.shape[0], device=along.device).unsqueeze(1)
        cubic = self.warp_mode == "bicubic"
        value = torch.zeros_like(along, dtype=torch.promote_types(along.dtype, torch.float32))
        for tap in range(-1, 3) if cubic else range(2):
            index = torch.minimum(torch.maximum(step.long() + tap, first), last)
            weight = _cubic(rest - tap) if cubic else 1.0 - (rest - tap).abs()
            value = value + weight * along[items, index]
        return (value.mT if self.dim == 2 else value).to(spectrogram.dtype)

    def extra_repr(self) -> str:
        return f"warp_window={self.warp_window}, warp_mode={self.warp_mode!r}, dim={self.dim}"


def _sources(place: Tensor, sizes: Tensor, point: Tensor, moved: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Where the value at each place comes from, and the first and last step of that side, each `(batch, size)`.

    Ends of a side fall on ends: of n steps made of m, step k is at `k (m - 1) / (n - 1)`.
    """
    is_left = place < moved
    first = torch.where(is_left, 0, point)
    last = torch.where(is_left, point - 1, sizes - 1).clamp_min(0)
    last = torch.minimum(torch.maximum(last, first), (sizes - 1).clamp_min(0))
    begin = torch.where(is_left, 0, moved)
    steps = torch.where(is_left, moved, sizes - moved) - 1
    position = first + (place - begin) * ((last - first) / steps.clamp_min(1))
    return torch.minimum(torch.maximum(position, first), last), torch.minimum(first, last), last


def _cubic(distance: Tensor) -> Tensor:
    x, a = distance.abs(), _SHARPNESS
    near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    far = ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a
    return torch.where(x <= 1.0, near, torch.where(x < 2.0, far, 0.0))
