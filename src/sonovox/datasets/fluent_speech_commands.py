"""Fluent Speech Commands: 30,043 commands to a home, each with an action, an object and a location.

Lugosch et al., "Speech model pre-training for end-to-end spoken language understanding", Interspeech 2019.
"""

import csv
import os
from pathlib import Path
from typing import Any

from sonovox._internal.errors import DataError
from sonovox.data import audio_duration
from sonovox.datasets.manifests import corpus_folder, with_progress, write_manifests

__all__ = ["SLOTS", "prepare_fluent_speech_commands"]

SLOTS = ("action", "object", "location")
_PARTS = ("train", "valid", "test")


def prepare_fluent_speech_commands(
    data_folder: str | os.PathLike[str], save_folder: str | os.PathLike[str], skip_prep: bool = False
) -> None:
    """Write `train.csv`, `valid.csv` and `test.csv` of the official split.

    Columns: ID, duration in seconds, wav, spk_id, wrd (the text), action, object, location, and semantics (the three
    with spaces between them, which is the intent).

    Args:
        data_folder: the unpacked corpus, with `data/train_data.csv` and `wavs/`; the folder
            `fluent_speech_commands_dataset` may be in between.
        save_folder: for the files.
        skip_prep: the files are there; nothing is looked at.

    Raises:
        DataError: the folder holds another thing.
    """
    root = Path(data_folder)
    if (root / "fluent_speech_commands_dataset").is_dir():
        root /= "fluent_speech_commands_dataset"

    def read() -> dict[str, dict[str, dict[str, Any]]]:
        corpus_folder(root, *(f"data/{part}_data.csv" for part in _PARTS))
        return {part: _items(root, part) for part in _PARTS}

    files = {part: Path(save_folder) / f"{part}.csv" for part in _PARTS}
    write_manifests(files, read, {"data_folder": str(root)}, skip_prep=skip_prep)


def _items(root: Path, part: str) -> dict[str, dict[str, Any]]:
    path = root / "data" / f"{part}_data.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    missing = {"path", "speakerId", "transcription", *SLOTS} - set(rows[0] if rows else ())
    if missing:
        raise DataError(f"{path} has no column {', '.join(sorted(missing))}")
    return {
        Path(row["path"]).stem: {
            "duration": audio_duration(root / row["path"]),
            "wav": str(root / row["path"]),
            "spk_id": row["speakerId"],
            "wrd": row["transcription"],
            **{slot: row[slot] for slot in SLOTS},
            "semantics": " ".join(row[slot].replace(" ", "_") for slot in SLOTS),
        }
        for row in with_progress(rows, part)
    }
