"""The denoiser of a model folder, whatever kind of model it is."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.inference.device import choose_device
from sonovox.inference.enhancement import SpectralMaskEnhancement, WaveformEnhancement
from sonovox.inference.interface import Pretrained, read_model_folder
from sonovox.inference.separation import SepformerSeparation

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["clean_parts", "load_enhancer"]

# The first whose modules and hyperparameters a folder has.
KINDS: tuple[type[Pretrained], ...] = (SpectralMaskEnhancement, WaveformEnhancement, SepformerSeparation)


def load_enhancer(
    source: str | os.PathLike[str],
    *,
    device: str | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> Pretrained:
    """A denoiser: by a mask on the spectrum, from waveform to waveform, or the first source of a separation.

    Args:
        source: as for `Pretrained.from_hparams`.
        device: `"cpu"`, `"cuda"`, `"cuda:1"`, `"mps"`; by default a GPU where there is one.
        offline: True uses the cache only.
        progress: see `hub.fetch`.

    Raises:
        HubError: the model cannot be had.
        HParamsError: a `hyperparams.yaml` that is wrong, or asks for what a model folder may not use.
        WeightsError: the files do not make the model.
        ArgumentError: a model for another task, or a device that this machine does not have.
    """
    place = choose_device(device)
    hparams = read_model_folder(source, offline=offline, progress=progress)
    for kind in KINDS:
        if set(kind.MODULES_NEEDED) <= set(hparams["modules"]) and set(kind.HPARAMS_NEEDED) <= set(hparams):
            return kind(hparams["modules"], hparams, run_opts={"device": place})
    raise ArgumentError(
        f"{source} is no model that takes noise away: it has the modules {', '.join(hparams['modules'])}",
        hint=f"a model for {' or '.join(kind.__name__ for kind in KINDS)} will do",
    )


def clean_parts(model: Pretrained, recording: str | os.PathLike[str]) -> Iterator[Tensor]:
    """The recording without noise part by part, each `(1, time)` at the rate of the model.

    Args:
        model: of `load_enhancer`.
        recording: of any length, sample rate and number of channels.

    Raises:
        AudioError: the file cannot be read, or holds no samples, NaN or infinity.
    """
    if isinstance(model, SepformerSeparation):
        yield from (part[:1] for part in model.separate_blocks(recording))
    elif isinstance(model, SpectralMaskEnhancement | WaveformEnhancement):
        yield from (part.unsqueeze(0) for part in model.enhance_blocks(recording))
