"""`push_to_hub`: a model folder becomes a repository of the hub, in one commit.

All files of the model come up together or none does. A folder that its readers
would refuse is refused here, before a byte leaves the machine.
"""

import json
import os
from pathlib import Path

from sonovox._internal.errors import ArgumentError, HubError, NetworkError, NotInSourceError
from sonovox.hparams import load_hparams
from sonovox.hub.huggingface import hub_address
from sonovox.hub.reach import short_reason
from sonovox.hub.sources import HubSource, parse_source
from sonovox.inference.interface import HPARAMS_FILE, MODEL_SUBFOLDER
from sonovox.models.wav2vec2 import Wav2Vec2Config

__all__ = ["CARD", "card_of", "push_to_hub"]

CARD = "README.md"
CONFIG_FILE = "config.json"  # of a Hugging Face folder
# What a model folder is made of; anything else in it stays here.
PUSHED = (".yaml", ".json", ".safetensors", ".ckpt", ".txt", ".model", ".vocab")
# What the hub calls the tasks of our interfaces.
TASKS = {
    "EncoderASR": "automatic-speech-recognition",
    "EncoderDecoderASR": "automatic-speech-recognition",
    "EncoderClassifier": "audio-classification",
    "SepformerSeparation": "audio-to-audio",
    "SpectralMaskEnhancement": "audio-to-audio",
    "VAD": "voice-activity-detection",
    "WaveformEnhancement": "audio-to-audio",
}


def push_to_hub(
    folder: str | os.PathLike[str],
    repository: str,
    *,
    private: bool = False,
    token: str | None = None,
    message: str = "Model of sonovox",
) -> str:
    """The address of the repository that has the model now; it is made if there is none.

    Args:
        folder: that `save_pretrained` wrote, a Hugging Face folder of a wav2vec 2.0, HuBERT or WavLM model, or one
            with either in `model/`.
        repository: `owner/name`.
        private: whether a new repository is to be seen by its owner only.
        token: with the right to write; `HF_TOKEN` and the stored one are used without it.
        message: of the commit.

    Raises:
        ArgumentError: a repository that is not `owner/name`, or a folder without a model.
        HParamsError: the YAML file is one that readers refuse.
        WeightsError: `config.json` describes a model that sonovox does not read.
        NotInSourceError: the hub does not let this token write there.
        NetworkError: the hub cannot be reached, or is in trouble.
    """
    target = parse_source(f"hf:{repository.removeprefix('hf:')}")
    if not isinstance(target, HubSource) or target != HubSource(target.repository):
        raise ArgumentError(f"repository must be owner/name, got {repository!r}", hint="without a file or a revision")
    place = _model_place(Path(folder))
    interface = _interface_of(place)
    files = sorted(path for path in place.rglob("*") if path.is_file() and _is_pushed(path.relative_to(place)))
    links = [path.name for path in files if path.is_symlink()]
    if links:
        raise ArgumentError(f"{place} has links: {', '.join(links)}", hint="put the files themselves there")
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(endpoint=hub_address(), token=token, library_name="sonovox")
    card = card_of(place, target.repository, interface)
    parts = [CommitOperationAdd(path.relative_to(place).as_posix(), str(path)) for path in files]
    try:
        address = api.create_repo(target.repository, private=private, exist_ok=True)
        api.create_commit(target.repository, [*parts, CommitOperationAdd(CARD, card.encode())], commit_message=message)
    except Exception as error:  # the client under huggingface_hub changes with its version, and its errors too
        raise _translated(target.repository, error) from error
    return str(address)


def card_of(folder: Path, repository: str, interface: str) -> str:
    """The model card: that of the folder, with what the hub sorts models by at its top.

    Args:
        folder: of the model; its `README.md` is used where it has one.
        repository: by which the examples name the model, instead of the folder.
        interface: the class that uses the model.
    """
    path = folder / CARD
    card = path.read_text(encoding="utf-8") if path.is_file() else f"# {repository.rpartition('/')[2]}\n"
    for name in dict.fromkeys((folder.name, folder.parent.name)):  # of a run, the run's folder names the model
        card = card.replace(f'("{name}")', f'("{repository}")').replace(f"--model {name} ", f"--model {repository} ")
    if card.startswith("---\n"):
        return card
    task = f"pipeline_tag: {TASKS[interface]}\n" if interface in TASKS else ""
    return f"---\nlibrary_name: sonovox\n{task}tags:\n- sonovox\n- audio\n---\n\n{card}"


def _is_pushed(name: Path) -> bool:
    return name.suffix in PUSHED and not any(part.startswith(".") for part in name.parts)


def _model_place(folder: Path) -> Path:
    for place in (folder, folder / MODEL_SUBFOLDER):
        if (place / HPARAMS_FILE).is_file() or (place / CONFIG_FILE).is_file():
            return place
    raise ArgumentError(
        f"{folder} is no model folder: it holds no {HPARAMS_FILE} and no {CONFIG_FILE}",
        hint="save_pretrained and sonovox finetune write one",
    )


def _interface_of(place: Path) -> str:
    """What uses the model; its description is read as every reader will read it."""
    if (place / HPARAMS_FILE).is_file():
        return str(load_hparams(place / HPARAMS_FILE).get("interface", ""))
    config = Wav2Vec2Config.from_huggingface(json.loads((place / CONFIG_FILE).read_bytes()))
    return "EncoderASR" if config.aux_num_out is not None else "WaveformEncoder"


def _translated(repository: str, error: Exception) -> HubError:
    from huggingface_hub import errors

    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, errors.LocalTokenNotFoundError) or status in (401, 403):
        return NotInSourceError(
            f"the hub does not let this token write to {repository}",
            hint="`hf auth login`, or HF_TOKEN, with a token that may write; is the owner right?",
        )
    if status is not None:
        return NetworkError(f"the hub answers {status} to writing {repository}", hint="try again later")
    return NetworkError(f"cannot write {repository}: {short_reason(error)}", hint="nothing was changed there")
