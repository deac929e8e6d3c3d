"""A tree of nodes as YAML text."""

from typing import Any

import yaml

from sonovox._internal.errors import ArgumentError
from sonovox.hparams.document import CALLS, Mapping, Node, Scalar, Sequence, walk
from sonovox.hparams.limits import OPEN
from sonovox.hparams.scalars import is_tuple, plain_value

__all__ = ["written"]

_STANDARD = "tag:yaml.org,2002:"
_PLAIN = (str, bool, int, float, type(None))


def written(root: Node) -> str:
    """YAML text that parses to `root`; a list or mapping that stands in it twice is written once, with an anchor.

    Raises:
        ArgumentError: it holds an object that has no text.
    """
    for path, node in walk(root):
        if isinstance(node, Scalar) and not isinstance(node.value, _PLAIN):
            raise ArgumentError(f"{path} is a {type(node.value).__name__}, which YAML cannot hold")
    made: dict[int, yaml.Node] = {}
    return str(yaml.serialize(_yaml(root, made), Dumper=_Dumper, allow_unicode=True, width=120))


class _Dumper(yaml.SafeDumper):
    pass


def _yaml(node: Node, made: dict[int, yaml.Node]) -> yaml.Node:
    if isinstance(node, Scalar) and not node.tag.startswith(CALLS):
        return _scalar(node)  # scalars are never shared: a number has no identity
    if id(node) in made:
        return made[id(node)]
    if isinstance(node, Mapping):
        pairs = [(_scalar(Scalar(node.place, "", key)), _yaml(child, made)) for key, child in node.entries.items()]
        new: yaml.Node = yaml.MappingNode(node.tag or f"{_STANDARD}map", pairs, flow_style=False)
    elif isinstance(node, Sequence):
        short = _short_tuple(node)
        if short:
            return yaml.ScalarNode(f"{_STANDARD}str", short, style="")
        items = [_yaml(child, made) for child in node.items]
        is_flat = all(isinstance(item, Scalar) for item in node.items)
        new = yaml.SequenceNode(node.tag or f"{_STANDARD}seq", items, flow_style=is_flat)
    else:
        new = _scalar(node)
    made[id(node)] = new
    return new


def _scalar(node: Node) -> yaml.ScalarNode:
    value = getattr(node, "value", None)
    if node.tag:
        return yaml.ScalarNode(node.tag, "" if value is None else str(value))
    if isinstance(value, str):
        return yaml.ScalarNode(f"{_STANDARD}str", value, style="'" if _reads_as_other(value) else None)
    new = yaml.SafeDumper("").represent_data(_plain_type(value))  # type: ignore[arg-type]
    return yaml.ScalarNode(new.tag, new.value)


def _plain_type(value: Any) -> Any:
    """Without subclasses, such as numpy's floats, that the representer does not know."""
    return next((kind(value) for kind in (bool, int, float, str) if isinstance(value, kind)), value)


def _reads_as_other(text: str) -> bool:
    try:
        return text == "<<" or is_tuple(text) or plain_value(text, OPEN.digits) != text
    except OverflowError:
        return True


def _short_tuple(node: Sequence) -> str:
    """`(3, 4)` for a tuple of numbers and plain words; nothing for any other."""
    if node.tag != "!tuple":
        return ""
    words = []
    for item in node.items:
        if not isinstance(item, Scalar) or item.tag or not isinstance(item.value, (bool, int, float, type(None))):
            return ""
        words.append(_scalar(item).value)
    return f"({', '.join(words)}{',' if len(words) == 1 else ''})"
