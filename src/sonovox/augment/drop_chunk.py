"""Chunks of time that fall silent, as in a call with a poor connection."""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.augment.chunks import chunk_mask
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import check_range, finished, mean_amplitudes, prepared

__all__ = ["DropChunk"]


class DropChunk(nn.Module):
    """Waveforms with chunks of zeros or noise; number, lengths and places are drawn for each item.

    Args:
        drop_length_low: shortest chunk, in samples.
        drop_length_high: longest. An item that is shorter than a chunk loses all that may be dropped.
        drop_count_low: fewest chunks of an item.
        drop_count_high: most. They may overlap.
        drop_start: first sample that may be dropped; below 0 from the item's end.
        drop_end: sample before which chunks end; below 0 from the item's end, at which they end with None.
        noise_factor: of the white noise, uniform in amplitude, that stands in the chunks: its mean
            amplitude as a multiple of that of the item.

    Raises:
        ArgumentError: an empty range, or one below 0.

    >>> DropChunk(2, 2, 1, 1, drop_start=1, drop_end=3)(torch.ones(1, 5), torch.ones(1))
    tensor([[1., 0., 0., 1., 1.]])
    """

    def __init__(
        self,
        drop_length_low: int = 100,
        drop_length_high: int = 1000,
        drop_count_low: int = 1,
        drop_count_high: int = 3,
        drop_start: int = 0,
        drop_end: int | None = None,
        noise_factor: float = 0.0,
    ) -> None:
        super().__init__()
        check_range("drop_length", drop_length_low, drop_length_high, 0)
        check_range("drop_count", drop_count_low, drop_count_high, 0)
        if drop_end is not None and (drop_start < 0) == (drop_end < 0) and drop_start > drop_end:
            raise ArgumentError(f"drop_start <= drop_end was expected, got {drop_start} and {drop_end}")
        self.drop_length_low = drop_length_low
        self.drop_length_high = drop_length_high
        self.drop_count_low = drop_count_low
        self.drop_count_high = drop_count_high
        self.drop_start = drop_start
        self.drop_end = drop_end
        self.noise_factor = noise_factor

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype; for the arguments see `RandAmp.forward`."""
        signal = prepared(waveforms, lengths)
        random = ItemRandom(seeds, len(waveforms), waveforms.device)
        counts = signal.counts.unsqueeze(1)
        dropped = self._mask(random, counts, waveforms.shape[1]).unsqueeze(-1)
        if self.noise_factor == 0.0:
            return finished(signal.samples.masked_fill(dropped, 0.0), waveforms)
        # The mean amplitude of what is uniform between -a and a is a / 2.
        largest = 2.0 * self.noise_factor * mean_amplitudes(signal.samples, signal.counts)
        # As long as a chunk at most, and repeated: cheaper than numbers for every sample, of which few are used.
        time, period = waveforms.shape[1], max(self.drop_length_high, 1)
        noise = random.uniform(-1.0, 1.0, period, signal.samples.shape[2]) * largest
        noise = noise.repeat(1, -(-time // period), 1)[:, :time]
        return finished(torch.where(dropped, noise.to(signal.samples), signal.samples), waveforms, signal.inside)

    def _mask(self, random: ItemRandom, counts: Tensor, time: int) -> Tensor:
        """`(batch, time)`, true in the chunks, of items with `counts`, `(batch, 1)`, samples."""
        first = _from_end(self.drop_start, counts)
        last = counts if self.drop_end is None else _from_end(self.drop_end, counts)
        most = self.drop_count_high
        # As many as there may be are drawn for every item, and those beyond its own count are empty.
        is_one = torch.arange(most, device=counts.device) < random.integers(self.drop_count_low, most, 1)
        sizes = random.integers(self.drop_length_low, self.drop_length_high, most)
        sizes = torch.minimum(sizes, (last - first).clamp_min(0)) * is_one
        starts = random.integers(first, last - sizes, most)
        return chunk_mask(starts, starts + sizes, time)

    def extra_repr(self) -> str:
        return (
            f"drop_length={self.drop_length_low}..{self.drop_length_high}, "
            f"drop_count={self.drop_count_low}..{self.drop_count_high}, noise_factor={self.noise_factor}"
        )


def _from_end(place: int, counts: Tensor) -> Tensor:
    """A sample by its number, or from the end where it is below 0; within each item."""
    return torch.minimum(counts + place if place < 0 else counts.new_full(counts.shape, place), counts).clamp_min(0)
