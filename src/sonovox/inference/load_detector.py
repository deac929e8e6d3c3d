"""The detector of speech for a model that somebody names, or the one that is always to be had."""

import os
from typing import TYPE_CHECKING

from sonovox.inference.detect_speech import VAD
from sonovox.inference.device import choose_device
from sonovox.inference.silero_detector import SileroDetector

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["load_detector"]


def load_detector(
    source: str | os.PathLike[str] | None = None,
    *,
    device: str | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> VAD:
    """The detector in a model folder or repository, or Silero VAD.

    Args:
        source: as for `VAD.from_hparams`; None for Silero VAD.
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
    if source is None:
        return SileroDetector.from_pretrained(device=place, offline=offline, progress=progress)
    return VAD.from_hparams(source, offline=offline, progress=progress, run_opts={"device": place})
