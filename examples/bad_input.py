"""What the command says about bad input: makes each case, runs it, prints a table in Markdown.

python examples/bad_input.py > table.md
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

import sonovox
from sonovox import hub
from sonovox.inference.asr import WhisperASR

RECORDING = "pypi:moonshine-voice==0.1.5/moonshine_voice/assets/two_cities.wav"
TRANSCRIBE = ("transcribe", "-q")
# No address answers: those of the hub and of the web stand behind a proxy that is not there.
UNPLUGGED = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"),
    **dict.fromkeys(("NO_PROXY", "no_proxy", "PIP_FIND_LINKS"), ""),
    "PIP_INDEX_URL": "https://nowhere.invalid/simple",
    "PIP_RETRIES": "0",
}


@dataclass
class Case:
    """One row of the table.

    Args:
        title: what is bad.
        words: of the command.
        make: puts the files of the case into a folder.
        environment: variables that differ.
        without: a package that is taken away.
    """

    title: str
    words: tuple[str, ...]
    make: Callable[[Path], object] = lambda folder: None
    environment: dict[str, str] = field(default_factory=dict)
    without: str = ""

    def run(self, folder: Path) -> subprocess.CompletedProcess[str]:
        """The command, in `folder`."""
        self.make(folder)
        start = f"import sys; sys.modules[{self.without!r}] = None; " if self.without else ""
        program = start + "from sonovox.cli.main import main; main()"
        return subprocess.run(
            [sys.executable, "-c", program, *self.words],
            cwd=folder,
            env=os.environ | {name: value.format(folder=folder) for name, value in self.environment.items()},
            capture_output=True,
            text=True,
            check=False,
        )


def speech(name: str, *, channels: int = 1, sample_rate: int = 16000, num_frames: int | None = None) -> Callable:
    """Write the first seconds of the recording, changed as asked, as `name`."""

    def make(folder: Path) -> Path:
        recording = hub.fetch(RECORDING)
        samples, _ = sonovox.load(recording, num_frames=4 * 48000, sample_rate=sample_rate)
        (folder / name).parent.mkdir(exist_ok=True)
        sonovox.save(folder / name, samples[:, :num_frames].expand(channels, -1), sample_rate)
        return folder / name

    return make


def cut_in_half(name: str) -> Callable:
    """The first half of the bytes of a file of speech."""

    def make(folder: Path) -> None:
        path = speech(name)(folder)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return make


def long_flac(folder: Path) -> None:
    """A flac whose header promises 2^36 - 1 samples, the most that fits in."""
    path = speech("long.flac")(folder)
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F  # STREAMINFO begins at byte 8; bits 108 to 143 of it are the number of samples
    data[22:26] = b"\xff" * 4
    path.write_bytes(data)


def not_a_number(folder: Path) -> None:
    """A second of sound with one NaN in its middle."""
    samples = torch.zeros(1, 16000)
    samples[0, 8000] = torch.nan
    sonovox.save(folder / "nan.wav", samples, 16000, encoding="PCM_F", bits_per_sample=32)


def poisoned_cache(folder: Path) -> None:
    """A copy of the cache in which one bit of the weights differs."""
    shutil.copytree(hub.default_cache_folder(), folder / "cache")
    weights = next(path for path in (folder / "cache").rglob("*") if path.suffix in (".pt", ".safetensors"))
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    speech("talk.wav")(folder)


def full_disk(folder: Path) -> None:
    """A target that is always full: what Linux keeps for such tests stands behind the name."""
    (folder / "full").mkdir()
    (folder / "full" / "talk.srt").symlink_to("/dev/full")
    speech("talk.wav")(folder)


CASES = [
    Case("missing path", (*TRANSCRIBE, "tlak.wav"), speech("talk.wav")),
    Case("folder without audio", (*TRANSCRIBE, "talks"), lambda folder: (folder / "talks").mkdir()),
    Case("folder where a file is expected", ("info", "talks"), lambda folder: (folder / "talks").mkdir()),
    Case("empty file", (*TRANSCRIBE, "empty.wav"), lambda folder: (folder / "empty.wav").touch()),
    Case(
        "text named .wav",
        (*TRANSCRIBE, "notes.wav"),
        lambda folder: (folder / "notes.wav").write_text("Dear diary, today I recorded nothing.\n"),
    ),
    Case("wav cut in half", (*TRANSCRIBE, "cut.wav"), cut_in_half("cut.wav")),
    Case("flac cut in half", (*TRANSCRIBE, "cut.flac"), cut_in_half("cut.flac")),
    Case("mp3 cut in half", (*TRANSCRIBE, "cut.mp3"), cut_in_half("cut.mp3")),
    Case("flac header claiming 2^36 frames", (*TRANSCRIBE, "long.flac"), long_flac),
    Case("NaN samples", (*TRANSCRIBE, "nan.wav"), not_a_number),
    Case("8 channels", (*TRANSCRIBE, "eight.wav"), speech("eight.wav", channels=8)),
    Case("192 kHz", (*TRANSCRIBE, "fast.wav"), speech("fast.wav", sample_rate=192000)),
    Case("3 ms", ("transcribe", "-m", "tiny.en", "short.wav"), speech("short.wav", num_frames=48)),
    Case("0 samples", (*TRANSCRIBE, "none.wav"), speech("none.wav", num_frames=0)),
    Case(
        "m4a without the extra",
        (*TRANSCRIBE, "phone.m4a"),
        lambda folder: (folder / "phone.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(64)),
        without="av",
    ),
    Case("model name with a typo", (*TRANSCRIBE, "talk.wav", "-m", "tiny.eng"), speech("talk.wav")),
    Case(
        "no network, model not in the cache",
        (*TRANSCRIBE, "talk.wav"),
        speech("talk.wav"),
        UNPLUGGED | {"SONOVOX_CACHE": "{folder}/cache"},
    ),
    Case(
        "network switched off, model not in the cache",
        (*TRANSCRIBE, "talk.wav", "--offline"),
        speech("talk.wav"),
        {"SONOVOX_CACHE": "{folder}/cache"},
    ),
    Case(
        "a changed byte in the cache",
        (*TRANSCRIBE, "talk.wav"),
        poisoned_cache,
        UNPLUGGED | {"SONOVOX_CACHE": "{folder}/cache"},
    ),
    Case("full disk while writing", (*TRANSCRIBE, "talk.wav", "-f", "srt", "-o", "full"), full_disk),
    Case("a file as output folder", (*TRANSCRIBE, "talk.wav", "-f", "srt", "-o", "talk.wav"), speech("talk.wav")),
    Case(
        "one bad file among good ones",
        (*TRANSCRIBE, "talks"),
        lambda folder: (speech("talks/a.wav")(folder), (folder / "talks" / "b.wav").touch()),
    ),
]


def row(case: Case) -> str:
    """The row of a case, from running it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        done = case.run(folder)
    printed = [_code(line.replace(str(folder), "/home/you")) for line in (done.stdout + done.stderr).splitlines()]
    words = " ".join(("sonovox", *case.words))
    return f"| {case.title} | `{words}` | {'<br>'.join(printed) or '(nothing)'} | {done.returncode} |"


def _code(line: str) -> str:
    fence = "``" if "`" in line else "`"
    space = " " if "`" in line else ""  # a fence must not touch what it fences
    return f"{fence}{space}{line.replace('|', '&#124;')}{space}{fence}"


def main() -> None:
    """Print the table."""
    WhisperASR.from_pretrained("tiny.en", device="cpu")  # the cases shall find it in the cache
    print("| what | command | prints | exit code |")
    print("|---|---|---|---|")
    for case in CASES:
        print(row(case), flush=True)


if __name__ == "__main__":
    main()
