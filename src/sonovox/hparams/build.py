"""From the tree of nodes to values: references resolved, objects made, each node once."""

import copy
import functools
import inspect
import re
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sonovox._internal.checks import did_you_mean
from sonovox.hparams.call import Arguments, call, check_arguments
from sonovox.hparams.document import CALLS, Mapping, Node, Scalar, Sequence, fault, key_path, walk
from sonovox.hparams.interpolation import joined
from sonovox.hparams.limits import LimitExceeded, Limits
from sonovox.hparams.lookup import Named, Names
from sonovox.hparams.names import LARGEST
from sonovox.hparams.references import Step, find, pieces_of, written_path

if TYPE_CHECKING:
    from sonovox.hparams.guard import Guard

__all__ = ["Builder"]


class Builder:
    """Makes values of nodes. A node that several references or aliases mean is made once, and is one object.

    Args:
        names: what the file may name.
        limits: of depth, of values once all references are written out, and of text and numbers that references make.
        dry: make objects without memory, only to see what they come to.
    """

    def __init__(self, names: Names, limits: Limits, *, dry: bool = False) -> None:
        self.names = names
        self.dry = dry
        self.limits = limits
        self.values: dict[int, Any] = {}
        self.sizes: dict[int, int] = {}  # in nodes, with all references written out
        self.active: set[int] = set()
        self.copied = 0
        self.guard: Guard | None = None
        self.named: dict[str, Named] = {}

    def find_names(self, root: Node) -> None:
        """Look up all names, and refuse unknown ones and open placeholders before anything is made.

        Raises:
            HParamsError: at the first of them.
        """
        for path, node in walk(root):
            if node.tag == "!PLACEHOLDER":
                hint = f"give it as an override: --{path} …"
                raise fault(node.place, path, "this is a placeholder and needs a value", hint=hint)
            kind, colon, name = node.tag.partition(":")
            if f"{kind}:" in CALLS:
                self.named[node.tag] = self.names.find(name, node, path)
            elif colon and kind == "!module":
                self.names.module(name, node, path)

    def build(self, node: Node, path: str) -> Any:
        """The value of `node`.

        Raises:
            HParamsError: at the place of what is wrong.
        """
        if id(node) in self.values:
            return self.values[id(node)]
        if id(node) in self.active:
            raise fault(node.place, path, "this refers to itself")
        if len(self.active) >= self.limits.depth * 3:
            raise fault(node.place, path, f"more than {self.limits.depth * 3} references and levels inside each other")
        self.active.add(id(node))
        size = 1
        if isinstance(node, Mapping):
            parts = [(key_path(path, key), child) for key, child in node.entries.items()]
        else:
            parts = [(key_path(path, i), child) for i, child in enumerate(getattr(node, "items", ()))]
        built = []
        for child_path, child in parts:
            built.append(self.build(child, child_path))
            size += self.sizes[id(child)]
        self.sizes[id(node)] = size
        value = self._value(node, built, path)
        if self.sizes[id(node)] + self.copied > self.limits.nodes:
            message = f"expected at most {self.limits.nodes} values with all references written out, got more"
            raise fault(node.place, path, message)
        self.active.remove(id(node))
        self.values[id(node)] = value
        return value

    def _value(self, node: Node, built: list[Any], path: str) -> Any:
        kind, colon, name = node.tag.partition(":")
        if f"{kind}:" in CALLS and colon:
            return self._called(kind, self.named[node.tag], _arguments(node, built, path), node, path)
        if kind == "!module":
            if not (isinstance(node, Scalar) and node.value in ("", None)):
                raise fault(node.place, path, "a module takes no arguments")
            return self.names.module(name, node, path)
        if isinstance(node, Mapping):
            return dict(zip(node.entries, built, strict=True))
        if isinstance(node, Sequence):
            return tuple(built) if node.tag == "!tuple" else built
        if node.tag == "!ref":
            return self._referred(node, path)
        if node.tag == "!copy":
            value = self._referred(node, path)
            self.copied += self.sizes[id(node)]
            try:
                return self._run(copy.deepcopy, [value], {})
            except LimitExceeded as error:
                raise fault(node.place, path, f"copies: expected {error}") from error
            except Exception as error:
                message = f"{type(value).__name__} cannot be copied: {error}"
                raise fault(node.place, path, message, hint="refer to it by !ref") from error
        return getattr(node, "value", None)

    def _run(self, function: Callable, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if self.limits.weights is None and self.limits.calls is None:
            return function(*args, **kwargs)
        if self.guard is None:
            from sonovox.hparams.guard import Guard  # torch, which a file of plain values does not need

            self.guard = Guard(self.limits, dry=self.dry)
        return self.guard.run(function, args, kwargs)

    def _called(self, kind: str, named: Named, given: Arguments, node: Node, path: str) -> Any:
        given.kwargs = {named.renamed.get(key, key): value for key, value in given.kwargs.items()}
        thing, name = named.thing, named.name
        largest = LARGEST if self.limits.weights is not None else {}
        if kind == "!name":
            if not given.args and not given.kwargs:
                return thing
            if not callable(thing):
                raise fault(node.place, path, f"{name} is no function or class and takes no arguments")
            check_arguments(thing, name, given, node, path, all_=False, largest=largest)
            return functools.partial(thing, *given.args, **given.kwargs)
        if kind == "!new" and not (inspect.isclass(thing) or inspect.isclass(getattr(thing, "__self__", None))):
            raise fault(
                node.place, path, f"{name} is no class", hint="use !apply: to call a function, !name: to name it"
            )
        if kind != "!new" and (inspect.isclass(thing) or not callable(thing)):
            raise fault(node.place, path, f"{name} is no function", hint="use !new: for a class")
        return call(thing, name, given, node, path, run=self._run, largest=largest)

    def _referred(self, node: Node, path: str) -> Any:
        if not isinstance(node, Scalar):
            raise fault(node.place, path, f"expected text after {node.tag}")
        pieces = pieces_of(node, path)
        if len(pieces) == 1 and not isinstance(pieces[0], str):
            return self._target(pieces[0], node, path)
        values = [self._target(piece, node, path) for piece in pieces if not isinstance(piece, str)]
        return joined(pieces, values, self.limits, node, path)

    def _target(self, steps: tuple[Step, ...], node: Node, path: str) -> Any:
        found = find(steps, node, path)
        value = self.build(found.node, written_path(steps))
        self.sizes[id(node)] += self.sizes[id(found.node)]
        for step in found.rest:
            value = self._step(value, step, node, path)
        return value

    def _step(self, value: Any, step: Step, node: Node, path: str) -> Any:
        """An item of a list or mapping, or an attribute of an object of one's own."""
        word = step.word
        if isinstance(value, (dict, list, tuple)):
            try:
                return value[word] if isinstance(value, dict) and word in value else value[_index(word)]
            except (KeyError, IndexError, ValueError):
                raise fault(node.place, path, f"there is no {word[:100]} in this {type(value).__name__}") from None
        kind = type(value).__name__
        if not self.names.is_open:
            hint = "a model folder can refer to an argument as it is written, as in <model[size]>"
            raise fault(node.place, path, f"<….{word[:100]}> asks a {kind} for an attribute", hint=hint)
        if word.startswith("_") or step.kind == "[":
            raise fault(node.place, path, f"a {kind} has no public attribute {word[:100]}")
        try:
            inner = getattr(value, word)
        except AttributeError:
            near = did_you_mean(word[:100], (name for name in dir(value) if not name.startswith("_")))
            raise fault(node.place, path, f"a {kind} has no attribute {word[:100]}", hint=near) from None
        if isinstance(inner, ModuleType) or inspect.isroutine(inner) or inspect.isclass(inner):
            raise fault(node.place, path, f"{word} of a {kind} is no value but a {type(inner).__name__}")
        return inner


def _index(word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", word):
        raise ValueError(word)
    return int(word)


def _arguments(node: Node, built: list[Any], path: str) -> Arguments:
    if isinstance(node, Sequence):
        return Arguments(built, {})
    if isinstance(node, Mapping):
        given = dict(zip(node.entries, built, strict=True))
        if given and set(given) <= {"_args", "_kwargs"}:
            args, kwargs = given.get("_args", []), given.get("_kwargs", {})
            if isinstance(args, (list, tuple)) and isinstance(kwargs, dict) and all(type(k) is str for k in kwargs):
                return Arguments(list(args), dict(kwargs))
            raise fault(node.place, path, "expected a list as _args and names with values as _kwargs")
        for key in given:
            if not isinstance(key, str):
                raise fault(node.key_places[key], path, f"expected the name of an argument, got {key}")
        return Arguments([], {str(key): value for key, value in given.items()})
    value = getattr(node, "value", None)
    if value not in ("", None, "~", "null"):
        hint = "write a list below it, or names with values"
        raise fault(node.place, path, f"expected arguments as a list or by name, got {str(value)[:60]!r}", hint=hint)
    return Arguments([], {})
