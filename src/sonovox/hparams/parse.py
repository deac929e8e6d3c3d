"""YAML text into a tree of nodes, within limits.

PyYAML's scanner and parser do the reading; nothing of its construction of
objects is used. The tree is made from their events, so that a text which is too
deep or too large is refused before it was read to its end.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import yaml

from sonovox.hparams.document import CALLS, Document, Key, Mapping, Node, Place, Scalar, Sequence, fault, key_path
from sonovox.hparams.limits import Limits
from sonovox.hparams.scalars import is_tuple, plain_value, tuple_parts

__all__ = ["parse_text", "parse_value"]

_STANDARD = "tag:yaml.org,2002:"
_LONGEST_TAG = 200
_ON_SCALARS = {"!ref", "!copy", "!PLACEHOLDER", "!tuple"}
_TAGS = "!new: !name: !apply: !applyref: !module: !include: !ref !copy !tuple !PLACEHOLDER"


def parse_text(text: str, document: Document, limits: Limits) -> Mapping:
    """The outermost mapping of `text`, which also becomes the root of `document`.

    Raises:
        HParamsError: it is no YAML, no mapping of names to values, or outside the limits.
    """
    root = parse_value(text, document, limits)
    if not isinstance(root, Mapping):
        raise fault(root.place, "", "expected names with values, such as `lr: 1e-3`, at the top of the file")
    for key, place in root.key_places.items():
        if not isinstance(key, str):
            raise fault(
                place, str(key), "expected a name at the top of the file, got a number", hint="put it in quotes"
            )
    document.root = root
    return root


def parse_value(text: str, document: Document, limits: Limits, *, line: int = 1) -> Node:
    """The one node of `text`, such as the value of a word on the command line."""
    try:
        return _Composer(text, document, limits, line).compose()
    except yaml.reader.ReaderError as error:
        line = line + text.count("\n", 0, error.position)
        raise fault(Place(document, line, 1), "", f"character {error.character:#x} is not allowed in YAML") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(document, line + mark.line, mark.column + 1) if mark else Place(document)
        said = " ".join(filter(None, (error.problem or error.context, error.note)))
        raise fault(place, "", f"not valid YAML: {said}") from None


class _TooDeep(yaml.MarkedYAMLError):
    pass


class _Loader(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """Events of a text, without PyYAML's composer, resolver and constructor.

    Depth is bounded in the scanner already: it looks ahead over open brackets in quadratic time.
    """

    def __init__(self, text: str, max_depth: int) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        self.max_depth = max_depth

    def fetch_flow_collection_start(self, token_class: Any) -> None:
        self._check_depth(self.flow_level)
        super().fetch_flow_collection_start(token_class)

    def add_indent(self, column: int) -> bool:
        self._check_depth(len(self.indents))
        return super().add_indent(column)

    def _check_depth(self, depth: int) -> None:
        if depth >= self.max_depth:
            raise _TooDeep(None, None, f"more than {self.max_depth} levels inside each other", self.get_mark())


class _Composer:
    def __init__(self, text: str, document: Document, limits: Limits, line: int) -> None:
        self.loader = _Loader(text, limits.depth)
        self.document = document
        self.limits = limits
        self.first_line = line
        self.anchors: dict[str, Node | None] = {}  # None while the node is being made
        self.n_nodes = 0
        self.n_brackets = 0  # around what is being read

    def compose(self) -> Node:
        self.loader.get_event()
        if self.loader.check_event(yaml.StreamEndEvent):
            raise fault(Place(self.document, self.first_line, 1), "", "expected YAML, got nothing")
        start = self.loader.get_event()
        if start.tags:
            raise fault(self.place(start), "", "%TAG directives are not allowed", hint="write tags out, as in !new:")
        node = self.node(self.loader.get_event(), "")
        self.loader.get_event()
        if not self.loader.check_event(yaml.StreamEndEvent):
            raise fault(self.place(self.loader.peek_event()), "", "expected one document, got a second")
        return node

    def place(self, event: Any) -> Place:
        return Place(self.document, self.first_line + event.start_mark.line, event.start_mark.column + 1)

    def node(self, event: Any, path: str) -> Node:
        place = self.place(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(str(event.anchor), place, path)
        self.n_nodes += 1
        if self.n_nodes > self.limits.nodes:
            raise fault(place, path, f"expected at most {self.limits.nodes} values in a file, got more")
        if event.anchor:
            if event.anchor in self.anchors:
                raise fault(place, path, f"the anchor &{event.anchor} is given twice")
            self.anchors[event.anchor] = None
        tag = _checked_tag(event.tag, event, place, path)
        self.n_brackets += bool(getattr(event, "flow_style", False))
        if isinstance(event, yaml.ScalarEvent):
            node: Node = self.scalar(event, tag, place, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            items = [self.node(each, key_path(path, i)) for i, each in enumerate(self.until(yaml.SequenceEndEvent))]
            node = Sequence(place, tag, items)
        else:
            node = self.mapping(tag, place, path)
        self.n_brackets -= bool(getattr(event, "flow_style", False))
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def until(self, end: type) -> Iterator[Any]:
        while not self.loader.check_event(end):
            yield self.loader.get_event()
        self.loader.get_event()

    def alias(self, anchor: str, place: Place, path: str) -> Node:
        if anchor not in self.anchors:
            raise fault(place, path, f"there is no anchor &{anchor} above this")
        node = self.anchors[anchor]
        if node is None:
            raise fault(place, path, f"*{anchor} refers to what it is a part of")
        return node

    def scalar(self, event: Any, tag: str, place: Place, path: str) -> Node:
        text = event.value
        if tag.startswith(_STANDARD):
            return Scalar(place, "", _standard(tag, text, self.limits, place, path))
        if tag == "!tuple" or (not tag and event.implicit[0] and is_tuple(text)):
            if not is_tuple(text):
                raise fault(place, path, f"expected a tuple such as (3, 4), got {_short(text)}")
            parts = [self.tuple_part(part, place, path) for part in tuple_parts(text)]
            return Sequence(place, "!tuple", parts)
        if self.n_brackets and text.startswith("(") and not tag and event.implicit[0]:
            raise fault(place, path, "a tuple inside of brackets is cut at its comma", hint="write !tuple [3, 4]")
        if not tag and event.implicit[0]:
            return Scalar(place, "", _number_checked(text, self.limits, place, path))
        return Scalar(place, tag, text)

    def tuple_part(self, text: str, place: Place, path: str) -> Node:
        self.n_nodes += 1
        if self.limits.depth <= 1:
            raise fault(place, path, "too many tuples inside each other")
        inside = dataclasses.replace(self.limits, depth=self.limits.depth - 1)
        return parse_value(text, self.document, inside, line=place.line) if text else Scalar(place)

    def mapping(self, tag: str, place: Place, path: str) -> Mapping:
        node = Mapping(place, tag)
        merged: list[Mapping] = []
        for event in self.until(yaml.MappingEndEvent):
            key_place = self.place(event)
            plain = isinstance(event, yaml.ScalarEvent) and event.implicit[0] and not event.anchor
            if plain and event.value == "<<":
                value = self.node(self.loader.get_event(), path)
                merged += _merge_sources(value, key_place, path)
                continue
            key = self.key(event, key_place, path)
            if key in node.entries:
                first = node.key_places[key].line
                raise fault(key_place, key_path(path, key), f"the key is given twice, first on line {first}")
            node.key_places[key] = key_place
            node.entries[key] = self.node(self.loader.get_event(), key_path(path, key))
        if not merged:
            return node
        # What is merged stands first; what the mapping itself says wins, then an earlier source.
        whole = Mapping(place, tag)
        for source in [*reversed(merged), node]:
            whole.entries |= source.entries
            whole.key_places |= source.key_places
        self.n_nodes += len(whole.entries) - len(node.entries)
        return whole

    def key(self, event: Any, place: Place, path: str) -> Key:
        if isinstance(event, yaml.ScalarEvent) and not event.tag and not event.anchor:
            if not event.implicit[0]:
                return str(event.value)
            value = _number_checked(event.value, self.limits, place, path)
            if isinstance(value, str) or type(value) is int:
                return value
            raise fault(place, path, f"expected a name as key, got {_short(event.value)}", hint="put it in quotes")
        raise fault(place, path, "expected a name as key")


def _checked_tag(tag: str | None, event: Any, place: Place, path: str) -> str:
    is_scalar = isinstance(event, yaml.ScalarEvent)
    standard = {yaml.SequenceStartEvent: "seq", yaml.MappingStartEvent: "map"}.get(type(event))
    if tag is None or tag == "!":  # a lone ! says that the word is text, which only matters for scalars
        return _STANDARD + "str" if tag and is_scalar else ""
    if len(tag) > _LONGEST_TAG:
        raise fault(place, path, f"the tag {_short(tag)} is too long")
    kind = tag.removeprefix(_STANDARD)
    if kind in ("str", "int", "float", "bool", "null") and is_scalar and kind != tag:
        return tag
    if kind == standard and kind != tag:
        return ""
    if tag in _ON_SCALARS:
        if is_scalar or (tag == "!tuple" and standard == "seq"):
            return tag
        raise fault(place, path, f"expected other words after {tag} than a list or a mapping")
    name = next((tag.removeprefix(start) for start in (*CALLS, "!module:", "!include:") if tag.startswith(start)), None)
    if name:
        return tag
    if name == "":
        raise fault(place, path, f"expected a name right after {tag}", hint="as in !new:torch.nn.Linear")
    shown = tag.replace(_STANDARD, "!!")
    raise fault(place, path, f"the tag {_short(shown)} is not known", hint=f"the tags are {_TAGS}")


def _standard(tag: str, text: str, limits: Limits, place: Place, path: str) -> Any:
    kind = tag.removeprefix(_STANDARD)
    value = text if kind == "str" else _number_checked(text, limits, place, path)
    if kind == "float" and type(value) is int:
        value = float(value)
    if type(value).__name__ != {"null": "NoneType"}.get(kind, kind):
        raise fault(place, path, f"expected a value of !!{kind}, got {_short(text)}")
    return value


def _number_checked(text: str, limits: Limits, place: Place, path: str) -> Any:
    try:
        return plain_value(text, limits.digits)
    except OverflowError:
        message = f"expected a number of at most {limits.digits} digits, or below 1e308, got {_short(text)}"
        raise fault(place, path, message) from None


def _merge_sources(value: Node, place: Place, path: str) -> list[Mapping]:
    sources = value.items if isinstance(value, Sequence) and not value.tag else [value]
    mappings = [source for source in sources if isinstance(source, Mapping)]
    if len(mappings) != len(sources):
        raise fault(place, path, "expected a mapping after <<, or a list of them", hint="as in `<<: *defaults`")
    return mappings


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
