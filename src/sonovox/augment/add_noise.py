"""Noise added to waveforms, from files or generated, at a ratio that is drawn for each item."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.augment.accepted_arguments import accepts
from sonovox.augment.audio_list import AudioList, FilePath, fitted
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import Signal, check_range, finished, peaks, prepared
from sonovox.dsp.add_noise import add_noise

__all__ = ["AddNoise"]


class AddNoise(nn.Module):
    """Waveforms with noise; its source, its place and its level are drawn for each item.

    The ratio is that of the mean powers of the waveform and of the noise where it sounds, of the
    item's own samples. The sum is `(1 - a) * waveform + b * noise` with `a = 1 / (1 + 10 ** (snr / 20))`,
    so that loud noise does not make the item louder. Where one of the two is silent no ratio
    exists, and no noise is added.

    Args:
        csv_file: lists noises; see the columns in `csv_keys`. Without one, noise is generated.
        csv_keys: the column of files, such as `["wav"]`, for a CSV file with several; the columns `ID`, `duration`
            and those that end with `_format` and `_opts` do not count.
        sorting: `"random"`: any noise for each item; or the noises one after the other, `"original"`,
            `"ascending"` or `"descending"` by their duration.
        num_workers: threads that read files.
        snr_low: lowest ratio, in dB.
        snr_high: highest.
        pad_noise: repeat a noise that is shorter than the item; otherwise it sounds at its beginning only.
        start_index: sample of the noise, at its own rate, with which it begins; any from which it covers the
            item when None.
        normalize: bring items that go beyond full scale 1 to a peak of 1.
        noise_funct: makes noise of the shape of the waveforms it is given, such as `torch.randn_like` and
            `pink_noise_like`.
        replacements: what `$name` and `{name}` in the paths stand for.
        noise_sample_rate: in Hz, of the files; None to take each file's own.
        clean_sample_rate: in Hz, of the waveforms, to which noise is resampled.

    Raises:
        ArgumentError: an empty range, a `start_index` below 0.
        DataError: a CSV file without files or the column.

    >>> noisy = AddNoise(snr_low=20, snr_high=20, noise_funct=torch.ones_like)(torch.tensor([[1.0, -1.0]]))
    >>> noisy  # 10 / 11 of the waveform and 1 / 11 of the noise
    tensor([[ 1.0000, -0.8182]])
    """

    def __init__(
        self,
        csv_file: FilePath | None = None,
        csv_keys: Sequence[str] | None = None,
        sorting: str = "random",
        num_workers: int = 0,
        snr_low: float = 0,
        snr_high: float = 0,
        pad_noise: bool = False,
        start_index: int | None = None,
        normalize: bool = False,
        noise_funct: Callable[..., Tensor] = torch.randn_like,
        replacements: Mapping[str, Any] = {},
        noise_sample_rate: int | None = 16000,
        clean_sample_rate: int = 16000,
    ) -> None:
        super().__init__()
        check_range("snr", snr_low, snr_high)
        if start_index is not None and start_index < 0:
            raise ArgumentError(f"start_index must not be below 0, got {start_index}")
        self.snr_low = snr_low
        self.snr_high = snr_high
        self.pad_noise = pad_noise
        self.start_index = start_index
        self.normalize = normalize
        self.noise_funct = noise_funct
        self.files = None
        if csv_file is not None:
            self.files = AudioList(
                csv_file, csv_keys, sorting, num_workers, replacements, noise_sample_rate, clean_sample_rate
            )

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype; for the arguments see `RandAmp.forward`.

        Raises:
            ArgumentError: seeds with a `noise_funct` that takes none, or with noises in order; a file of another
                rate than `noise_sample_rate`.
            AudioError: a file that cannot be read.
        """
        signal = prepared(waveforms, lengths)
        samples, counts, inside = signal
        if samples.numel() == 0:
            return finished(samples, waveforms)
        random = ItemRandom(seeds, len(samples), samples.device)
        snr = random.uniform(self.snr_low, self.snr_high)
        if self.files is None:
            noise, sounding = self._generated(waveforms, random, by_seeds=seeds is not None), counts
        else:
            noise, sounding = self._from_files(self.files, signal, random, by_seeds=seeds is not None)
        noise = noise.to(samples).reshape(samples.shape)
        noise = noise if inside is None else noise.masked_fill(~inside, 0.0)
        # Energies are summed over the item: a noise that sounds in a part of it has that much less.
        share = 10.0 * (counts.clamp_min(1) / sounding.clamp_min(1)).log10()
        noisy = add_noise(samples.flatten(1), noise.flatten(1), (snr + share).to(samples.dtype))
        attenuation = 1.0 / (1.0 + 10.0 ** (-snr / 20.0))
        noisy = (noisy * attenuation.unsqueeze(1).to(noisy.dtype)).reshape(samples.shape)
        if self.normalize:
            noisy = noisy / peaks(noisy).clamp_min(1.0)
        return finished(noisy, waveforms)

    def _generated(self, waveforms: Tensor, random: ItemRandom, *, by_seeds: bool) -> Tensor:
        if not by_seeds:
            return self.noise_funct(waveforms)
        if self.noise_funct is torch.randn_like:
            return random.normal(*waveforms.shape[1:])
        if accepts(self.noise_funct, "seeds"):
            return self.noise_funct(waveforms, seeds=random.seeds())
        name = getattr(self.noise_funct, "__name__", repr(self.noise_funct))
        raise ArgumentError(
            f"noise_funct must take seeds= where seeds are given, {name} does not",
            hint="use torch.randn_like or pink_noise_like, or draw by ItemRandom(seeds, ...)",
        )

    def _from_files(
        self, files: AudioList, signal: Signal, random: ItemRandom, *, by_seeds: bool
    ) -> tuple[Tensor, Tensor]:
        """`(batch, time, channels)`, and in how many samples of each item there is noise."""
        chosen = files.choose(random, len(signal.samples), by_seeds=by_seeds)
        places = random.uniform(0.0, 1.0).tolist()
        sections = files.map(functools.partial(self._section, files), chosen, places, signal.counts.tolist())
        _, time, channels = signal.samples.shape
        noise, sizes = fitted(sections, time, channels, [files.paths[number] for number in chosen])
        return noise.to(signal.samples.device), torch.minimum(sizes.to(signal.counts.device), signal.counts)

    def _section(self, files: AudioList, number: int, place: float, count: int) -> Tensor:
        """`(time, channels)`, at most `count` samples of a noise, from the `place` in [0, 1) of those it may have."""
        rate, size = files.rate_and_size(number)
        needed = max(1, math.ceil(count * rate / files.sample_rate))
        start = self.start_index
        if start is None:
            start = int(place * (max(size - needed, 0) + 1))
        elif start >= size:
            raise ArgumentError(f"start_index must be below {size}, the samples of {files.paths[number]}, got {start}")
        section = files.section(number, start, needed)[:count]
        if self.pad_noise and len(section) < count:
            section = section.repeat(-(-count // len(section)), 1)[:count]
        return section

    def get_extra_state(self) -> dict[str, int]:
        """Which file is next, for noises in order."""
        return {"position": 0 if self.files is None else self.files.position}

    def set_extra_state(self, state: Mapping[str, int]) -> None:
        """Go on with the file that was next."""
        if self.files is not None:
            self.files.position = state["position"]

    def extra_repr(self) -> str:
        return f"snr={self.snr_low}..{self.snr_high} dB, {len(self.files) if self.files else 'no'} files"
