"""The language model that a Hugging Face folder of a CTC model may bring, for transformers' `Wav2Vec2ProcessorWithLM`.

alphabet.json                  says that there is one
language_model/attrs.json      alpha, beta, unk_score_offset, score_boundary
language_model/unigrams.txt    words that are known
language_model/5gram.arpa      or a binary file of KenLM
"""

import importlib.util
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sonovox._internal.errors import MissingDependencyError, SonovoxWarning, WeightsError
from sonovox._internal.optional import require
from sonovox.decoding.ctc_beam import CTCBeamSearcher

__all__ = ["FILES_OF_SEARCH", "search_of_folder"]

_FOLDER = "language_model"
_BINARY = (".bin", ".binary", ".klm")
# Binary files have gigabytes and are not fetched where nobody can read them.
FILES_OF_SEARCH = (
    "alphabet.json",
    f"{_FOLDER}/attrs.json",
    f"{_FOLDER}/unigrams.txt",
    f"{_FOLDER}/*.arpa",
    f"{_FOLDER}/*.arpa.gz",
    *(f"{_FOLDER}/*{suffix}" for suffix in _BINARY if importlib.util.find_spec("kenlm")),
)
_SETTINGS = ("alpha", "beta", "unk_score_offset", "score_boundary")


def search_of_folder(folder: Path, texts: Sequence[str], blank: int) -> CTCBeamSearcher | None:
    """A search with the language model of a folder; None where it has none, or none that can be read here.

    Args:
        folder: of Hugging Face.
        texts: what each label writes.
        blank: which one is the blank.

    Raises:
        WeightsError: settings that cannot be read.
        DecodingError: nor can the model.

    >>> search_of_folder(Path("nowhere"), ["", "a"], 0)
    """
    place = folder / _FOLDER
    if not (folder / "alphabet.json").is_file():
        return None
    models = [file for file in sorted(place.glob("*")) if file.name.endswith((".arpa", ".arpa.gz", *_BINARY))]
    try:
        if not models:  # a binary one was not fetched
            require("kenlm", purpose="its language model")
            raise WeightsError(f"{place} has no language model", hint="fetch it again, or remove alphabet.json")
        return CTCBeamSearcher(
            blank, list(texts), kenlm_model_path=models[0], unigrams=_unigrams(place), **_settings(place)
        )
    except MissingDependencyError as error:
        told = (
            f"{folder} is used without its language model, with which it writes better: {error.message}; {error.hint}"
        )
        warnings.warn(told, SonovoxWarning, stacklevel=2)
        return None


def _settings(place: Path) -> dict[str, Any]:
    file = place / "attrs.json"
    if not file.is_file():
        return {}
    try:
        values = json.loads(file.read_bytes())
        return {name: values[name] for name in _SETTINGS if values.get(name) is not None}
    except (ValueError, AttributeError) as error:
        raise WeightsError(f"{file} cannot be read: {error}", hint="fetch it again") from error


def _unigrams(place: Path) -> list[str] | None:
    file = place / "unigrams.txt"
    return file.read_text(encoding="utf-8").split() if file.is_file() else None
