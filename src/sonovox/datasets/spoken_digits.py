"""Free Spoken Digit Dataset: 3000 recordings of "zero" to "nine" by six speakers, at 8 kHz.

https://github.com/Jakobovski/free-spoken-digit-dataset, CC BY-SA 4.0. Its official test is recordings
0 to 4 of each speaker and digit; of the others, 5 to 7 are our validation.
"""

import os
import random
import re
from pathlib import Path
from typing import Any

from sonovox._internal.errors import DataError
from sonovox.data import audio_duration
from sonovox.datasets.manifests import write_manifests

__all__ = ["NAMES", "prepare_digit_strings", "prepare_spoken_digits", "read_spoken_digits"]

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def read_spoken_digits(data_folder: str | os.PathLike[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The items of "train", "valid" and "test" by their ids, such as "7_jackson_32".

    An item has wav (the path), duration in seconds, digit (0 to 9), text (its name), speaker and index.

    Args:
        data_folder: a copy of the corpus, with `recordings/`.

    Raises:
        DataError: it holds no such recordings.
    """
    folder = Path(data_folder) / "recordings"
    parts: dict[str, dict[str, dict[str, Any]]] = {"train": {}, "valid": {}, "test": {}}
    for path in sorted(folder.glob("*.wav")):
        if found := re.fullmatch(r"(\d)_([a-z]+)_(\d+)", path.stem):
            digit, speaker, index = int(found[1]), found[2], int(found[3])
            part = "test" if index < 5 else "valid" if index < 8 else "train"
            parts[part][path.stem] = {
                "wav": str(path),
                "duration": audio_duration(path),
                "digit": digit,
                "text": NAMES[digit],
                "speaker": speaker,
                "index": index,
            }
    if not parts["train"]:
        raise DataError(f"there are no files such as 7_jackson_32.wav in {folder}", hint="--data_folder DIGITS")
    return parts


def prepare_spoken_digits(
    data_folder: str | os.PathLike[str], save_folder: str | os.PathLike[str], skip_prep: bool = False
) -> None:
    """Write `train.csv`, `valid.csv` and `test.csv`, with ID, duration, wav, spk_id and wrd, as for LibriSpeech.

    Args:
        data_folder: see `read_spoken_digits`.
        save_folder: for the files.
        skip_prep: the files are there; nothing is looked at.

    Raises:
        DataError: see there.
    """

    def read() -> dict[str, dict[str, dict[str, Any]]]:
        return {
            part: {
                item_id: {
                    "duration": item["duration"],
                    "wav": item["wav"],
                    "spk_id": item["speaker"],
                    "wrd": item["text"],
                }
                for item_id, item in items.items()
            }
            for part, items in read_spoken_digits(data_folder).items()
        }

    files = {part: Path(save_folder) / f"{part}.csv" for part in ("train", "valid", "test")}
    write_manifests(files, read, {"data_folder": str(data_folder)}, skip_prep=skip_prep)


def prepare_digit_strings(
    data_folder: str | os.PathLike[str],
    save_folder: str | os.PathLike[str],
    longest: int = 5,
    seed: int = 0,
    skip_prep: bool = False,
) -> None:
    """Write `train.json`, `valid.json` and `test.json` with strings of digits, each recording in one of them.

    An item has wavs (paths of recordings of one speaker, to be joined), duration in seconds (without the pauses
    between them), spk_id and wrd, such as "three zero".

    Args:
        data_folder: see `read_spoken_digits`.
        save_folder: for the files.
        longest: digits of a string; shorter ones are as frequent.
        seed: of who stands beside whom.
        skip_prep: the files are there; nothing is looked at.

    Raises:
        DataError: see there.
    """

    def read() -> dict[str, dict[str, dict[str, Any]]]:
        parts = read_spoken_digits(data_folder)
        return {part: _strings(items, longest, random.Random(seed)) for part, items in parts.items()}  # noqa: S311

    files = {part: Path(save_folder) / f"{part}.json" for part in ("train", "valid", "test")}
    settings = {"data_folder": str(data_folder), "longest": longest, "seed": seed}
    write_manifests(files, read, settings, skip_prep=skip_prep)


def _strings(items: dict[str, dict[str, Any]], longest: int, dice: random.Random) -> dict[str, dict[str, Any]]:
    strings: dict[str, dict[str, Any]] = {}
    for speaker in sorted({item["speaker"] for item in items.values()}):
        left = [item for item in items.values() if item["speaker"] == speaker]
        dice.shuffle(left)
        while left:
            size = dice.randint(1, longest)
            chosen, left = left[:size], left[size:]
            strings[f"{speaker}_{len(strings):04d}"] = {
                "wavs": [item["wav"] for item in chosen],
                "duration": round(sum(item["duration"] for item in chosen), 3),
                "spk_id": speaker,
                "wrd": " ".join(item["text"] for item in chosen),
            }
    return strings
