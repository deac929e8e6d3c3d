"""Folders of speakers: one folder a speaker, as VoxCeleb's `wav/` and many corpora are laid out.

Nagrani et al., "VoxCeleb: a large-scale speaker identification dataset", Interspeech 2017.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sonovox._internal.errors import DataError
from sonovox.data import audio_duration
from sonovox.data.audio_folder import read_audio_folder
from sonovox.datasets.manifests import split_by_name, with_progress, write_manifests

__all__ = ["prepare_speaker_folders"]

_PARTS = ("train", "valid", "test")


def prepare_speaker_folders(
    data_folder: str | os.PathLike[str],
    save_folder: str | os.PathLike[str],
    split_ratio: Sequence[float] = (80, 10, 10),
    seed: int = 12,
    skip_prep: bool = False,
) -> None:
    """Write `train.csv`, `valid.csv` and `test.csv`, with ID, duration in seconds, wav (the path) and spk_id.

    All speakers are in all parts. Recordings of one folder below the speaker's (of one video, or one chapter of a
    book) stay together, so that the test does not hear the room of the training.

    Args:
        data_folder: with a folder for each speaker, in which recordings lie, or folders of recordings.
        save_folder: for the files.
        split_ratio: shares of training, validation and test.
        seed: of the split.
        skip_prep: the files are there; nothing is looked at.

    Raises:
        DataError: fewer than two speakers.
    """
    root = Path(data_folder)

    def read() -> dict[str, dict[str, dict[str, Any]]]:
        table, _ = read_audio_folder(root)
        sounds = [Path(item["audio"]) for item in table.values()]
        paths = {sound.relative_to(root).with_suffix("").as_posix(): sound for sound in sounds}
        if len({name.partition("/")[0] for name in paths if "/" in name}) < 2:
            raise DataError(f"{root} has no folders of two or more speakers", hint="one folder a speaker")
        # speaker -> group -> names; a recording that lies with the speaker is a group of its own
        groups: dict[str, dict[str, list[str]]] = {}
        for name in paths:
            group = name.rpartition("/")[0] if name.count("/") > 1 else name
            groups.setdefault(name.partition("/")[0], {}).setdefault(group, []).append(name)
        durations = {name: audio_duration(paths[name]) for name in with_progress(list(paths), root.name)}
        parts: dict[str, dict[str, dict[str, Any]]] = {part: {} for part in _PARTS}
        for speaker, of_speaker in groups.items():
            for part, chosen in zip(_PARTS, split_by_name(of_speaker, split_ratio, seed), strict=True):
                for name in (name for group in sorted(chosen) for name in of_speaker[group]):
                    parts[part][name] = {"duration": durations[name], "wav": str(paths[name]), "spk_id": speaker}
        return parts

    files = {part: Path(save_folder) / f"{part}.csv" for part in _PARTS}
    settings = {"data_folder": str(root), "split_ratio": list(split_ratio), "seed": seed}
    write_manifests(files, read, settings, skip_prep=skip_prep)
