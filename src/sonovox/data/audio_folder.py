"""A folder of sound files and what is said in them as items.

Text is taken from a list that the caller names; from a file of the same name with the ending .txt
or .lab beside the sound; or from the `*.trans.txt` of LibriSpeech in the same folder.
"""

import collections
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from sonovox._internal.audio_suffixes import AUDIO_SUFFIXES
from sonovox._internal.errors import DataError
from sonovox.data.item_table import ItemTable

__all__ = ["read_audio_folder", "texts_without_sound"]

_TEXT = (".txt", ".lab")


def read_audio_folder(
    folder: str | os.PathLike[str],
    transcripts: str | os.PathLike[str] | None = None,
    *,
    unreadable: dict[str, str] | None = None,
) -> tuple[ItemTable, str]:
    """Items of the sound files in a folder and those below it, and a sentence on what was found.

    The id is the path in the folder without its ending; for LibriSpeech the name in its transcripts. Items have
    "audio", and "text" and "speaker" where these are known.

    Args:
        folder: to look in.
        transcripts: a file of lines `name text`, `name<tab>text` or `name|text`, whose names are ids, or names of
            files with or without their folder and ending.
        unreadable: gets the texts beside the sounds that are no UTF-8, by their path in the folder, with the reason;
            their items stay without text. Without it the first one is an error.

    Raises:
        DataError: no sound, two sounds of one name, transcripts of other names, or a text that is no UTF-8.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"a folder was expected, got {root}", hint="is the path right?")
    sounds = sorted(_files(root, AUDIO_SUFFIXES))
    if not sounds:
        raise DataError(
            f"no sound files in {root}", hint=f"endings that are looked for: {' '.join(sorted(AUDIO_SUFFIXES))}"
        )
    ids = [path.relative_to(root).with_suffix("").as_posix() for path in sounds]
    items: dict[str, dict[str, Any]] = {}
    sources: collections.Counter[str] = collections.Counter()
    listed = _Transcripts(Path(transcripts)) if transcripts is not None else None
    librispeech: dict[Path, dict[str, str]] = {}
    for item_id, path in zip(ids, sounds, strict=True):
        item = {"audio": str(path)}
        if path.parent not in librispeech:
            librispeech[path.parent] = _librispeech_texts(path.parent)
        beside = next((path.with_suffix(end) for end in _TEXT if path.with_suffix(end).is_file()), None)
        if listed is not None and (text := listed.pop(item_id, path)) is not None:
            item["text"] = text
            sources[f"from {listed.path.name}"] += 1
        elif path.stem in librispeech[path.parent]:
            item["text"], item["speaker"] = librispeech[path.parent][path.stem], path.stem.partition("-")[0]
            item_id = path.stem
            sources["from *.trans.txt"] += 1
        elif beside is not None:
            try:
                item["text"] = " ".join(beside.read_text(encoding="utf-8-sig").split())
                sources[f"from {beside.suffix} files beside them"] += 1
            except UnicodeDecodeError as error:
                reason = f"byte {error.start} is 0x{error.object[error.start]:02x}"
                if unreadable is None:
                    raise DataError(f"{beside} is not UTF-8: {reason}", hint="save it as UTF-8") from error
                unreadable[beside.relative_to(root).as_posix()] = reason
        if item_id in items:
            raise DataError(
                f"ids must differ, {items[item_id]['audio']} and {path} are both {item_id!r}", hint="rename one"
            )
        items[item_id] = item
    if listed is not None:
        listed.check_all_used(root)
    without = len(items) - sum(sources.values())
    told = [f"text of {count} {source}" for source, count in sources.items()]
    told += [f"{without} without text"] if without else []
    return ItemTable(items.items()), f"{len(items)} sound files in {root}; {', '.join(told)}"


def texts_without_sound(folder: str | os.PathLike[str]) -> list[str]:
    """Paths in a folder of the .txt and .lab files that no sound file of the same name stands beside.

    Where no text stands beside a sound, they are something else, and none is listed.
    """
    root = Path(folder)
    sounds = {path.with_suffix("") for path in _files(root, AUDIO_SUFFIXES)}
    texts = [path for path in _files(root, _TEXT) if not path.name.endswith(".trans.txt")]
    lonely = [path for path in texts if path.with_suffix("") not in sounds]
    return sorted(path.relative_to(root).as_posix() for path in lonely) if len(lonely) < len(texts) else []


class _Transcripts:
    """Lines of a list, by the name that stands first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._texts: dict[str, str] = {}
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                mark = next((mark for mark in "|\t" if mark in line), None)
                name, _, text = line.strip().partition(mark or " ")
                # LJSpeech has two texts a line, as printed and as spoken; the last is the spoken one.
                text = text.rpartition("|")[2].strip() if mark == "|" else text.strip()
                if not name:
                    continue
                if name in self._texts:
                    raise DataError(f"{path}:{number}: {name!r} stands twice")
                self._texts[name] = text
        self._unused = set(self._texts)

    def pop(self, item_id: str, path: Path) -> str | None:
        for name in (item_id, item_id + path.suffix, path.stem, path.name):
            if name in self._texts:
                self._unused.discard(name)
                return self._texts[name]
        return None

    def check_all_used(self, root: Path) -> None:
        if self._unused:
            raise DataError(
                f"{self.path}: {len(self._unused)} of {len(self._texts)} names have no sound in {root}: "
                f"{', '.join(sorted(self._unused)[:5])}",
                hint="each line starts with the name of a sound file",
            )


def _files(root: Path, suffixes: Collection[str]) -> Iterator[Path]:
    for folder, folders, files in os.walk(root, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (
            Path(folder, name)
            for name in files
            if os.path.splitext(name)[1].lower() in suffixes and not name.startswith(".")  # noqa: PTH122, of millions
        )


def _librispeech_texts(folder: Path) -> dict[str, str]:
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.trans.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, _, text = line.partition(" ")
            texts[name] = text.strip()
    return texts
