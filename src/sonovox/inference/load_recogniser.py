"""The recogniser for a model that somebody names, whatever kind of model it is."""

import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError, HubError
from sonovox.hub import fetch, parse_source
from sonovox.hub.sources import HubSource
from sonovox.inference.asr import WhisperASR
from sonovox.inference.device import choose_device
from sonovox.inference.encoder_asr import EncoderASR
from sonovox.inference.interface import HPARAMS_FILE, MODEL_SUBFOLDER, read_model_folder
from sonovox.inference.model_folder import INTERFACES
from sonovox.models.wav2vec2.config import FAMILIES
from sonovox.models.whisper.pretrained import ALIASES, PRETRAINED

if TYPE_CHECKING:
    import torch

    from sonovox.hub import Progress
    from sonovox.inference.recogniser import Recogniser

__all__ = ["load_recogniser"]

# The interfaces that can transcribe.
RECOGNISERS = {name: interface for name, interface in INTERFACES.items() if hasattr(interface, "parts")}


def load_recogniser(
    source: str | os.PathLike[str],
    *,
    device: str | None = None,
    precision: str | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> "Recogniser":
    """The model of a name, a folder or a repository, ready to listen.

    A folder or repository with a `hyperparams.yaml` goes to the interface that its
    key `interface` names, or else to the one for the modules that it has; one whose
    `config.json` describes wav2vec 2.0, HuBERT or WavLM to `EncoderASR`, with the CTC
    head and the labels there, also from the folder of the run that trained it; every
    other source is a Whisper model.

    Args:
        source: as for `WhisperASR.from_pretrained` and `Pretrained.from_hparams`.
        device: `"cpu"`, `"cuda"`, `"cuda:1"`, `"mps"`; by default a GPU where there is one.
        precision: of Whisper models; others work in `"fp32"`.
        offline: True uses the cache only.
        progress: see `hub.fetch`.

    Raises:
        ArgumentError: a folder of a model that does not transcribe, a precision or a device that it cannot use.
        HubError: the model cannot be had.
        HParamsError: a `hyperparams.yaml` that is wrong, or asks for what a model folder may not use.
        WeightsError: the files do not make the model.
    """
    is_folder = _has_hyperparams(source, offline, progress)
    if not is_folder and not _is_encoder(source, offline, progress):
        return WhisperASR.from_pretrained(
            source, device=device, precision=precision, offline=offline, progress=progress
        )
    place = choose_device(device)
    if precision not in (None, "fp32"):
        raise ArgumentError(f"{source} works in fp32, got precision {precision!r}", hint="leave precision out")
    if not is_folder:
        return _with_ctc_head(_inside(source), place, offline, progress)
    hparams = read_model_folder(source, offline=offline, progress=progress)
    name = hparams.get("interface") or _interface_for(source, hparams)
    check_choice(f"the interface of {source} for transcription", name, RECOGNISERS)
    recogniser: Any = RECOGNISERS[name](hparams["modules"], hparams, run_opts={"device": place})
    return recogniser


def _has_hyperparams(source: str | os.PathLike[str], offline: bool | None, progress: "Progress | bool | None") -> bool:
    return any(
        _file_of(source, name, offline, progress) for name in (HPARAMS_FILE, f"{MODEL_SUBFOLDER}/{HPARAMS_FILE}")
    )


def _is_encoder(source: str | os.PathLike[str], offline: bool | None, progress: "Progress | bool | None") -> bool:
    file = _file_of(_inside(source), "config.json", offline, progress)
    try:
        return file is not None and json.loads(file.read_bytes()).get("model_type") in FAMILIES
    except (ValueError, AttributeError):  # whoever reads the model after this tells what is wrong
        return False


def _inside(source: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """The model folder of a fine-tuning, where `source` is the folder of its run."""
    folder = Path(source).expanduser() / MODEL_SUBFOLDER
    return folder if (folder / "config.json").is_file() else source


def _file_of(
    source: str | os.PathLike[str], name: str, offline: bool | None, progress: "Progress | bool | None"
) -> Path | None:
    """A file in a folder or repository, if it is there."""
    if str(source) in (*PRETRAINED, *ALIASES):
        return None
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


def _with_ctc_head(
    source: str | os.PathLike[str], device: "torch.device", offline: bool | None, progress: "Progress | bool | None"
) -> EncoderASR:
    from sonovox.decoding.ctc_greedy import ctc_greedy_decode
    from sonovox.models.wav2vec2.ctc import Wav2Vec2CTC
    from sonovox.models.wav2vec2.pretrained import load_wav2vec2

    loaded = load_wav2vec2(source, offline=offline, progress=progress)
    if loaded.vocabulary is None:
        raise ArgumentError(
            f"{source} was pretrained, but not taught to write: it has no CTC head",
            hint="facebook/wav2vec2-base-960h has one",
        )
    hparams = {
        "sample_rate": loaded.preprocessor.sample_rate,
        "tokenizer": loaded.vocabulary,
        "decoding_function": partial(ctc_greedy_decode, blank_id=loaded.vocabulary.blank),
    }
    return EncoderASR({"encoder": Wav2Vec2CTC(loaded)}, hparams, run_opts={"device": device})


def _interface_for(source: str | os.PathLike[str], hparams: dict) -> str:
    """The interface that a folder of SpeechBrain, which names none, was made for."""
    # One that needs more modules is meant where all of them are there.
    for name, interface in sorted(RECOGNISERS.items(), key=lambda item: -len(item[1].MODULES_NEEDED)):
        if set(interface.MODULES_NEEDED) <= set(hparams["modules"]) and set(interface.HPARAMS_NEEDED) <= set(hparams):
            return name
    has = ", ".join(hparams["modules"])
    raise ArgumentError(
        f"{source} is no model that sonovox can transcribe with: it has the modules {has}",
        hint=f"a model for {' or '.join(RECOGNISERS)} will do, or a Whisper model",
    )
