"""What a model makes of a recording, as files that fit to it: its rate, its length, its loudness, no clipping.

Models work at a rate of their own and give a long recording part by part. The parts wait in
one temporary file, at the model's rate, until it is known how loud the whole has become.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.inference.mono_audio import mono_blocks
from sonovox.io import info, stream
from sonovox.io.block_writer import block_writer
from sonovox.io.resampled_blocks import resampled_blocks

__all__ = ["WrittenSources", "write_sources"]

BLOCK_SECONDS = 10.0
# What is scaled down gets this peak, so that resampling has room.
HIGHEST = 0.98
# Sources that are all silent, or the same, have no gains of their own.
LEAST, MOST = 1e-3, 1e3
Reached = Callable[[float], None]


@dataclass(frozen=True)
class WrittenSources:
    """How it went.

    Attributes:
        scale: with which all sources were multiplied so that none clips; 1 where that was not needed.
        clipped: samples that went beyond full scale even so.

    >>> WrittenSources(0.5, 0).remarks
    ['the result was scaled by 0.50, so that it does not clip']
    """

    scale: float
    clipped: int

    @property
    def remarks(self) -> list[str]:
        """What a person should know of the loudness, if anything."""
        scaled = f"the result was scaled by {self.scale:.2f}, so that it does not clip" if self.scale < 1 else ""
        limited = f"{self.clipped} samples of the result are beyond full scale and were limited to it"
        return [remark for remark in (scaled, limited if self.clipped else "") if remark]


def write_sources(
    recording: str | os.PathLike[str],
    parts: Iterable[Tensor],
    model_rate: int,
    targets: Sequence[str | os.PathLike[str]],
    *,
    fit: bool = False,
    reached: Reached | None = None,
) -> WrittenSources:
    """Write sources of a recording as files of one channel, 16 bits, at its sample rate and of its length.

    Args:
        recording: the file that they come from.
        parts: one after the other, `(sources, time)`.
        model_rate: of the parts, in Hz.
        targets: a path for each source. Missing folders are made.
        fit: bring the sources to the loudness with which they are in the recording: the gains with which their sum
            is nearest to it (least squares). Models that were trained by SI-SNR give any loudness and any sign.
        reached: called with the seconds of parts that came, after each.

    Raises:
        ArgumentError: another number of sources than targets.
        AudioError: the recording cannot be read.
        WriteError: a file cannot be written; those that stood there still stand.
    """
    paths = [Path(target) for target in targets]
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    # Beside the result: where that has room, this has, too.
    with tempfile.TemporaryDirectory(prefix=".sonovox-", dir=paths[0].parent) as folder:
        held = Path(folder) / "sources.rf64"
        peaks = torch.zeros(len(paths))
        done = 0
        with block_writer(held, model_rate, len(paths), encoding="PCM_F") as writer:
            for part in parts:
                if len(part) != len(paths):
                    raise ArgumentError(f"the model gives {len(part)} sources, but there are {len(paths)} targets")
                writer.write(part)
                if part.shape[1]:
                    peaks = torch.maximum(peaks, part.detach().float().cpu().abs().amax(dim=1))
                done += part.shape[1]
                if reached is not None:
                    reached(done / model_rate)
        gains = _gains(recording, held, model_rate, len(paths)) if fit else torch.ones(len(paths))
        peak = float((peaks * gains.abs()).max())
        scale = HIGHEST / peak if peak > 1 else 1.0
        clipped = sum(
            _write_one(recording, held, row, float(gains[row]) * scale, path) for row, path in enumerate(paths)
        )
    return WrittenSources(scale, clipped)


def _gains(recording: str | os.PathLike[str], held: Path, rate: int, count: int) -> Tensor:
    """Of each source, such that their sum is nearest to the recording: the normal equations, block by block."""
    alike, heard = torch.zeros(count, count, dtype=torch.float64), torch.zeros(count, dtype=torch.float64)
    mixture = mono_blocks(recording, None, rate, block_seconds=BLOCK_SECONDS)
    for mixed, sources in zip(mixture, stream(held, BLOCK_SECONDS), strict=False):
        length = min(len(mixed), sources.shape[1])
        rows = sources[:, :length].double()
        alike += rows @ rows.T
        heard += rows @ mixed[:length].double()
    gains = torch.linalg.lstsq(alike, heard[:, None], driver="gelsd").solution[:, 0].float()
    usable = torch.isfinite(gains) & (gains.abs() > LEAST) & (gains.abs() < MOST)
    return torch.where(usable, gains, 1.0)


def _write_one(recording: str | os.PathLike[str], held: Path, row: int, gain: float, path: Path) -> int:
    """Write one source; returns how many samples were limited to full scale."""
    metadata = info(recording)
    model_rate = info(held).sample_rate
    pieces = (gain * block[row : row + 1].numpy() for block in stream(held, BLOCK_SECONDS))
    if model_rate != metadata.sample_rate:
        pieces = (piece for piece in resampled_blocks(pieces, model_rate, metadata.sample_rate))
    left = metadata.num_frames
    with block_writer(path, metadata.sample_rate, bits_per_sample=16) as writer:
        for piece in pieces:
            samples = torch.from_numpy(piece)[:, :left]
            writer.write(samples)
            left -= samples.shape[1]
        writer.write(torch.zeros(1, max(left, 0)))  # rates round down
    return writer.clipped
