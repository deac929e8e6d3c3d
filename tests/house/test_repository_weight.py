"""The repository holds no weights, no audio and nothing large: they are fetched."""

import subprocess
from collections.abc import Iterable
from pathlib import PurePosixPath

import pytest

from house.sources import ROOT

MOST_BYTES = 500_000
AUDIO = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".mp4", ".aac", ".aiff", ".webm", ".wma", ".amr", ".sph"}
WEIGHTS = {".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".onnx", ".npz", ".npy", ".h5", ".gguf", ".tar", ".model"}


def too_heavy(files: Iterable[tuple[str, int]]) -> list[str]:
    """Complaints about files, each given by its name and its size in bytes."""
    wrong = []
    for name, size in files:
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in AUDIO | WEIGHTS:
            wrong.append(f"{name} is {'audio' if suffix in AUDIO else 'weights'}; make it in the test, or fetch it")
        elif size > MOST_BYTES:
            wrong.append(f"{name} has {size} bytes; at most {MOST_BYTES} may be committed")
    return wrong


def test_no_weights_no_audio_and_nothing_large_is_tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is not a checkout of git")
    files = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    wrong = too_heavy((name, (ROOT / name).stat().st_size) for name in files)
    assert not wrong, "\n".join(wrong)


def test_the_rule_can_fail():
    files = [("a.py", 500_000), ("a.json", 500_001), ("tests/x.WAV", 10), ("tiny.pt", 10)]
    assert [line.split()[0] for line in too_heavy(files)] == ["a.json", "tests/x.WAV", "tiny.pt"]
