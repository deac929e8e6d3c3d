"""Peak memory of `sonovox vad`, `separate`, `enhance` and `diarize` for recordings from minutes to hours.

    python benchmarks/memory_long_files.py [--models FOLDER] [MINUTES ...]

Each command runs in a process of its own on a recording of that length (tones and noise, one channel, 16 bits),
and its peak is what the system says of it at its end. FOLDER holds model folders of SpeechBrain, `sepformer`,
`enhance-metricgan` and `spkrec-ecapa` with `model` inside; without it only `vad` is run, with Silero VAD of the cache.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from sonovox.io.block_writer import block_writer

RATE = 16000


def main() -> None:
    """Print a table, a line for each command and length."""
    parser = argparse.ArgumentParser()
    parser.add_argument("minutes", nargs="*", type=float, default=[10, 30, 60])
    parser.add_argument("--models", type=Path)
    parser.add_argument("--commands", default="vad,separate,enhance,diarize")
    asked = parser.parse_args()
    print(f"{'command':<10} {'minutes':>8} {'peak MiB':>9} {'seconds':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for command, words in commands(asked.models, Path(folder)).items():
            if command in asked.commands.split(","):
                for minutes in asked.minutes:
                    recording = write_recording(Path(folder) / f"{minutes:g}.wav", minutes)
                    peak, seconds = measured([command, str(recording), *words])
                    print(f"{command:<10} {minutes:>8g} {peak:>9.0f} {seconds:>8.1f}", flush=True)


def commands(models: Path | None, out: Path) -> dict[str, list[str]]:
    """Command -> the words behind the recording."""
    found = {"vad": ["--quiet", "--device", "cpu"]}
    if models is not None:
        model = {name: str(models / name / "model") for name in ("sepformer", "enhance-metricgan", "spkrec-ecapa")}
        common = ["--quiet", "--device", "cpu", "-o", str(out / "out")]
        found["separate"] = ["-m", model["sepformer"], *common]
        found["enhance"] = ["-m", model["enhance-metricgan"], *common]
        found["diarize"] = ["-m", model["spkrec-ecapa"], *common]
    return found


def write_recording(path: Path, minutes: float) -> Path:
    """A minute of bursts of harmonics in noise, again and again."""
    if not path.exists():
        generator = torch.Generator().manual_seed(0)
        time_ = torch.arange(60 * RATE) / RATE
        voices = sum(torch.sin(2 * torch.pi * 130 * k * time_) / k for k in range(1, 12))
        voices = voices * (torch.sin(2 * torch.pi * 3 * time_) > -0.2) * (torch.sin(2 * torch.pi * time_ / 8) > 0)
        minute = 0.1 * voices + 0.01 * torch.randn(60 * RATE, generator=generator)
        with block_writer(path, RATE, bits_per_sample=16) as writer:
            for _ in range(int(minutes)):
                writer.write(minute)
            writer.write(minute[: round((minutes - int(minutes)) * 60 * RATE)])
    return path


def measured(words: list[str]) -> tuple[float, float]:
    """Peak of resident memory in MiB, and the seconds of the process."""
    began = time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-m", "sonovox", *words], stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"sonovox {' '.join(words)} left with {process.returncode}")
    return usage.ru_maxrss / 1024, time.perf_counter() - began


if __name__ == "__main__":
    main()
