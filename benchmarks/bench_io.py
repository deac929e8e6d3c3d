"""Reading files against soundfile: whole and partial, to float32 tensors of the layout (channels, time).

Of float32 wav nothing is converted: one copy out of the page cache is the floor, and soundfile is at it too.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import soundfile
import torch
from measure import Row, report
from torch import Tensor

from sonovox.io import load, save


def ours(path: Path, start: int = 0, frames: int = -1) -> Callable[[], Tensor]:
    return lambda: load(path, start, frames)[0]


def theirs(path: Path, start: int = 0, frames: int = -1) -> Callable[[], Tensor]:
    def work() -> Tensor:
        samples, _ = soundfile.read(path, frames, start, dtype="float32", always_2d=True)
        return torch.from_numpy(samples).T.contiguous()

    return work


def row(name: str, path: Path, start: int = 0, frames: int = -1, gate: str = "", exact: bool = True) -> Row:
    expected, got = theirs(path, start, frames)(), ours(path, start, frames)()
    torch.testing.assert_close(got, expected, rtol=0, atol=0 if exact else 1e-6)
    return Row(name, ours(path, start, frames), {"soundfile": theirs(path, start, frames)}, gate=gate)


def write(path: Path, seconds: float, sample_rate: int, channels: int, **options: object) -> Path:
    generator = torch.Generator().manual_seed(0)
    wave = 0.1 * torch.randn(channels, round(seconds * sample_rate), generator=generator)
    save(path, wave.clamp(-1, 1), sample_rate, **options)
    return path


def main() -> None:
    pcm16 = {"encoding": "PCM_S", "bits_per_sample": 16}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = write(folder / "short.wav", 5, 16000, 1, **pcm16)
        long = write(folder / "long.wav", 600, 16000, 1, **pcm16)
        stereo = write(folder / "stereo.wav", 120, 44100, 2, **pcm16)
        wide = write(folder / "wide.wav", 120, 44100, 1, encoding="PCM_S", bits_per_sample=24)
        floats = write(folder / "floats.wav", 120, 44100, 1)
        report(
            "Whole reads",
            [
                row("wav 16 bit, 5 s, 16 kHz", short, gate="2x"),
                row("wav 16 bit, 600 s, 16 kHz", long, gate="2x"),
                row("wav 16 bit, 120 s, 44.1 kHz stereo", stereo, gate="2x"),
                row("wav 24 bit, 120 s, 44.1 kHz", wide, gate="2x"),
                row("wav float32, 120 s, 44.1 kHz", floats),
                row("flac, 60 s, 16 kHz", write(folder / "a.flac", 60, 16000, 1)),
                row("flac, 60 s, 44.1 kHz stereo", write(folder / "b.flac", 60, 44100, 2)),
                row("ogg vorbis, 30 s, 16 kHz", write(folder / "a.ogg", 30, 16000, 1), exact=False),
                row("opus, 30 s, 16 kHz", write(folder / "a.opus", 30, 16000, 1), exact=False),
                row("mp3, 30 s, 44.1 kHz stereo", write(folder / "a.mp3", 30, 44100, 2), exact=False),
            ],
        )
        report(
            "Partial reads from the middle",
            [
                row("wav 16 bit, 1 s of 600 s, 16 kHz", long, 300 * 16000, 16000, gate="2x"),
                row("wav 16 bit, 10 s of 600 s, 16 kHz", long, 300 * 16000, 160000, gate="2x"),
                row("wav 16 bit, 3 s of 120 s, 44.1 kHz stereo", stereo, 60 * 44100, 3 * 44100, gate="2x"),
                row("wav float32, 3 s of 120 s, 44.1 kHz", floats, 60 * 44100, 3 * 44100),
                row("flac, 3 s of 60 s, 44.1 kHz stereo", folder / "b.flac", 30 * 44100, 3 * 44100),
                row("mp3, 3 s of 30 s, 44.1 kHz stereo", folder / "a.mp3", 15 * 44100, 3 * 44100, exact=False),
            ],
        )


if __name__ == "__main__":
    main()
