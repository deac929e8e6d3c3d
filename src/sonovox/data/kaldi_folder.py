"""A Kaldi data directory as items: wav.scp, text, utt2spk, utt2dur and segments.

The format: https://kaldi-asr.org/doc/data_prep.html
"""

import os
from pathlib import Path
from typing import Any

from sonovox._internal.errors import DataError
from sonovox._internal.replacements import Replacements
from sonovox.data.item_table import ItemTable
from sonovox.io.info import info

__all__ = ["read_kaldi"]

Lines = dict[str, tuple[str, str]]  # first word -> the rest of the line, and the place of the line


def read_kaldi(folder: str | os.PathLike[str], replacements: Replacements) -> ItemTable:
    """Items of a data directory, with "audio" and, where the files are there, "text", "speaker" and "duration".

    With a file `segments` each segment is an item, whose "audio" has start and stop in samples.

    Args:
        folder: with wav.scp. Paths in it that are relative start from the working directory, as in Kaldi; or from
            the folder, if the first is only found there.
        replacements: for paths.

    Raises:
        DataError: no wav.scp, a command in it, a line that is not in the format, or ids without sound.
    """
    root = Path(folder)
    if not (root / "wav.scp").is_file():
        raise DataError(
            f"a Kaldi data directory with wav.scp was expected, got {root}", hint="name the folder of wav.scp"
        )
    recordings = {key: replacements(_path(rest, place)) for key, (rest, place) in _lines(root / "wav.scp").items()}
    _resolve(recordings, root)
    items: dict[str, dict[str, Any]]
    if (root / "segments").is_file():
        items = _segments(_lines(root / "segments"), recordings)
    else:
        items = {key: {"audio": path} for key, path in recordings.items()}
    for name, key in (("text", "text"), ("utt2spk", "speaker"), ("utt2dur", "duration")):
        lines = _lines(root / name) if (root / name).is_file() else {}
        if strange := [utterance for utterance in lines if utterance not in items]:
            raise DataError(
                f"{root / name}: {len(strange)} ids have no sound in wav.scp or segments: {', '.join(strange[:5])}",
                hint="Kaldi's utils/fix_data_dir.sh removes them",
            )
        for utterance, (value, place) in lines.items():
            items[utterance][key] = _seconds(value, place) if key == "duration" else value
    return ItemTable(items.items())


def _lines(path: Path) -> Lines:
    found: Lines = {}
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            key, *rest = line.split(maxsplit=1)
            if key in found:
                raise DataError(f"{path}:{number}: {key!r} stands twice")
            found[key] = (rest[0].strip() if rest else "", f"{path}:{number}")
    return found


def _path(rest: str, place: str) -> str:
    if rest.endswith("|") or rest.startswith("|"):
        raise DataError(
            f"{place}: commands are not run, since a list could then run anything, got {rest!r}",
            hint="run it once into a file, for example with Kaldi's wav-copy, and name the file",
        )
    if not rest:
        raise DataError(f"{place}: 'id path' was expected, got no path")
    return rest


def _resolve(recordings: dict[str, str], root: Path) -> None:
    relative = [key for key, path in recordings.items() if not os.path.isabs(path)]  # noqa: PTH117, of millions
    if relative and not Path(recordings[relative[0]]).exists() and (root / recordings[relative[0]]).exists():
        recordings |= {key: str(root / recordings[key]) for key in relative}


def _segments(lines: Lines, recordings: dict[str, str]) -> dict[str, dict[str, Any]]:
    rates: dict[str, int] = {}
    items = {}
    for utterance, (rest, place) in lines.items():
        words = rest.split()
        if len(words) not in (3, 4):  # the fourth is a channel, which Kaldi ignores too
            raise DataError(f"{place}: 'id recording start end' was expected, got {utterance} {rest}")
        if words[0] not in recordings:
            raise DataError(f"{place}: recording {words[0]!r} is not in wav.scp")
        path = recordings[words[0]]
        start, end = _seconds(words[1], place), _seconds(words[2], place)
        rate = rates[path] = rates.get(path) or info(path).sample_rate
        audio: dict[str, Any] = {"file": path, "start": round(start * rate)}
        if end < 0:  # until the end of the recording
            items[utterance] = {"audio": audio, "duration": info(path).duration - start}
        elif end <= start:
            raise DataError(f"{place}: the end must be after the start, got {words[1]} and {words[2]}")
        else:
            items[utterance] = {"audio": {**audio, "stop": round(end * rate)}, "duration": round(end - start, 6)}
    return items


def _seconds(text: str, place: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(f"{place}: seconds were expected, got {text!r}") from None
