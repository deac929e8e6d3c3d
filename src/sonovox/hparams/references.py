"""References: `<key.subkey[0]>` inside of text, and the way from there to the node that is meant."""

import re
from dataclasses import dataclass
from typing import Literal

from sonovox._internal.checks import did_you_mean
from sonovox.hparams.document import CALLS, Key, Mapping, Node, Scalar, Sequence, fault

__all__ = ["Found", "Step", "find", "in_brackets", "parse_path", "pieces_of", "relocated", "written_path"]

_REFERENCE = re.compile(r"<([^<>]*)>")
_STEP = re.compile(r"(?P<first>^[^.\[\]]+)|\.(?P<name>[^.\[\]]+)|\[(?P<key>[^\[\]]+)\]")
_LONGEST_CHAIN = 100


@dataclass(frozen=True)
class Step:
    """One step of a path: `.name` or `[key]`."""

    kind: Literal[".", "["]
    word: str


@dataclass(frozen=True)
class Found:
    """Where a path ends: at a node, or at an object that a node makes and from there on by `rest`."""

    node: Node
    rest: tuple[Step, ...] = ()


def parse_path(path: str) -> tuple[Step, ...]:
    """The steps of `a.b[0]`, of which the first counts as a name.

    Raises:
        ValueError: it is no path.

    >>> parse_path("model[0]")
    (Step(kind='.', word='model'), Step(kind='[', word='0'))
    """
    steps, position = [], 0
    path = path.strip()
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None or bool(match["first"]) == bool(position):
            break
        word = match["first"] or match["name"] or match["key"]
        steps.append(Step("[" if match["key"] else ".", word.strip()))
        position = match.end()
    if position < len(path) or not steps:
        raise ValueError(path)
    return tuple(steps)


def written_path(steps: tuple[Step, ...]) -> str:
    """The words of a path again.

    >>> written_path(parse_path("model[0].size"))
    'model[0].size'
    """
    return "".join(f"[{step.word}]" if step.kind == "[" else f".{step.word}" for step in steps).lstrip(".")


def in_brackets(path: str) -> str:
    """The same place with `[key]` in place of `.key`, which looks into the arguments of objects as well.

    >>> in_brackets("model.layers[0]")
    'model[layers][0]'
    """
    first, *others = parse_path(path) if path else (Step(".", ""),)
    return first.word + "".join(f"[{step.word}]" for step in others)


def pieces_of(node: Scalar, path: str) -> list[str | tuple[Step, ...]]:
    """The pieces of the text of a `!ref`: what stands as it is, and paths.

    Raises:
        HParamsError: the words between angle brackets are no path.
    """
    pieces: list[str | tuple[Step, ...]] = []
    for i, piece in enumerate(_REFERENCE.split(str(node.value).strip())):
        if i % 2 == 0:
            pieces += [piece] if piece else []
            continue
        try:
            pieces.append(parse_path(piece))
        except ValueError:
            message = f"<{piece[:100]}> is no reference"
            raise fault(node.place, path, message, hint="write it as in <model.layers[0]>") from None
    return pieces


def relocated(node: Scalar, path: str) -> Scalar:
    """A `!ref` of an included text as it is written in the outermost one."""
    prefix = node.place.document.prefix
    if not prefix:
        return node
    text = "".join(piece if isinstance(piece, str) else f"<{prefix}{_rest(piece)}>" for piece in pieces_of(node, path))
    return Scalar(node.place, node.tag, text)


def _rest(steps: tuple[Step, ...]) -> str:
    return f"[{steps[0].word}]" + "".join(f"[{s.word}]" if s.kind == "[" else f".{s.word}" for s in steps[1:])


def find(steps: tuple[Step, ...], origin: Node, path: str, *, chain: int = 0) -> Found:
    """Follow `steps` from the root of the document in which `origin` stands, through references to references.

    `[key]` looks into the arguments of an object as they are written, `.name` asks the object itself.

    Raises:
        HParamsError: there is no such key, or the references go in a circle.
    """
    if chain > _LONGEST_CHAIN:
        raise fault(origin.place, path, "the references go in a circle")
    root = origin.place.document.root
    node: Node = root if root is not None else Mapping(origin.place)
    for i, step in enumerate(steps):
        while (target := _single_reference(node, path)) is not None:
            found = find(target, node, path, chain=chain + 1)
            if found.rest:
                return Found(found.node, (*found.rest, *steps[i:]))
            node = found.node
            chain += 1
            if chain > _LONGEST_CHAIN:
                raise fault(origin.place, path, "the references go in a circle")
        is_call = node.tag.startswith(CALLS)
        if (is_call and step.kind == ".") or node.tag in ("!copy", "!ref") or _is_foreign(node):
            return Found(node, steps[i:])
        node = _child(node, step, steps, i, origin, path)
    return Found(node)


def _single_reference(node: Node, path: str) -> tuple[Step, ...] | None:
    """The path of a `!ref` that is one reference and nothing else."""
    if not isinstance(node, Scalar) or node.tag != "!ref":
        return None
    pieces = pieces_of(node, path)
    return pieces[0] if len(pieces) == 1 and isinstance(pieces[0], tuple) else None


def _is_foreign(node: Node) -> bool:
    """Whether Python gave the value, so that no nodes stand for what is in it."""
    return isinstance(node, Scalar) and not node.tag and not isinstance(node.value, (str, int, float, type(None)))


def _child(node: Node, step: Step, steps: tuple[Step, ...], i: int, origin: Node, path: str) -> Node:
    known: dict[Key, Node] = {}
    if isinstance(node, Mapping):
        known = node.entries
    elif isinstance(node, Sequence):
        known = dict(enumerate(node.items))
    number = int(step.word) if re.fullmatch(r"[0-9]{1,9}", step.word) else None
    if step.word in known:
        return known[step.word]
    if number is not None and number in known:
        return known[number]
    before = written_path(steps[:i])
    where = f"in {before}" if before else "in this file"
    names = [str(key) for key in known]
    hint = did_you_mean(step.word[:100], names) or (f"it has {', '.join(names[:8])}" if before and names else "")
    raise fault(origin.place, path, f"there is no key {step.word[:100]!r} {where}", hint=hint)
