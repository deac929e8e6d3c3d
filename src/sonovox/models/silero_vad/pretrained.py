"""The published weights of Silero VAD, from the package index."""

from pathlib import Path
from typing import TYPE_CHECKING

from sonovox.hub import fetch, load_weights, transfer
from sonovox.models.silero_vad.model import SileroVAD

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["SHA256", "SOURCE", "load_silero_vad"]

# Version 6 for 16 kHz, 1.2 MB, MIT licence, in the authors' own wheel.
SOURCE = "pypi:silero-vad==6.2.3/silero_vad/data/silero_vad_16k.safetensors"
SHA256 = "c59271c284ae9c8335d795d60e0bfdb71aaaceec578d9bd9ffc1b8153c319ea1"
# Their recurrent layer is a cell that is called for each window, ours a layer for all of them.
THEIR_NAMES = {f"lstm_cell.{name}": f"lstm.{name}_l0" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}


def load_silero_vad(
    path: str | Path | None = None, *, offline: bool | None = None, progress: "Progress | bool | None" = None
) -> SileroVAD:
    """The network with its published weights, in evaluation mode, without gradients.

    Args:
        path: of the weights; None to fetch them.
        offline: as for `hub.fetch`.
        progress: as for `hub.fetch`.

    Raises:
        HubError: they cannot be had.
        WeightsError: a file that holds others.
    """
    file = Path(path) if path else fetch(SOURCE, sha256=SHA256, offline=offline, progress=progress)
    weights = {THEIR_NAMES.get(name, name): tensor for name, tensor in load_weights(file).items()}
    model = SileroVAD()
    transfer(model, weights)
    return model.eval().requires_grad_(False)
