"""From the words on the command line to audio files: files, folders and patterns."""

import glob
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonovox._internal.audio_suffixes import AUDIO_SUFFIXES
from sonovox._internal.errors import ArgumentError

__all__ = ["AUDIO_SUFFIXES", "Input", "find_inputs"]


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

    A folder stands for the audio files in it and below, but for hidden ones, and
    its results keep its tree. A pattern with `*`, `?`, `[` is matched unless a file has that very name.
    A path that does not exist is kept: the reader reports it with its reason.

    Raises:
        ArgumentError: a folder or a pattern without any audio.
    """
    found: dict[Path, Path] = {}
    for word in words:
        path = Path(word).expanduser()
        if path.is_dir():
            names = (inside.relative_to(path) for inside in sorted(path.rglob("*")) if inside.is_file())
            matches = {path / name: name for name in names if _is_visible_audio(name)}
        elif not path.exists() and glob.has_magic(word):
            # `Path.glob` takes no absolute patterns.
            hits = (Path(hit) for hit in sorted(glob.glob(str(path), recursive=True)))  # noqa: PTH207
            matches = {hit: Path(hit.name) for hit in hits if hit.is_file()}
        else:
            matches = {path: Path(path.name)}
        if not matches:
            what = f"the folder {word} holds" if path.is_dir() else f"the pattern {word} matches"
            raise ArgumentError(f"{what} no audio file", hint=f"known suffixes: {' '.join(sorted(AUDIO_SUFFIXES))}")
        for match, name in matches.items():
            found.setdefault(match, name)
    return [Input(path, stem) for path, stem in zip(found, _unique_stems(found), strict=True)]


def _is_visible_audio(name: Path) -> bool:
    return name.suffix.lower() in AUDIO_SUFFIXES and not any(part.startswith(".") for part in name.parts)


def _unique_stems(found: Mapping[Path, Path]) -> list[Path]:
    """Names without suffix; those that are not unique with it, else with the folder in front, else numbered.

    File systems that do not tell `A` from `a` would overwrite one with the other.
    """
    stems = [name.with_suffix("") for name in found.values()]
    longer = [list(found.values()), [_with_folder(path) for path in found]]
    longer.append([Path(f"{i}_{stem.name}") for i, stem in enumerate(longer[-1], start=1)])
    for others in longer:
        counts = Counter(str(stem).casefold() for stem in stems)
        stems = [other if counts[str(stem).casefold()] > 1 else stem for stem, other in zip(stems, others, strict=True)]
    return stems


def _with_folder(path: Path) -> Path:
    return Path("_".join(part for part in path.parts if part not in (path.anchor, "..", ".")))
