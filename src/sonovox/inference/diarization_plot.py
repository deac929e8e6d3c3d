"""A picture of who spoke when, over the spectrogram of the recording."""

import math
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.files import atomic_path
from sonovox._internal.optional import require
from sonovox.dsp.spectrogram import spectrogram
from sonovox.inference.diarization import Diarization
from sonovox.inference.mono_audio import mono_blocks

__all__ = ["plot_diarization"]

# Speech is seen well up to 4 kHz; a picture has no more columns than this.
SAMPLE_RATE, N_FFT, COLUMNS = 8000, 256, 1200
# From the loudest point down, as far as colours go.
RANGE_DB = 70.0


def plot_diarization(found: Diarization, recording: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Draw the turns, a row for each speaker, under the spectrogram of their recording, which is read in blocks.

    Args:
        found: of the recording.
        recording: the file.
        path: of the picture; its suffix tells the format.

    Raises:
        MissingDependencyError: matplotlib is not installed.
        AudioError: the recording cannot be read.
        WriteError: the picture cannot be written.
    """
    require("matplotlib", purpose="drawing a diarisation")
    # Figures without pyplot touch no display and no global state.
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    speakers, colours = found.speakers, colormaps["tab10"]
    figure = Figure(figsize=(11, 3.2 + 0.3 * len(speakers)), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 0.4 + 0.4 * len(speakers)))
    levels = _levels(recording, found.duration)
    upper.imshow(
        levels.numpy(),
        aspect="auto",
        origin="lower",
        extent=(0, found.duration, 0, SAMPLE_RATE / 2000),
        cmap="magma",
        vmin=float(levels.max()) - RANGE_DB,
    )
    upper.set_ylabel("kHz")
    upper.set_title(Path(recording).name, loc="left")
    for row, speaker in enumerate(speakers):
        bars: list[Any] = [(turn.start, turn.end - turn.start) for turn in found.turns if turn.speaker == speaker]
        lower.broken_barh(bars, (row - 0.4, 0.8), facecolors=colours(row % 10))
    lower.set_yticks(range(len(speakers)), speakers)
    lower.set_ylim(max(len(speakers), 1) - 0.5, -0.5)
    lower.set_xlim(0, found.duration)
    lower.set_xlabel("seconds")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110, format=Path(path).suffix.lstrip(".") or "png")


def _levels(recording: str | os.PathLike[str], duration: float) -> Tensor:
    """The spectrogram in dB, `(bins, columns)`, its frames averaged to the columns of the picture."""
    frames_all = max(1, math.ceil(duration * SAMPLE_RATE / N_FFT))
    columns = min(COLUMNS, frames_all)
    power, counts, position = torch.zeros(N_FFT // 2 + 1, columns), torch.zeros(columns), 0
    window = torch.hann_window(N_FFT)
    # Whole frames a block: none is lost where one ends.
    for block in mono_blocks(recording, None, SAMPLE_RATE, block_seconds=1000 * N_FFT / SAMPLE_RATE):
        padded = torch.nn.functional.pad(block, (0, -len(block) % N_FFT))
        frames = spectrogram(padded, 0, window, N_FFT, N_FFT, N_FFT, 2.0, False, center=False)  # (bins, frames)
        places = torch.arange(position, position + frames.shape[1]) * columns // frames_all
        places = places.clamp(max=columns - 1)
        power.index_add_(1, places, frames)
        counts += torch.bincount(places, minlength=columns)
        position += frames.shape[1]
    return 10 * torch.log10(power / counts.clamp(min=1) + 1e-10)
