"""Hugging Face folders of encoders with a CTC head, as what `EncoderASR` works with."""

import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonovox._internal.errors import ArgumentError, HubError
from sonovox.hub import fetch, parse_source
from sonovox.hub.sources import HubSource
from sonovox.inference.folder_search import FILES_OF_SEARCH, search_of_folder
from sonovox.inference.interface import HPARAMS_FILE, MODEL_SUBFOLDER, copy_file
from sonovox.models.wav2vec2.config import FAMILIES

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["encoder_folder", "has_hyperparams", "inside_run", "read_encoder_folder"]


def has_hyperparams(
    source: str | os.PathLike[str], *, offline: bool | None = None, progress: "Progress | bool | None" = None
) -> bool:
    """Whether a folder or repository, or the model in the folder of a run, is described by a `hyperparams.yaml`."""
    names = (HPARAMS_FILE, f"{MODEL_SUBFOLDER}/{HPARAMS_FILE}")
    return any(_file_of(source, name, offline, progress) for name in names)


def inside_run(source: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """The Hugging Face folder that a run has left inside its own; any other source as it is."""
    folder = Path(source).expanduser() / MODEL_SUBFOLDER
    return folder if (folder / "config.json").is_file() else source


def encoder_folder(
    source: str | os.PathLike[str], *, offline: bool | None = None, progress: "Progress | bool | None" = None
) -> str | os.PathLike[str] | None:
    """The folder or repository of an encoder to which a source leads; None if it leads to something else.

    Args:
        source: a folder whose `config.json` describes wav2vec 2.0, HuBERT or WavLM, that of the run which trained
            it, or a repository. What a `hyperparams.yaml` describes is none.
        offline: as for `hub.fetch`; so is `progress`.
        progress: who is told.
    """
    if has_hyperparams(source, offline=offline, progress=progress):
        return None
    folder = inside_run(source)
    file = _file_of(folder, "config.json", offline, progress)
    try:
        return folder if file and json.loads(file.read_bytes()).get("model_type") in FAMILIES else None
    except (ValueError, AttributeError):  # whoever reads the model after this tells what is wrong
        return None


def read_encoder_folder(
    source: str | os.PathLike[str],
    savedir: str | os.PathLike[str] | None = None,
    *,
    language: str | None = None,
    token: str | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> dict[str, Any]:
    """What an `EncoderASR` needs, by the names that a `hyperparams.yaml` would have for it; `modules` is among them.

    Args:
        source: of an encoder, see `encoder_folder`.
        savedir: a folder for copies of the files, which is such a folder then.
        language: see `load_wav2vec2`.
        token: as for `hub.fetch`; so are `offline` and `progress`.
        offline: use the cache only.
        progress: who is told.

    Raises:
        ArgumentError: a model without a CTC head.
        HubError: the files cannot be had.
        WeightsError: they do not make the model.
    """
    from sonovox.decoding.ctc_greedy import ctc_greedy_decode
    from sonovox.models.wav2vec2.ctc import Wav2Vec2CTC
    from sonovox.models.wav2vec2.pretrained import fetch_wav2vec2, load_wav2vec2

    options: dict[str, Any] = {"language": language, "token": token, "offline": offline, "progress": progress}
    folder = fetch_wav2vec2(source, further=FILES_OF_SEARCH, **options)
    loaded = load_wav2vec2(folder, language=language)
    if loaded.vocabulary is None:
        raise ArgumentError(
            f"{source} was pretrained, but not taught to write: it has no CTC head",
            hint="facebook/wav2vec2-base-960h has one",
        )
    if savedir is not None:
        for file in filter(Path.is_file, folder.rglob("*")):
            copy_file(file, Path(savedir) / file.relative_to(folder))
    found = search_of_folder(folder, loaded.vocabulary.texts(), loaded.vocabulary.blank)
    return {
        "modules": {"encoder": Wav2Vec2CTC(loaded)},
        "sample_rate": loaded.preprocessor.sample_rate,
        "tokenizer": loaded.vocabulary,
        "blank_index": loaded.vocabulary.blank,
        "decoding_function": found or partial(ctc_greedy_decode, blank_id=loaded.vocabulary.blank),
        "language": language,
    }


def _file_of(
    source: str | os.PathLike[str], name: str, offline: bool | None, progress: "Progress | bool | None"
) -> Path | None:
    """A file in a folder or repository, if it is there."""
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder / name if (folder / name).is_file() else None
    try:
        origin = parse_source(source)
        if isinstance(origin, HubSource) and not origin.path and "/" not in name:
            return fetch(f"{origin}/{name}", offline=offline, progress=progress)
    except HubError:  # whoever wants the model after this tells what is wrong
        pass
    return None
