"""The recogniser for a model that somebody names, whatever kind of model it is."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError, HubError
from sonovox.hub import fetch, parse_source
from sonovox.hub.sources import HubSource
from sonovox.inference.asr import WhisperASR
from sonovox.inference.device import choose_device
from sonovox.inference.interface import HPARAMS_FILE, MODEL_SUBFOLDER, read_model_folder
from sonovox.inference.model_folder import INTERFACES
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
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> "Recogniser":
    """The model of a name, a folder or a repository, ready to listen.

    A folder or repository with a `hyperparams.yaml` goes to the interface that its
    key `interface` names, or else to the one for the modules that it has; every
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
    if not _has_hyperparams(source, offline, progress):
        return WhisperASR.from_pretrained(
            source, device=device, precision=precision, offline=offline, progress=progress
        )
    place = choose_device(device)
    if precision not in (None, "fp32"):
        raise ArgumentError(f"{source} works in fp32, got precision {precision!r}", hint="leave precision out")
    hparams = read_model_folder(source, offline=offline, progress=progress)
    name = hparams.get("interface") or _interface_for(source, hparams)
    check_choice(f"the interface of {source} for transcription", name, RECOGNISERS)
    return RECOGNISERS[name](hparams["modules"], hparams, run_opts={"device": place})


def _has_hyperparams(source: str | os.PathLike[str], offline: bool | None, progress: "Progress | bool | None") -> bool:
    if str(source) in (*PRETRAINED, *ALIASES):
        return False
    folder = Path(source).expanduser()
    if folder.is_dir():
        return any((place / HPARAMS_FILE).is_file() for place in (folder, folder / MODEL_SUBFOLDER))
    try:
        origin = parse_source(source)
        if isinstance(origin, HubSource) and not origin.path:
            return fetch(f"{origin}/{HPARAMS_FILE}", offline=offline, progress=progress).is_file()
    except HubError:  # whoever wants the model after this tells what is wrong
        pass
    return False


def _interface_for(source: str | os.PathLike[str], hparams: dict) -> str:
    """The interface that a folder of SpeechBrain, which names none, was made for."""
    for name, interface in RECOGNISERS.items():
        if set(interface.MODULES_NEEDED) <= set(hparams["modules"]) and set(interface.HPARAMS_NEEDED) <= set(hparams):
            return name
    has = ", ".join(hparams["modules"])
    raise ArgumentError(
        f"{source} is no model that sonovox can transcribe with: it has the modules {has}",
        hint=f"a model for {' or '.join(RECOGNISERS)} will do, or a Whisper model",
    )
