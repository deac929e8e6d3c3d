"""The text format in which label encoders are saved: one `'label' => index` a line, then what else they know.

The format is SpeechBrain's, so that its files are read and it reads ours. Labels are Python literals:

    'a' => 0
    ('b', 1) => 1
    ================
    'starting_index' => 0
    'unk_label' => '<unk>'
"""

import ast
import itertools
import os
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from sonovox._internal.errors import DataError
from sonovox._internal.files import write_text

__all__ = ["read_labels", "write_labels"]

_ARROW = " => "
_RULE = "================"


def write_labels(path: str | os.PathLike[str], lab2ind: Mapping[Hashable, int], extras: Mapping[str, Any]) -> None:
    """Write labels with their indices, and extras by name; crash-safe.

    Raises:
        DataError: a label that is not a Python literal.
    """
    lines = [f"{_literal(label)}{_ARROW}{index}\n" for label, index in lab2ind.items()]
    lines.append(f"{_RULE}\n")
    lines += [f"{_literal(name)}{_ARROW}{_literal(value)}\n" for name, value in extras.items()]
    write_text(path, "".join(lines))


def read_labels(path: str | os.PathLike[str]) -> tuple[dict[Hashable, int], dict[str, Any]]:
    """Labels with their indices, and extras by name, of a file that `write_labels` or SpeechBrain wrote.

    Nothing in the file is run; labels are read as Python literals.

    Raises:
        DataError: a line that is not in the format, or a label or an index that stands twice.
    """
    labels: dict[Hashable, int] = {}
    extras: dict[str, Any] = {}
    found: dict[Any, Any] = labels
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a text of labels in UTF-8", hint="is it a SentencePiece model?") from error
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if line == _RULE and found is labels:
            found = extras
        elif line:
            place = f"{os.fspath(path)}:{number}"
            key, value = _parsed(line, place)
            if key in found:
                raise DataError(f"{place}: {key!r} stands twice")
            if found is labels and type(value) is not int:
                raise DataError(f"{place}: the index of a label must be a whole number, got {value!r}")
            found[key] = value
    if len(set(labels.values())) < len(labels):
        indices = sorted(labels.values())
        twice = next(a for a, b in itertools.pairwise(indices) if a == b)
        both = ", ".join(repr(label) for label, index in labels.items() if index == twice)
        raise DataError(f"{path}: index {twice} belongs to several labels: {both}")
    return labels, extras


def _parsed(line: str, place: str) -> tuple[Hashable, Any]:
    # The last arrow is the one between, since an index has none; extras can have one in the value, so try each.
    end = len(line)
    while (end := line.rfind(_ARROW, 0, end)) >= 0:
        try:
            key, value = ast.literal_eval(line[:end]), ast.literal_eval(line[end + len(_ARROW) :])
            hash(key)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        return key, value
    raise DataError(f"{place}: 'label' => index was expected, got {line[:80]!r}", hint="labels are Python literals")


def _literal(value: Any) -> str:
    text = repr(value)
    try:
        same = ast.literal_eval(text) == value
    except (ValueError, SyntaxError):
        same = False
    if not same:
        raise DataError(
            f"labels must be text, numbers or tuples of these to be saved, got {text[:80]}",
            hint="convert it, for example with str() or .item()",
        )
    return text
