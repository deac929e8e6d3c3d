"""LibriSpeech: read English books, with official parts.

Panayotov et al., "LibriSpeech: an ASR corpus based on public domain audio books", ICASSP 2015.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import DataError
from sonovox.data import audio_duration
from sonovox.data.audio_folder import read_audio_folder
from sonovox.datasets.manifests import corpus_folder, with_progress, write_manifests

__all__ = ["SPLITS", "prepare_librispeech"]

SPLITS = (
    "dev-clean",
    "dev-other",
    "test-clean",
    "test-other",
    "train-clean-100",
    "train-clean-360",
    "train-other-500",
)


def prepare_librispeech(
    data_folder: str | os.PathLike[str],
    save_folder: str | os.PathLike[str],
    tr_splits: Sequence[str] = (),
    dev_splits: Sequence[str] = (),
    te_splits: Sequence[str] = (),
    select_n_sentences: Sequence[int] | None = None,
    merge_lst: Sequence[str] = (),
    merge_name: str | None = None,
    skip_prep: bool = False,
) -> None:
    """Write `{split}.csv` for each split, with ID, duration in seconds, wav (the path), spk_id and wrd (the text).

    What was written from the same settings before is kept.

    Args:
        data_folder: the unpacked corpus, with the folders of the splits; `LibriSpeech/` above them may be in between.
        save_folder: for the files.
        tr_splits: of training, such as `["train-clean-100", "train-clean-360"]`.
        dev_splits: of validation.
        te_splits: of the test.
        select_n_sentences: how many of each split are taken, from the shortest id on, in the order of the splits;
            all if None.
        merge_lst: splits that are written once more, together.
        merge_name: name of the file for them, such as `train.csv`.
        skip_prep: the files are there; nothing is looked at.

    Raises:
        ChoiceError: a split that LibriSpeech does not have.
        DataError: a folder is not there, or a sound has no text.
    """
    splits = [*tr_splits, *dev_splits, *te_splits]
    for split in (*splits, *merge_lst):
        check_choice("split", split, SPLITS)
    folder, save = Path(data_folder), Path(save_folder)
    if (folder / "LibriSpeech").is_dir():
        folder /= "LibriSpeech"
    files: dict[str, Path] = {split: save / f"{split}.csv" for split in splits}
    if merge_lst and merge_name:
        files["merged"] = save / merge_name

    def read() -> dict[str, dict[str, dict[str, Any]]]:
        corpus_folder(folder, *splits, *merge_lst)
        limits = dict(zip(splits, select_n_sentences or (), strict=False))
        parts = {split: _items(folder / split, limits.get(split)) for split in {*splits, *merge_lst}}
        if "merged" in files:
            parts["merged"] = {item_id: item for split in merge_lst for item_id, item in parts[split].items()}
        return parts

    settings = {"data_folder": str(folder), "select_n_sentences": select_n_sentences, "merge_lst": list(merge_lst)}
    write_manifests(files, read, settings, skip_prep=skip_prep)


def _items(folder: Path, limit: int | None) -> dict[str, dict[str, Any]]:
    found, _ = read_audio_folder(folder)
    ids = sorted(found)[:limit]
    if silent := [item_id for item_id in ids if "text" not in found[item_id]]:
        raise DataError(
            f"{len(silent)} sounds in {folder} have no text, such as {silent[0]}", hint="is it unpacked whole?"
        )
    return {
        item_id: {
            "duration": audio_duration(found[item_id]["audio"]),
            "wav": found[item_id]["audio"],
            "spk_id": item_id.rpartition("-")[0],  # speaker and chapter
            "wrd": found[item_id]["text"],
        }
        for item_id in with_progress(ids, folder.name)
    }
