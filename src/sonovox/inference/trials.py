"""Trials: pairs of recordings of which it is known, or to be told, whether the same person speaks.

Two forms of lists are read, of which both are in use: a line is `1 first second` (as the
lists of VoxCeleb are), or `first second target` (as Kaldi's are). Without an answer it is `first second`.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.errors import DataError
from sonovox.inference.speaker import SMALLEST_NORM

__all__ = ["Trial", "read_trials", "score_trials", "write_scores"]

ANSWERS = {"1": True, "0": False, "target": True, "nontarget": False, "same": True, "different": False}


@dataclass(frozen=True)
class Trial:
    """A pair of recordings by their names; `same` is None where the answer is not known."""

    first: str
    second: str
    same: bool | None = None


def read_trials(path: str | os.PathLike[str]) -> list[Trial]:
    """The trials of a list; empty lines are passed over.

    Args:
        path: lines `1 first second` or `first second target`, where 1, `target` and `same` say that it is the same
            person, and 0, `nontarget` and `different` that it is not; or all lines `first second`. Columns are
            separated by tabs, where the line has any, else by spaces.

    Raises:
        DataError: the file is missing, empty, or a line is of no such form; the message has its number.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
    ...     _ = file.write("1 a.wav b.wav\\na.wav c.wav nontarget\\n")
    ...     file.flush()
    ...     for trial in read_trials(file.name):
    ...         print(trial)
    Trial(first='a.wav', second='b.wav', same=True)
    Trial(first='a.wav', second='c.wav', same=False)
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"cannot read the trials {path}: {error.strerror}", hint="name a text file") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text in UTF-8", hint="name a text file with a pair on each line") from error
    trials = [_trial(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not trials:
        raise DataError(f"{path} holds no trials", hint="each line is `1 first second` or `first second target`")
    known = [trial.same is not None for trial in trials]
    if any(known) and not all(known):
        raise DataError(f"{path} has {known.count(False)} lines without an answer", hint="give all or none")
    return trials


def score_trials(
    trials: Iterable[Trial], embedding_of: Callable[[str], Tensor] | Mapping[str, Tensor]
) -> list[tuple[Trial, float]]:
    """The cosine of each trial.

    Args:
        trials: pairs of names.
        embedding_of: a name -> `(features,)`, as a function or a mapping; asked as often as it stands in a trial.

    Raises:
        DataError: embeddings of different sizes.
    """
    find = embedding_of.__getitem__ if isinstance(embedding_of, Mapping) else embedding_of
    scored = []
    for trial in trials:
        first, second = find(trial.first).flatten(), find(trial.second).flatten()
        if first.shape != second.shape:
            raise DataError(
                f"{trial.first} has {len(first)} features, {trial.second} has {len(second)}",
                hint="were they made by the same model?",
            )
        score = F.cosine_similarity(first, second.to(first), dim=0, eps=SMALLEST_NORM)
        scored.append((trial, float(score)))
    return scored


def write_scores(scored: Iterable[tuple[Trial, float]]) -> str:
    """Lines `first second score`, with the answer behind them where it is known; separated by tabs.

    >>> write_scores([(Trial("a", "b", True), 0.5)])
    'a\\tb\\t0.500000\\ttarget\\n'
    """
    words = {True: "\ttarget", False: "\tnontarget", None: ""}
    return "".join(f"{trial.first}\t{trial.second}\t{score:.6f}{words[trial.same]}\n" for trial, score in scored)


def _trial(path: str | os.PathLike[str], number: int, line: str) -> Trial:
    words = [word.strip() for word in line.strip("\r\n").split("\t")] if "\t" in line.strip() else line.split()
    if len(words) == 2:
        return Trial(words[0], words[1])
    if len(words) == 3 and words[0] in ("0", "1"):
        return Trial(words[1], words[2], ANSWERS[words[0]])
    if len(words) == 3 and words[2] in ANSWERS:
        return Trial(words[0], words[1], ANSWERS[words[2]])
    raise DataError(
        f"{path}, line {number}: `1 first second` or `first second target` was expected, got {line.strip()[:100]!r}",
        hint="separate names with spaces in them by tabs",
    )
