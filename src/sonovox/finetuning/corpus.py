"""Recordings and their text, from whatever somebody has them in: where they are, before any sound is read."""

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError, DataError
from sonovox._internal.optional import require
from sonovox._internal.replacements import Replacements
from sonovox.data.arrow_items import ArrowItems
from sonovox.data.audio_folder import read_audio_folder, texts_without_sound
from sonovox.data.item_files import read_csv, read_json, read_jsonl
from sonovox.data.kaldi_folder import read_kaldi

__all__ = ["Corpus", "LeftOut", "open_corpus", "sound_source"]

# What people call their columns; the first that is there counts.
AUDIO = ("audio", "path", "file", "file_name", "filename", "audio_path", "audio_filepath", "audio_file", "wav", "sound")
TEXT = (
    "text", "sentence", "transcription", "transcript", "normalized_text", "raw_transcription", "transcripts", "wrd",
    "words",
)  # fmt: skip
SPEAKER = ("speaker", "speaker_id", "spk_id", "spk", "client_id")
# Columns by which other packages cut recordings; to overlook them would pair a text with a whole recording.
PARTS = ("offset", "start", "start_time", "begin")
# Lists that a folder of sound files may hold.
LISTS = ("metadata.csv", "metadata.tsv", "metadata.jsonl", "manifest.jsonl", "manifest.json", "manifest.csv")


@dataclass(frozen=True)
class LeftOut:
    """Something that is not learnt from.

    Args:
        name: id of the item, or path of the file.
        kind: why, in words that many have in common.
        detail: of this one.
    """

    name: str
    kind: str
    detail: str = ""


@dataclass
class Corpus:
    """Items by id, each with "audio", and "text", "speaker" and "split" where they are known.

    Args:
        description: where they came from.
        items: by id.
        left_out: what was found without its other half.
        rows: of a Hugging Face data set; the "audio" of its items is `{"row": id}`.
    """

    description: str
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    rows: Mapping[str, Mapping[str, Any]] | None = None
    audio_column: str = "audio"

    def sound(self, audio: Any) -> Any:
        """What `read_audio` takes, for the "audio" of an item."""
        if self.rows is not None and isinstance(audio, Mapping) and "row" in audio:
            return self.rows[audio["row"]][self.audio_column]
        return audio


def open_corpus(data: Any, *, text_column: str = "", audio_column: str = "") -> Corpus:
    """The corpus that `data` names; see `FinetuneSettings`.

    Args:
        data: a path, `hf:owner/name`, or a data set.
        text_column: of a table or data set; found by its name where empty.
        audio_column: likewise.

    Raises:
        ArgumentError: no such column, or nothing that is known.
        DataError: files that are not in their format.
        MissingDependencyError: a Hugging Face data set, without the package `datasets`.
    """
    columns = (text_column, audio_column)
    if not isinstance(data, str | os.PathLike):
        return _of_rows(data, "a data set in memory", columns)
    words = os.fspath(data)
    if words.startswith("hf:"):
        return _of_rows(_from_hub(words), f"the data set {words}", columns)
    path = Path(words).expanduser()
    if path.is_file():
        return _of_list(path, columns)
    if (path / "wav.scp").is_file():
        return _of_items(f"the Kaldi directory {path}", read_kaldi(path, Replacements(None)))
    if _is_saved_data_set(path):
        datasets = require("datasets", purpose=f"the Hugging Face data set {path}")
        dataset, told = _one_split(datasets.load_from_disk(str(path)), path)
        return _of_rows(dataset, f"the data set {path}{told}", columns)
    for name in LISTS:
        if (path / name).is_file():
            if not _is_piped(path / name):
                return _of_list(path / name, columns)
            return _of_folder(path, path / name)
    return _of_folder(path, None)


def sound_source(data: Any, *, text_column: str = "", audio_column: str = "") -> Corpus:
    """The corpus that `data` names, as far as its recordings need it once all has been read: a data set, or nothing."""
    is_path = isinstance(data, str | os.PathLike)
    if is_path and not os.fspath(data).startswith("hf:") and not _is_saved_data_set(Path(data).expanduser()):
        return Corpus("files")
    return open_corpus(data, text_column=text_column, audio_column=audio_column)


def _is_saved_data_set(path: Path) -> bool:
    return any((path / name).is_file() for name in ("dataset_dict.json", "state.json"))


def _of_folder(path: Path, transcripts: Path | None) -> Corpus:
    unreadable: dict[str, str] = {}
    table, found = read_audio_folder(path, transcripts, unreadable=unreadable)
    corpus = _of_items(f"the folder {path}: {found.partition(f' in {path}; ')[0]}", table)
    damaged = set(unreadable)
    for left in list(corpus.left_out):
        if any(Path(name).with_suffix("").as_posix() == left.name for name in damaged):
            corpus.left_out.remove(left)  # it has a text, which says why it cannot be read
    corpus.left_out += [LeftOut(name, "text that is not UTF-8", reason) for name, reason in unreadable.items()]
    if transcripts is None:
        corpus.left_out += [LeftOut(name, "text without sound") for name in texts_without_sound(path)]
    return corpus


def _of_items(description: str, table: Mapping[str, Mapping[str, Any]]) -> Corpus:
    corpus = Corpus(description)
    for item_id, row in table.items():
        if "text" in row:
            corpus.items[item_id] = {key: row[key] for key in ("audio", "text", "speaker", "split") if key in row}
        else:
            corpus.left_out.append(LeftOut(item_id, "sound without text"))
    return corpus


def _of_list(path: Path, columns: tuple[str, str]) -> Corpus:
    suffix = path.suffix.lower()
    if suffix == ".json":
        table = read_json(path)
    elif suffix == ".jsonl":
        table = read_jsonl(path, id_key=None)
    else:
        table = read_csv(path, id_key=None)
    corpus = _of_columns(f"the list {path}", table, table.all_keys, columns)
    for item in corpus.items.values():
        item["audio"] = _found(item["audio"], path.parent)
    names = _names([item["audio"] for item in corpus.items.values()], path.parent)
    if suffix != ".json" and all(names) and len(set(names)) == len(names):  # better names than numbers of lines
        corpus.items = dict(zip(names, corpus.items.values(), strict=True))
    return corpus


def _of_columns(
    description: str, table: Mapping[str, Mapping[str, Any]], names: Sequence[str], columns: tuple[str, str]
) -> Corpus:
    text = _column("text", names, columns[0], TEXT)
    audio = _column("audio", names, columns[1], AUDIO)
    speaker = next((name for name in SPEAKER if name in names), "")
    parts = [name for name in PARTS if name in names]
    corpus = Corpus(description, audio_column=audio)
    for item_id, row in table.items():
        if parts and (cut := next((name for name in parts if row.get(name) not in (None, "", 0, 0.0, "0")), "")):
            raise DataError(
                f"item {item_id} has {cut}={row[cut]!r}: parts of recordings cannot be told apart from this",
                hint='give audio as {"file": …, "start": …, "stop": …} in samples, or Kaldi\'s segments',
            )
        if not isinstance(said := row.get(text), str):
            corpus.left_out.append(LeftOut(item_id, "sound without text"))
            continue
        item = {"audio": row.get(audio), "text": said}
        item |= {"speaker": str(row[speaker])} if speaker and row.get(speaker) else {}
        item |= {"split": str(row["split"])} if row.get("split") else {}
        corpus.items[item_id] = item
    return corpus


def _of_rows(dataset: Any, description: str, columns: tuple[str, str]) -> Corpus:
    names = list(getattr(dataset, "column_names", None) or [])
    audio = _column("audio", names, columns[1], AUDIO)
    if hasattr(dataset, "cast_column"):
        # Sound is decoded by sonovox: the package would want another one for it.
        datasets = require("datasets", purpose=description)
        dataset = dataset.cast_column(audio, datasets.Audio(decode=False))
    rows = ArrowItems(dataset, Replacements(None))
    lazily = {item_id: _WithoutSound(row, audio) for item_id, row in rows.items()}
    corpus = _of_columns(description, lazily, names, (columns[0], audio))
    corpus.rows = rows
    for item_id, item in corpus.items.items():
        item["audio"] = {"row": item_id}
    return corpus


class _WithoutSound(Mapping[str, Any]):
    """A row whose sound stays where it is."""

    def __init__(self, row: Mapping[str, Any], audio: str) -> None:
        self.row, self.audio = row, audio

    def __getitem__(self, key: str) -> Any:
        return None if key == self.audio else self.row[key]

    def __iter__(self) -> Any:
        return iter(self.row)

    def __len__(self) -> int:
        return len(self.row)


def _from_hub(words: str) -> Any:
    name, _, rest = words.removeprefix("hf:").partition(":")
    config, _, split = rest.partition(":")
    datasets = require("datasets", purpose=f"the data set {words}")
    try:
        return datasets.load_dataset(name, config or None, split=split or "train")
    except Exception as error:  # the package has many of its own
        raise DataError(f"{words} cannot be loaded: {error}", hint="hf:owner/name[:config[:split]]") from error


def _one_split(dataset: Any, path: Path) -> tuple[Any, str]:
    """The part of a data set to learn from, and a word on what else there is."""
    splits = dataset if isinstance(dataset, Mapping) else {}
    if not splits:
        return dataset, ""
    if "train" not in splits:
        raise ArgumentError(
            f"{path} holds the splits {', '.join(splits)}", hint=f"give one of them: {path}/{next(iter(splits))}"
        )
    dev = next((f"; --dev {path}/{name} would watch" for name in ("validation", "dev", "valid") if name in splits), "")
    return splits["train"], f", its split train{dev}"


def _column(what: str, names: Sequence[str], given: str, usual: Sequence[str]) -> str:
    if given:
        if given not in names:
            raise ArgumentError(
                f"there is no column {given!r} among {', '.join(names)}", hint=did_you_mean(given, names)
            )
        return given
    lowered = {name.lower(): name for name in reversed(names)}
    found = next((lowered[name] for name in usual if name in lowered), None)
    if found is None:
        raise ArgumentError(
            f"no column is called {what} or the like, got {', '.join(names) or 'none'}",
            hint=f"name it with --{what}-column",
        )
    return found


def _found(audio: Any, folder: Path) -> Any:
    """Where a list means a recording to be: beside the list, in its folder clips (Common Voice), or from here."""
    if isinstance(audio, Mapping) and isinstance(audio.get("file"), str):
        return {**audio, "file": _found(audio["file"], folder)}
    if not isinstance(audio, str) or Path(audio).is_absolute():
        return audio
    places = (folder / audio, folder / "clips" / audio, Path(audio))
    # File systems differ in how they keep letters with accents.
    forms = (unicodedata.normalize(form, str(place)) for form in ("NFC", "NFD") for place in places)
    return next((place for place in [*map(str, places), *forms] if Path(place).exists()), str(places[0]))


def _names(sounds: Sequence[Any], folder: Path) -> list[str]:
    """Paths without endings, from the folder of the list or one that all of them are in; "" for what is no path."""
    if not sounds or not all(isinstance(audio, str) for audio in sounds):
        return [""]
    paths = [Path(audio) for audio in sounds]
    if not all(path.is_relative_to(folder) for path in paths):
        alike = len({path.is_absolute() for path in paths}) == 1
        folder = Path(os.path.commonpath([path.parent for path in paths])) if alike else Path()
    names = [path.relative_to(folder) if path.is_relative_to(folder) else path for path in paths]
    return [name.with_suffix("").as_posix() for name in names]


def _is_piped(path: Path) -> bool:
    """Whether it is a list of lines `name|text`, as LJSpeech has it."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        first = next(lines, "")
    return "|" in first and "," not in first.partition("|")[0]
