"""Back to YAML: values, the resolved file, and the part of a file that some keys need."""

from collections.abc import Iterable
from collections.abc import Mapping as AnyMapping
from typing import IO, Any

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError
from sonovox.hparams.document import Document, Key, Mapping, Node, Place, Scalar, Sequence, key_path, walk
from sonovox.hparams.limits import OPEN
from sonovox.hparams.load import read_tree
from sonovox.hparams.overrides import Overrides
from sonovox.hparams.references import find, pieces_of
from sonovox.hparams.resolve import Resolver, changed, relocated_leaf
from sonovox.hparams.source import HParamsSource
from sonovox.hparams.write import written

__all__ = ["Placeholder", "RefTag", "dump", "resolve_references", "subset"]


class RefTag:
    """A reference, for `dump`.

    Args:
        ref_str: such as `"<folder>/logs"`.

    >>> dump({"folder": "out", "logs": RefTag("<folder>/logs")})
    "folder: out\\nlogs: !ref '<folder>/logs'\\n"
    """

    def __init__(self, ref_str: str) -> None:
        self.ref_str = ref_str


class Placeholder:
    """A value that an override has to give, for `dump`.

    >>> dump({"data_folder": Placeholder()})
    "data_folder: !PLACEHOLDER ''\\n"
    """


def dump(values: AnyMapping[str, Any], stream: IO[str] | None = None) -> str:
    """YAML text that `load_hparams` reads as `values`; written to `stream` too, if there is one.

    Args:
        values: texts, numbers, truth values, None, lists, tuples and mappings of these, `RefTag` and `Placeholder`.
        stream: an open text file.

    Raises:
        ArgumentError: a value that YAML cannot hold.

    >>> print(dump({"lr": 1e-4, "kernel": (3, 3), "name": "1e-4"}), end="")
    lr: 0.0001
    kernel: (3, 3)
    name: '1e-4'
    """
    text = written(_node_of(values, "", ()))
    if stream is not None:
        stream.write(text)
    return text


def resolve_references(source: HParamsSource, overrides: Overrides = None) -> str:
    """The YAML text of a file with overrides, included files and references written out.

    Objects are not made: what refers to an attribute or a result of one stays a
    reference. A value that several references mean is written once, with an
    anchor, so that it stays one object.

    Raises:
        HParamsError: see `load_hparams`; a placeholder without a value is written as it stands.

    >>> print(resolve_references("a: 3\\nb: !ref <a> * 2\\nc: !ref x/<b>\\n"), end="")
    a: 3
    b: 6
    c: x/6
    """
    root = read_tree(source, overrides, OPEN, must_match=True)
    return written(Resolver(OPEN).resolved(root, ""))


def subset(source: HParamsSource, keys: Iterable[str], overrides: Overrides = None) -> str:
    """The YAML text of `keys` of a file and of all that they refer to, in the order of the file.

    Raises:
        ArgumentError: a key that the file does not have.
        HParamsError: see `load_hparams`.

    >>> print(subset("a: 3\\nb: 4\\nc: {d: !ref <a>}\\n", ["c"]), end="")
    a: 3
    c:
      d: !ref '<a>'
    """
    root = read_tree(source, overrides, OPEN, must_match=True)
    wanted: set[str] = set()
    waiting = [keys] if isinstance(keys, str) else list(keys)
    while waiting:
        key = waiting.pop()
        if key not in root.entries:
            known = [str(name) for name in root.entries]
            raise ArgumentError(f"there is no key {key!r} in {root.place.document.name}", hint=did_you_mean(key, known))
        if key not in wanted:
            wanted.add(key)
            waiting += _referred_keys(root.entries[key], root)
    entries: dict[Key, Node] = {key: node for key, node in root.entries.items() if key in wanted}
    return written(changed(Mapping(root.place, root.tag, entries), relocated_leaf))


def _referred_keys(node: Node, root: Mapping) -> set[str]:
    """The top keys that references below `node` begin with; those of an included file stay inside of it."""
    return {
        piece[0].word
        for path, part in walk(node)
        if isinstance(part, Scalar) and part.tag in ("!ref", "!copy") and part.place.document.root is root
        for piece in pieces_of(part, path)
        if not isinstance(piece, str) and find(piece[:1], part, path)
    }


def _node_of(value: Any, path: str, above: tuple[int, ...]) -> Node:
    place = Place(Document("<values>"))
    if isinstance(value, RefTag):
        return Scalar(place, "!ref", value.ref_str)
    if isinstance(value, Placeholder):
        return Scalar(place, "!PLACEHOLDER", "")
    if value is None or isinstance(value, (str, bool, int, float)):
        return Scalar(place, "", value)
    if id(value) in above:
        raise ArgumentError(f"{path} contains itself, which YAML cannot hold")
    above = (*above, id(value))
    if isinstance(value, AnyMapping):
        wrong = [key for key in value if not isinstance(key, str) and type(key) is not int]
        if wrong:
            raise ArgumentError(f"{path or 'values'} must have names as keys, got {wrong[0]!r}")
        return Mapping(place, "", {key: _node_of(item, key_path(path, key), above) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        items = [_node_of(item, key_path(path, i), above) for i, item in enumerate(value)]
        return Sequence(place, "!tuple" if isinstance(value, tuple) else "", items)
    hint = "leave it out, or write it as a RefTag or as text"
    raise ArgumentError(f"{path} is a {type(value).__name__}, which YAML cannot hold", hint=hint)
