"""The recogniser for a model that somebody names, whatever kind of model it is."""

import os
from typing import TYPE_CHECKING, Any

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.inference.asr import WhisperASR
from sonovox.inference.device import choose_device
from sonovox.inference.encoder_asr import EncoderASR
from sonovox.inference.encoder_folders import encoder_folder, has_hyperparams, inside_run
from sonovox.inference.interface import read_model_folder
from sonovox.inference.model_folder import INTERFACES
from sonovox.inference.whisper_folders import WhisperFolder, holds_whisper
from sonovox.models.whisper.pretrained import ALIASES, PRETRAINED

if TYPE_CHECKING:
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
    language: str | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> "Recogniser":
    """The model of a name, a folder or a repository, ready to listen.

    A folder or repository with a `hyperparams.yaml` goes to the interface that its
    key `interface` names, or else to the one for the modules that it has; one whose
    `config.json` describes wav2vec 2.0, HuBERT or WavLM to `EncoderASR`, with the CTC
    head and the labels there; every other source is a Whisper model. The last two open
    from the folder of the run that trained them too.

    Args:
        source: as for `WhisperASR.from_pretrained` and `Pretrained.from_hparams`.
        device: `"cpu"`, `"cuda"`, `"cuda:1"`, `"mps"`; by default a GPU where there is one.
        precision: of Whisper models; others work in `"fp32"`.
        language: of an encoder with adapters for many languages (MMS), as its files are named, such as `"fra"`; other
            models are told the language when they listen.
        offline: True uses the cache only.
        progress: see `hub.fetch`.

    Raises:
        ArgumentError: a folder of a model that does not transcribe, a precision or a device that it cannot use.
        HubError: the model cannot be had.
        HParamsError: a `hyperparams.yaml` that is wrong, or asks for what a model folder may not use.
        WeightsError: the files do not make the model.
    """
    options: dict[str, Any] = {"offline": offline, "progress": progress}
    is_whisper = str(source) in (*PRETRAINED, *ALIASES)
    is_folder = not is_whisper and has_hyperparams(source, **options)
    is_encoder = not is_whisper and not is_folder and encoder_folder(source, **options) is not None
    if not is_folder and not is_encoder:
        return WhisperASR.from_pretrained(inside_run(source), device=device, precision=precision, **options)
    place = choose_device(device)
    if precision not in (None, "fp32"):
        raise ArgumentError(f"{source} works in fp32, got precision {precision!r}", hint="leave precision out")
    if is_encoder:
        chosen = None if language is None else {"language": language}
        return EncoderASR.from_hparams(source, overrides=chosen, **options, run_opts={"device": place})
    hparams = read_model_folder(source, **options)
    if holds_whisper(hparams):
        folder = WhisperFolder(hparams["modules"], hparams, {"device": place})
        return WhisperASR.from_folder(folder, str(source))
    name = hparams.get("interface") or _interface_for(source, hparams)
    check_choice(f"the interface of {source} for transcription", name, RECOGNISERS)
    recogniser: Any = RECOGNISERS[name](hparams["modules"], hparams, run_opts={"device": place})
    return recogniser


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
