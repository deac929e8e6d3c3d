"""A YAML file as a tree of nodes that know where they stand.

The tree is what `parse` makes of a text, what overrides change, and what
`build` turns into values. A node that an alias repeats stands in the tree
several times as the same object.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sonovox._internal.errors import HParamsError

__all__ = [
    "CALLS",
    "Document",
    "Key",
    "Mapping",
    "Node",
    "Place",
    "Scalar",
    "Sequence",
    "children",
    "fault",
    "key_path",
    "walk",
]

# Tags whose node is the arguments of what the tag names, as in `!new:torch.nn.Linear`.
CALLS = ("!new:", "!name:", "!apply:", "!applyref:")

_LONGEST_KEY = 200

Key = str | int


@dataclass(eq=False)
class Document:
    """One text.

    Attributes:
        name: in errors.
        folder: from which it includes.
        root: its outermost node, in which its references look.
        prefix: where an included text stands in the outermost one, as in `model[encoder]`.
    """

    name: str
    folder: Path | None = None
    root: "Mapping | None" = None
    prefix: str = ""


@dataclass(frozen=True)
class Place:
    """Where a node stands; lines and columns count from 1, and line 0 is no line (a value that Python gave)."""

    document: Document
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}" if self.line else self.document.name


@dataclass(eq=False)
class Node:
    """Something at a place, with a tag of the language (`!ref`, `!new:…`) or none."""

    place: Place
    tag: str = ""


@dataclass(eq=False)
class Scalar(Node):
    """One value: text under a tag of the language, else a number, text, truth, nothing, or what an override brought."""

    value: Any = None


@dataclass(eq=False)
class Sequence(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)


@dataclass(eq=False)
class Mapping(Node):
    """Names and values, in the order of the text; `key_places` tells where each name stands."""

    entries: dict[Key, Node] = field(default_factory=dict)
    key_places: dict[Key, Place] = field(default_factory=dict)


def children(node: Node) -> list[tuple[Key, Node]]:
    """The nodes right below `node`, with the key or the index of each."""
    if isinstance(node, Mapping):
        return list(node.entries.items())
    if isinstance(node, Sequence):
        return list(enumerate(node.items))
    return []


def walk(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """`node` and all below it, each once, with its key path."""
    seen: set[int] = set()
    waiting = [(path, node)]
    while waiting:
        path, node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield path, node
            waiting += [(key_path(path, key), child) for key, child in reversed(children(node))]


def key_path(path: str, key: Key) -> str:
    """The path of a child.

    >>> key_path(key_path("model", "layers"), 0)
    'model.layers[0]'
    """
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def fault(place: Place, path: str, message: str, *, hint: str = "") -> HParamsError:
    """The error that `message` is about, at its place and under its key, fit for a terminal."""
    key = path if len(path) <= _LONGEST_KEY else path[:_LONGEST_KEY] + "…"
    file, line = place.document.name, place.line
    return HParamsError(
        _printable(message), hint=_printable(hint), file=_printable(file), line=line, key=_printable(key)
    )


def _printable(text: str) -> str:
    # A stranger's file could move the cursor or hide letters, with control characters in its names.
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
