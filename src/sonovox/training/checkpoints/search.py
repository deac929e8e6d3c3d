"""Which checkpoints of a folder are there, which is the best of them, and which may go."""

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sonovox._internal.errors import ArgumentError, CheckpointError
from sonovox.training.checkpoints import speechbrain
from sonovox.training.checkpoints.files import MANIFEST, read_index

__all__ = ["Checkpoint", "PREFIX", "choose", "ckpt_recency", "is_finite", "read_checkpoint", "scan", "superfluous"]

PREFIX = "CKPT+"


class Checkpoint(NamedTuple):
    """One saved checkpoint.

    Args:
        path: its folder.
        meta: as given to the save, with `unixtime` and `end-of-epoch`; where weights were NaN
            or infinite, `nonfinite` names the recoverables.
        paramfiles: the name of each recoverable -> its file; that of the tensors where it has some.
    """

    path: Path
    meta: dict[str, Any]
    paramfiles: dict[str, Path]


Importance = Callable[[Checkpoint], Any]
Predicate = Callable[[Checkpoint], bool]


def ckpt_recency(ckpt: Checkpoint) -> float:
    """The time of a checkpoint, in seconds since 1970: the importance that is used by default."""
    return float(ckpt.meta["unixtime"])


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a folder, ours or SpeechBrain's; only its small files are read.

    Raises:
        CheckpointError: it is not whole, or was changed.
    """
    if not (path / MANIFEST).exists() and speechbrain.is_one(path):
        return Checkpoint(path, speechbrain.read_meta(path), speechbrain.parameter_files(path))
    index = read_index(path)
    return Checkpoint(path, index.meta, {name: path / files[-1] for name, files in index.parts.items()})


def scan(folder: Path) -> tuple[list[Checkpoint], list[CheckpointError]]:
    """The checkpoints in a folder, newest first, and what is wrong with those that cannot be read."""
    found, wrong = [], []
    for path in folder.glob(f"{PREFIX}*"):
        try:
            found.append(read_checkpoint(path))
        except CheckpointError as error:
            wrong.append(error)
    return sorted(found, key=lambda ckpt: (ckpt_recency(ckpt), ckpt.path.name), reverse=True), wrong


def is_finite(ckpt: Checkpoint) -> bool:
    """Whether no weights were NaN or infinite when it was saved."""
    return not ckpt.meta.get("nonfinite")


def choose(
    checkpoints: Iterable[Checkpoint],
    *,
    importance_key: Importance | None = None,
    max_key: str | None = None,
    min_key: str | None = None,
    ckpt_predicate: Predicate | None = None,
) -> list[Checkpoint]:
    """The finite ones that fulfil the predicate, most important first.

    Args:
        checkpoints: newest first.
        importance_key: gives each a number; the greatest comes first. Without a key, the newest.
        max_key: of the meta; the greatest value comes first. Checkpoints without it are left out.
        min_key: of the meta; the smallest value comes first. Checkpoints without it are left out.
        ckpt_predicate: False for those to leave out.

    Raises:
        ArgumentError: more than one key is given.
    """
    if sum(key is not None for key in (importance_key, max_key, min_key)) > 1:
        raise ArgumentError("give one of importance_key, max_key and min_key, got several")
    if (key := max_key or min_key) is not None:
        checkpoints = [ckpt for ckpt in checkpoints if key in ckpt.meta]
        importance_key = _by_meta(key, -1.0 if min_key else 1.0)
    passed = [ckpt for ckpt in checkpoints if is_finite(ckpt) and (ckpt_predicate is None or ckpt_predicate(ckpt))]
    return sorted(passed, key=importance_key or ckpt_recency, reverse=True)  # stable: of equals the newest first


def superfluous(
    checkpoints: Sequence[Checkpoint],
    *,
    num_to_keep: int,
    importance_keys: Iterable[Importance],
    max_keys: Iterable[str],
    min_keys: Iterable[str],
    ckpt_predicate: Predicate | None,
) -> list[Checkpoint]:
    """Those that are not among the best `num_to_keep` by any of the keys, newest first.

    A key of the meta says nothing about checkpoints that do not have it; they stay
    unless another key judges them. One that is not finite is never among the best.

    Raises:
        ArgumentError: a negative number.
    """
    if num_to_keep < 0:
        raise ArgumentError(f"num_to_keep must not be negative, got {num_to_keep}")
    ways: list[dict[str, Any]] = [{"importance_key": key} for key in importance_keys]
    ways += [{"max_key": key} for key in max_keys] + [{"min_key": key} for key in min_keys]
    judged, kept = set(), set()
    for way in ways:
        ranked = [ckpt.path for ckpt in choose(checkpoints, ckpt_predicate=ckpt_predicate, **way)]
        judged.update(ranked)
        kept.update(ranked[:num_to_keep])
    if ways:
        judged.update(
            ckpt.path for ckpt in checkpoints if not is_finite(ckpt) and (not ckpt_predicate or ckpt_predicate(ckpt))
        )
    return [ckpt for ckpt in checkpoints if ckpt.path in judged - kept]


def _by_meta(key: str, sign: float) -> Importance:
    def importance(ckpt: Checkpoint) -> float:
        value = sign * float(ckpt.meta[key])
        return -math.inf if math.isnan(value) else value

    return importance
