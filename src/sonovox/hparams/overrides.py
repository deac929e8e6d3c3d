"""Values over those of a YAML file: from a dict, from YAML text, from the words of a command line."""

import io
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence as AnySequence
from typing import Any

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError, HParamsError
from sonovox.hparams.document import CALLS, Document, Key, Mapping, Node, Place, Scalar, Sequence, fault, key_path
from sonovox.hparams.document import walk as walk_nodes
from sonovox.hparams.limits import OPEN, Limits
from sonovox.hparams.parse import parse_text, parse_value
from sonovox.hparams.references import parse_path
from sonovox.hparams.source import HParamsSource, read_source

__all__ = ["Overrides", "override_nodes", "parse_overrides", "update"]

Overrides = AnyMapping[str, Any] | HParamsSource | AnySequence[str] | None


def parse_overrides(argv: AnySequence[str]) -> dict[str, Any]:
    """Overrides as a nested dict, from words such as `--lr 1e-4 --model.layers=3 --debug`.

    Values are YAML: `[1, 2]` is a list, `"3"` with its quotes is text. A key without
    a value is True. A value with tags, such as `!ref <other>`, stays a node of the
    language.

    Raises:
        ArgumentError: a word that is neither a key nor the value of one.
        HParamsError: a value is no YAML.

    >>> parse_overrides(["--lr", "1e-4", "--model.layers=3", "--debug"])
    {'lr': 0.0001, 'model': {'layers': 3}, 'debug': True}
    """
    found: dict[str, Any] = {}
    words = list(argv)
    while words:
        word = words.pop(0)
        if not word.startswith("--") or len(word) == 2:
            raise ArgumentError(f"expected --key or --key=value, got {word!r}", hint="write lists as --key '[1, 2]'")
        key, equals, text = word[2:].partition("=")
        if not equals:
            is_value = bool(words) and not words[0].startswith("--")
            text = words.pop(0) if is_value else "true"
        _put(found, key, _value(text, f"--{key}"), word)
    return found


def override_nodes(overrides: Overrides, root: Mapping, limits: Limits) -> Mapping | None:
    """`overrides` as nodes whose references mean the keys of `root`; None where there are none."""
    if overrides is None or (isinstance(overrides, (str, AnyMapping)) and not overrides):
        return None
    document = Document("<overrides>", root.place.document.folder, root)
    if isinstance(overrides, AnyMapping):
        node = _node(overrides, Place(document))
    elif isinstance(overrides, AnySequence) and not isinstance(overrides, str):
        node = _node(parse_overrides(overrides), Place(document))
    else:
        stream = io.StringIO(overrides) if isinstance(overrides, str) else overrides
        text, of_text = read_source(stream, limits.file_bytes)
        document.name = "<overrides>" if of_text.name == "<stream>" else of_text.name
        node = parse_text(text, document, limits)
        document.root = root
    return node if isinstance(node, Mapping) else None


def update(old: Mapping, new: Mapping, path: str, *, must_match: bool) -> None:
    """Put the values of `new` over those of `old`, mapping by mapping.

    Arguments of an object may be added; keys of other mappings must be there
    where `must_match`. A tag on the new value, or a new list, replaces the old one.

    Raises:
        HParamsError: a key does not match, or a mapping stands against a value.
    """
    for key, value in new.entries.items():
        here = key_path(path, key)
        place = new.key_places.get(key, value.place)
        before = old.entries.get(key)
        if before is None:
            if must_match and not old.tag.startswith(CALLS):
                known = [str(name) for name in old.entries]
                hint = did_you_mean(str(key)[:100], known) or f"the keys are {', '.join(known[:12])}"
                raise fault(place, here, "there is no such key to override", hint=hint)
            old.key_places[key] = place
        if isinstance(value, Mapping) and not value.tag and before is not None:
            _update_inside(before, value, here, must_match=must_match, owner=(old, key))
        else:
            old.entries[key] = value


def _update_inside(before: Node, value: Mapping, path: str, *, must_match: bool, owner: tuple[Mapping, Key]) -> None:
    if isinstance(before, Mapping):
        update(before, value, path, must_match=must_match)
    elif isinstance(before, Sequence) and value.entries:
        for key, item in value.entries.items():
            number = int(key) if isinstance(key, int) or key.isdecimal() else -1
            if not 0 <= number < len(before.items):
                raise fault(value.place, path, f"there is no item {key} in a list of {len(before.items)} to override")
            holder = Mapping(before.place, "", {number: before.items[number]})
            update(holder, Mapping(value.place, "", {number: item}), path, must_match=must_match)
            before.items[number] = holder.entries[number]
    elif isinstance(before, Scalar) and (
        before.tag == "!PLACEHOLDER" or before.value is None or _has_no_arguments(before)
    ):
        mapping, key = owner
        tag = before.tag if _has_no_arguments(before) else ""
        mapping.entries[key] = Mapping(before.place if tag else value.place, tag, value.entries, value.key_places)
    else:
        raise fault(
            value.place, path, "cannot override one value by names with values", hint=f"it stands at {before.place}"
        )


def _has_no_arguments(node: Node) -> bool:
    return isinstance(node, Scalar) and node.tag.startswith(CALLS) and not node.value


def _node(value: Any, place: Place) -> Node:
    """Dicts and lists as nodes, so that parts of them can be referred to; other values as they are."""
    if isinstance(value, Node):
        for _, part in walk_nodes(value):
            part.place = place
        return value
    if isinstance(value, AnyMapping) and all(isinstance(key, (str, int)) for key in value):
        return Mapping(place, "", {key: _node(item, place) for key, item in value.items()})
    if type(value) is list:
        return Sequence(place, "", [_node(item, place) for item in value])
    return Scalar(place, "", value)


def _value(text: str, name: str) -> Any:
    if not text.strip():
        return None
    node = parse_value(text, Document(name), OPEN)
    tags = {part.tag for _, part in walk_nodes(node)}
    return node if tags - {"", "!tuple"} else _plain(node)


def _plain(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {key: _plain(child) for key, child in node.entries.items()}
    if isinstance(node, Sequence):
        items = [_plain(child) for child in node.items]
        return tuple(items) if node.tag else items
    return node.value if isinstance(node, Scalar) else None


def _put(found: dict[str, Any], path: str, value: Any, word: str) -> None:
    try:
        *above, last = [step.word for step in parse_path(path)]
    except ValueError:
        raise ArgumentError(
            f"expected --key or --key=value, got {word!r}", hint="a key is such as model.layers"
        ) from None
    for key in above:
        inner = found.setdefault(key, {})
        if not isinstance(inner, dict):
            raise HParamsError("overridden as one value and inside", file="<overrides>", key=path)
        found = inner
    found[last] = value
