"""IEMOCAP: 12 hours of acted dialogues of ten speakers, each turn with an emotion.

Busso et al., "IEMOCAP: interactive emotional dyadic motion capture database", 2008.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sonovox._internal.errors import ArgumentError, DataError
from sonovox.data import audio_duration
from sonovox.datasets.manifests import corpus_folder, split_by_name, with_progress, write_manifests

__all__ = ["prepare_iemocap"]

# A turn: [start - end], its name, the label most judges gave, and [valence, activation, dominance].
_TURN = re.compile(r"\[[\d. -]+\]\t(Ses0\d[FM]_\w+)\t(\w+)\t\[")
# The four classes that the field compares itself on: excitement counts as happiness.
_EMOTIONS = {"neu": "neu", "hap": "hap", "exc": "hap", "sad": "sad", "ang": "ang"}
_SESSIONS = (1, 2, 3, 4, 5)


def prepare_iemocap(
    data_folder: str | os.PathLike[str],
    save_json_train: str | os.PathLike[str],
    save_json_valid: str | os.PathLike[str],
    save_json_test: str | os.PathLike[str],
    split_ratio: Sequence[float] = (80, 10, 10),
    different_speakers: bool = False,
    test_spk_id: int = 1,
    seed: int = 12,
    skip_prep: bool = False,
) -> None:
    """Write the items of training, validation and test, with wav (the path), duration in seconds, spk_id and emo.

    Emotions are neu, hap (with exc), sad and ang; turns of others are left out.

    Args:
        data_folder: the corpus, with `Session1/` to `Session5/`.
        save_json_train: where to write, `.json` or `.csv`.
        save_json_valid: likewise.
        save_json_test: likewise.
        split_ratio: shares of training, validation and test, where speakers are not kept apart.
        different_speakers: the test is one speaker, the validation the other one of that session.
        test_spk_id: which, 1 to 10; odd ones are women.
        seed: of the split.
        skip_prep: the files are there; nothing is looked at.

    Raises:
        ArgumentError: `test_spk_id` is another number.
        DataError: the folder is no IEMOCAP.
    """
    if test_spk_id not in range(1, 11):
        raise ArgumentError(f"test_spk_id must be 1 to 10, got {test_spk_id}")
    files = {"train": save_json_train, "valid": save_json_valid, "test": save_json_test}

    def read() -> dict[str, dict[str, dict[str, Any]]]:
        items = _items(corpus_folder(data_folder, *(f"Session{session}" for session in _SESSIONS)))
        if different_speakers:
            session, woman = (test_spk_id + 1) // 2, test_spk_id % 2 == 1
            test, valid = (f"Ses0{session}{letter}" for letter in ("FM" if woman else "MF"))
            held_out = {test: "test", valid: "valid"}
            part_of = {item_id: held_out.get(item["spk_id"], "train") for item_id, item in items.items()}
        else:
            split = split_by_name(items, split_ratio, seed)
            part_of = {item_id: part for part, ids in zip(files, split, strict=True) for item_id in ids}
        return {part: {i: item for i, item in items.items() if part_of[i] == part} for part in files}

    settings = {
        "data_folder": str(data_folder),
        "split_ratio": list(split_ratio),
        "different_speakers": test_spk_id if different_speakers else False,
        "seed": seed,
    }
    write_manifests(files, read, settings, skip_prep=skip_prep)


def _items(root: Path) -> dict[str, dict[str, Any]]:
    turns = []
    for session in _SESSIONS:
        for evaluation in sorted((root / f"Session{session}" / "dialog" / "EmoEvaluation").glob("Ses*.txt")):
            for name, label in _TURN.findall(evaluation.read_text(encoding="latin-1")):
                # The microphone of the one who speaks: letter and number behind the last underscore.
                if label in _EMOTIONS:
                    sentences = root / f"Session{session}" / "sentences" / "wav" / evaluation.stem
                    turns.append((name, label, sentences / f"{name}.wav"))
    if not turns:
        raise DataError(f"there are no turns in {root}", hint="data_folder has Session1/dialog/EmoEvaluation/*.txt")
    return {
        name: {
            "duration": audio_duration(path),
            "wav": str(path),
            "spk_id": f"{name[:5]}{name.rpartition('_')[2][0]}",
            "emo": _EMOTIONS[label],
        }
        for name, label, path in with_progress(turns, "IEMOCAP")
    }
