"""Files of sound that a CSV file lists, from which each item of a batch gets one: noises, impulse responses."""

import csv
import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice, did_you_mean
from sonovox._internal.errors import ArgumentError, DataError
from sonovox._internal.replacements import Replacements
from sonovox.augment.item_random import ItemRandom
from sonovox.dsp.resample import resample
from sonovox.io.info import info
from sonovox.io.load import load

__all__ = ["AudioList", "FilePath", "fitted"]

T = TypeVar("T")
FilePath = str | os.PathLike[str]
_SORTINGS = ("random", "original", "ascending", "descending")
_ABOUT_ITEMS = ("ID", "duration")
_ABOUT_COLUMNS = ("_format", "_opts")  # in SpeechBrain's layout; files tell their own format


class AudioList:
    """The files in one column of a CSV file.

    Args:
        csv_file: with a line of names, `ID, duration, wav, wav_format, wav_opts` or fewer; spaces after commas
            do not count.
        csv_keys: the column that holds the files, as a list of one; may be None where only one can.
        sorting: `"random"`: each item gets any file. `"original"`, or `"ascending"` and `"descending"` by
            duration: the files one after the other, over and over.
        num_workers: threads that read files.
        replacements: what `$name` and `{name}` in paths stand for.
        file_rate: in Hz, of the files; None to take each file's own.
        sample_rate: in Hz, to which they are resampled.

    Raises:
        DataError: a column that is not there, no files, a duration that is no number.
        ArgumentError: more than one key.
        ChoiceError: another sorting.
    """

    def __init__(
        self,
        csv_file: FilePath,
        csv_keys: Sequence[str] | None,
        sorting: str,
        num_workers: int,
        replacements: Mapping[str, Any],
        file_rate: int | None,
        sample_rate: int,
    ) -> None:
        check_choice("sorting", sorting, _SORTINGS)
        self.sorting = sorting
        self.num_workers = num_workers
        self.file_rate = file_rate
        self.sample_rate = sample_rate
        self.position = 0  # in the order, of the next item
        self._about: dict[int, tuple[int, int]] = {}
        rows = _rows(csv_file)
        key = _column(csv_file, list(rows[0]), csv_keys)
        if sorting in ("ascending", "descending"):
            rows.sort(key=functools.partial(_duration, csv_file), reverse=sorting == "descending")
        replaced = Replacements(replacements)
        self.paths = [str(replaced(row[key])) for row in rows]

    def __len__(self) -> int:
        return len(self.paths)

    def choose(self, random: ItemRandom, batch: int, *, by_seeds: bool) -> list[int]:
        """The number of a file for each item.

        Raises:
            ArgumentError: `by_seeds` where files come in an order, whichever item asks.
        """
        if self.sorting == "random":
            return random.integers(0, len(self) - 1).tolist()
        if by_seeds:
            raise ArgumentError(
                f"sorting={self.sorting!r} goes through the files in order, whichever item comes, and knows no seeds",
                hint='use sorting="random" with seeds',
            )
        start, self.position = self.position, (self.position + batch) % len(self)
        return [(start + place) % len(self) for place in range(batch)]

    def rate_and_size(self, number: int) -> tuple[int, int]:
        """Sample rate, in Hz, and samples of a file.

        Raises:
            ArgumentError: another rate than `file_rate`.
            AudioError: a file that cannot be read, or is empty.
        """
        if number not in self._about:
            about = info(self.paths[number])
            self._about[number] = self._checked(self.paths[number], int(about.sample_rate), int(about.num_frames))
        return self._about[number]

    def section(self, number: int, start: int = 0, samples: int = -1) -> Tensor:
        """`(time, channels)` of a file from `start`, both at the file's rate, resampled to `sample_rate`."""
        loaded, _ = load(self.paths[number], start, samples)
        rate, _ = self.rate_and_size(number)
        return resample(loaded, rate, self.sample_rate, resampling_method="sinc_interp_hann").T

    def map(self, read: Callable[..., T], *arguments: Iterable[Any]) -> list[T]:
        """`read` for each item, by threads where there are `num_workers`: decoders take one file at a time."""
        if not self.num_workers:
            return list(map(read, *arguments))
        with ThreadPoolExecutor(self.num_workers) as pool:
            return list(pool.map(read, *arguments))

    def _checked(self, path: str, rate: int, size: int) -> tuple[int, int]:
        if self.file_rate not in (None, rate):
            raise ArgumentError(
                f"{path} has {rate} samples a second, {self.file_rate} were expected",
                hint=f"give {rate} as the rate of the files, or None to take each file's own",
            )
        if size == 0:
            raise DataError(f"{path} has no samples")
        return rate, size


def fitted(sections: Sequence[Tensor], time: int, channels: int, paths: Sequence[str]) -> tuple[Tensor, Tensor]:
    """`(batch, time, channels)`, padded with zeros, and the `(batch,)` samples of each section, at most `time`.

    One channel serves all; of more channels than wanted the first are taken.

    Raises:
        ArgumentError: fewer channels than wanted, but not one.
    """
    placed = torch.zeros(len(sections), time, channels)
    for section, path in zip(sections, paths, strict=True):
        if 1 < section.shape[1] < channels:
            raise ArgumentError(
                f"{path} has {section.shape[1]} channels, the waveforms have {channels}",
                hint="use files with one channel, or with as many",
            )
    for item, section in zip(placed, sections, strict=True):
        item[: len(section)] = section[:, :channels]
    return placed, torch.tensor([len(section) for section in sections])


def _rows(csv_file: FilePath) -> list[dict[str, str]]:
    with Path(csv_file).open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, skipinitialspace=True)
        names = [name.strip() for name in next(reader, [])]
        rows = []
        for fields in filter(None, reader):
            if len(fields) != len(names):
                raise DataError(f"{csv_file}:{reader.line_num}: {len(names)} fields were expected, got {len(fields)}")
            rows.append(dict(zip(names, fields, strict=True)))
    if not rows:
        raise DataError(f"{csv_file} lists no files", hint="the first line names the columns, such as ID,duration,wav")
    return rows


def _column(csv_file: FilePath, names: list[str], csv_keys: Sequence[str] | None) -> str:
    keys = [csv_keys] if isinstance(csv_keys, str) else csv_keys
    columns = [name for name in names if name not in _ABOUT_ITEMS and not name.endswith(_ABOUT_COLUMNS)]
    found = columns if keys is None else keys
    if len(found) != 1:
        raise ArgumentError(
            f"one column of files was expected, got {', '.join(found) or 'none'}",
            hint=f'choose it, for example csv_keys=["{columns[0]}"]' if columns else f"{csv_file} needs one",
        )
    if found[0] not in names:
        raise DataError(
            f"{csv_file}: a column {found[0]!r} was expected, got {', '.join(names)}",
            hint=did_you_mean(found[0], columns),
        )
    return found[0]


def _duration(csv_file: FilePath, row: Mapping[str, str]) -> float:
    try:
        return float(row["duration"])
    except (KeyError, ValueError):
        raise DataError(
            f"{csv_file}: to sort, each line needs a number as its duration, got {row.get('duration', 'no column')!r}",
            hint='or use sorting="original"',
        ) from None
