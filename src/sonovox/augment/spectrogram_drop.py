"""Stretches of time or frequency that are masked in spectrograms.

Park et al., "SpecAugment: a simple data augmentation method for automatic speech
recognition", Interspeech 2019. For the whole of its policy on `(..., freq, frames)` see
`sonovox.transforms.SpecAugment`.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.augment.chunks import chunk_mask
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import check_range, check_spectrogram, prepared

__all__ = ["SpectrogramDrop"]

_REPLACEMENTS = ("zeros", "mean", "rand", "cutcat", "swap")


class SpectrogramDrop(nn.Module):
    """Spectrograms with stretches replaced; their number, lengths and places are drawn for each item.

    Args:
        drop_length_low: shortest stretch, in frames or bins.
        drop_length_high: longest.
        drop_count_low: fewest stretches of an item.
        drop_count_high: most. They may overlap.
        replace: by what: `"zeros"`; `"mean"`, that of the item; `"rand"`, uniform between the smallest and the
            largest value of the item; `"cutcat"`, the same place of the item before in the batch; `"swap"`, another
            place of the item; `"random_selection"`, one of these for each item.
        dim: 1 for time, 2 for frequency.

    Raises:
        ArgumentError: an empty range, or one below 0; another dimension.
        ChoiceError: another `replace`.

    >>> SpectrogramDrop(5, 5, 1, 1)(torch.ones(2, 20, 3)).sum((1, 2))
    tensor([45., 45.])
    """

    def __init__(
        self,
        drop_length_low: int = 5,
        drop_length_high: int = 15,
        drop_count_low: int = 1,
        drop_count_high: int = 3,
        replace: str = "zeros",
        dim: int = 1,
    ) -> None:
        super().__init__()
        check_range("drop_length", drop_length_low, drop_length_high, 0)
        check_range("drop_count", drop_count_low, drop_count_high, 0)
        check_choice("replace", replace, [*_REPLACEMENTS, "random_selection"])
        if dim not in (1, 2):
            raise ArgumentError(f"dim must be 1 for time or 2 for frequency, got {dim}")
        self.drop_length_low = drop_length_low
        self.drop_length_high = drop_length_high
        self.drop_count_low = drop_count_low
        self.drop_count_high = drop_count_high
        self.replace = replace
        self.dim = dim

    def forward(self, spectrogram: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None) -> Tensor:
        """The spectrograms, in their shape and dtype.

        Args:
            spectrogram: `(batch, time, features)`, floating point.
            lengths: `(batch,)`, shares in (0, 1] of the time; nothing is dropped in padding, which does not count.
            seeds: `(batch,)`, see `item_seeds`; what `"cutcat"` puts in depends on the batch.

        Raises:
            ArgumentError: another shape, lengths of another shape.
        """
        check_spectrogram(spectrogram)
        if spectrogram.numel() == 0:
            return spectrogram
        # The padding of features is not zero by nature, and stays what it is.
        _, counts, inside = prepared(spectrogram, lengths, "spectrogram")
        random = ItemRandom(seeds, len(spectrogram), spectrogram.device)
        sizes = (counts if self.dim == 1 else torch.full_like(counts, spectrogram.shape[2])).unsqueeze(1)
        mask = self._mask(random, sizes, spectrogram.shape[self.dim]).unsqueeze(3 - self.dim)
        mask = mask if inside is None else mask & inside
        return torch.where(mask, self._replacement(spectrogram, inside, sizes, random), spectrogram)

    def _mask(self, random: ItemRandom, sizes: Tensor, size: int) -> Tensor:
        most = self.drop_count_high
        is_one = torch.arange(most, device=sizes.device) < random.integers(self.drop_count_low, most, 1)
        widths = random.integers(self.drop_length_low, self.drop_length_high, most)
        widths = torch.minimum(widths, sizes) * is_one
        starts = random.integers(0, sizes - widths, most)
        return chunk_mask(starts, starts + widths, size)

    def _replacement(self, spectrogram: Tensor, inside: Tensor | None, sizes: Tensor, random: ItemRandom) -> Tensor:
        """What stands in the stretches, in the shape of the spectrogram or broadcasting to it."""
        chosen = random.integers(0, len(_REPLACEMENTS) - 1, 1, 1)
        if self.replace != "random_selection":
            return self._by_name(self.replace, spectrogram, inside, sizes, random)
        stands = torch.zeros_like(spectrogram)
        for number, name in enumerate(_REPLACEMENTS):
            stands = torch.where(chosen == number, self._by_name(name, spectrogram, inside, sizes, random), stands)
        return stands

    def _by_name(
        self, name: str, spectrogram: Tensor, inside: Tensor | None, sizes: Tensor, random: ItemRandom
    ) -> Tensor:
        def known(fill: float) -> Tensor:
            return spectrogram if inside is None else spectrogram.masked_fill(~inside, fill)

        if name == "zeros":
            return spectrogram.new_zeros(())
        if name == "mean":
            heard = spectrogram.shape[1] if inside is None else inside.sum((1, 2), keepdim=True).clamp_min(1)
            wide = torch.promote_types(spectrogram.dtype, torch.float32)  # sums overflow half precision
            total = known(0.0).sum((1, 2), keepdim=True, dtype=wide)
            return (total / (heard * spectrogram.shape[2])).to(spectrogram.dtype)
        if name == "rand":
            low, high = known(float("inf")).amin((1, 2), True), known(float("-inf")).amax((1, 2), True)
            return random.uniform(low, high, *spectrogram.shape[1:]).to(spectrogram.dtype)
        if name == "cutcat":
            return spectrogram.roll(1, 0)
        shift = random.integers(1, sizes - 1, 1)
        place = (torch.arange(spectrogram.shape[self.dim], device=shift.device) - shift) % sizes.clamp_min(1)
        return spectrogram.take_along_dim(place.unsqueeze(3 - self.dim), self.dim)

    def extra_repr(self) -> str:
        return (
            f"drop_length={self.drop_length_low}..{self.drop_length_high}, "
            f"drop_count={self.drop_count_low}..{self.drop_count_high}, replace={self.replace!r}, dim={self.dim}"
        )
