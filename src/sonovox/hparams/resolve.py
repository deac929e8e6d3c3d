"""References written out in the tree itself, without making objects."""

from collections.abc import Callable
from typing import Any

from sonovox.hparams.document import Mapping, Node, Scalar, Sequence, fault, key_path
from sonovox.hparams.interpolation import joined
from sonovox.hparams.limits import Limits
from sonovox.hparams.references import find, pieces_of, relocated, written_path

__all__ = ["Resolver", "changed", "relocated_leaf"]


class Resolver:
    """Trees with their references replaced by what they mean.

    A reference to an attribute or into the result of a call needs the object, and stays.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.made: dict[int, Node] = {}
        self.active: set[int] = set()

    def resolved(self, node: Node, path: str) -> Node:
        """`node` without references; parts that several references mean are one and the same node.

        Raises:
            HParamsError: a reference to nothing, or in a circle.
        """
        if id(node) in self.made:
            return self.made[id(node)]
        if id(node) in self.active:
            raise fault(node.place, path, "this refers to itself")
        if len(self.active) >= self.limits.depth * 3:
            raise fault(node.place, path, f"more than {self.limits.depth * 3} references and levels inside each other")
        self.active.add(id(node))
        new = _rebuilt(node, path, self.resolved)
        if isinstance(node, Scalar) and node.tag == "!ref":
            new = self._referred(node, path)
        elif isinstance(node, Scalar) and node.tag == "!copy":
            new = relocated(node, path)
        self.active.remove(id(node))
        self.made[id(node)] = new
        return new

    def _referred(self, node: Scalar, path: str) -> Node:
        targets = []
        pieces = pieces_of(node, path)
        for steps in pieces:
            if isinstance(steps, str):
                continue
            found = find(steps, node, path)
            if found.rest:
                return relocated(node, path)
            targets.append(self.resolved(found.node, written_path(steps)))
        if len(pieces) == 1 and targets:
            return targets[0]
        values = [_plain(target) for target in targets]
        if any(value is _OBJECT for value in values):
            return relocated(node, path)
        return Scalar(node.place, "", joined(pieces, values, self.limits, node, path))


_OBJECT = object()


def changed(node: Node, leaf: Callable[[Scalar, str], Node]) -> Node:
    """A copy of the tree in which `leaf` has replaced each scalar; what was shared stays shared."""
    made: dict[int, Node] = {}

    def change(part: Node, path: str) -> Node:
        if id(part) not in made:
            made[id(part)] = leaf(part, path) if isinstance(part, Scalar) else _rebuilt(part, path, change)
        return made[id(part)]

    return change(node, "")


def relocated_leaf(node: Scalar, path: str) -> Scalar:
    """References of included texts, written for the outermost one; other scalars as they are."""
    return relocated(node, path) if node.tag in ("!ref", "!copy") else node


def _rebuilt(node: Node, path: str, change: Callable[[Node, str], Node]) -> Node:
    if isinstance(node, Mapping):
        entries = {key: change(child, key_path(path, key)) for key, child in node.entries.items()}
        return Mapping(node.place, node.tag, entries, node.key_places)
    if isinstance(node, Sequence):
        return Sequence(node.place, node.tag, [change(child, key_path(path, i)) for i, child in enumerate(node.items)])
    return node


def _plain(node: Node) -> Any:
    """The value of a scalar or of a list of scalars; of anything else, that it has none yet."""
    if isinstance(node, Scalar) and not node.tag:
        return node.value
    if isinstance(node, Sequence) and node.tag in ("", "!tuple"):
        items = [_plain(item) for item in node.items]
        if not any(item is _OBJECT for item in items):
            return tuple(items) if node.tag else items
    return _OBJECT
