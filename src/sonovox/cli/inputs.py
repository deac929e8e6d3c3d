"""From the words on the command line to audio files: files, folders and patterns."""

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sonovox._internal.errors import ArgumentError

__all__ = ["AUDIO_SUFFIXES", "Input", "find_inputs"]

AUDIO_SUFFIXES = frozenset({
    ".aac", ".aif", ".aiff", ".amr", ".au", ".avi", ".caf", ".flac", ".m4a", ".m4b", ".mka", ".mkv", ".mov", ".mp2",
    ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".w64", ".wav", ".wave", ".weba", ".webm", ".wma",
})  # fmt: skip


@dataclass(frozen=True)
class Input:
    """An audio file, and the name under which its results are written.

    Args:
        path: of the audio.
        stem: relative path of the results without their suffix; unique among all inputs.
    """

    path: Path
    stem: Path


def find_inputs(words: Sequence[str]) -> list[Input]:
    """The audio files that `words` name, each once, in their order.

    A folder stands for the audio files in it and below, and its results keep its
    tree. A pattern with `*`, `?`, `[` is matched unless a file has that very name.
    A path that does not exist is kept: the reader reports it with its reason.

    Raises:
        ArgumentError: a folder or a pattern without any audio.
    """
    found: dict[Path, Path] = {}
    for word in words:
        path = Path(word).expanduser()
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES and p.is_file())
            matches = {p: p.relative_to(path) for p in inside}
        elif not path.exists() and glob.has_magic(word):
            # `Path.glob` takes no absolute patterns.
            hits = (Path(hit) for hit in sorted(glob.glob(str(path), recursive=True)))  # noqa: PTH207
            matches = {hit: Path(hit.name) for hit in hits if hit.is_file()}
        else:
            matches = {path: Path(path.name)}
        if not matches:
            kind = "the folder" if path.is_dir() else "the pattern"
            raise ArgumentError(
                f"{kind} {word} matches no audio file", hint=f"known suffixes: {' '.join(sorted(AUDIO_SUFFIXES))}"
            )
        for match, name in matches.items():
            found.setdefault(match, name)
    return [Input(path, stem) for path, stem in zip(found, _unique_stems(found), strict=True)]


def _unique_stems(found: dict[Path, Path]) -> list[Path]:
    """Names without suffix where that is unique; else with it; else with the folder in front."""
    for shorten in (lambda path, name: name.with_suffix(""), lambda path, name: name, _with_folder):
        stems = [shorten(path, name) for path, name in found.items()]
        if len({os.path.normcase(stem) for stem in stems}) == len(stems):
            return stems
    return [Path(f"{i}_{stem.name}") for i, stem in enumerate(stems, start=1)]


def _with_folder(path: Path, name: Path) -> Path:
    return Path("_".join(part for part in path.parts if part not in (path.anchor, "..", ".")))
