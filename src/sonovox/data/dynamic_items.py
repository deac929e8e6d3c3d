"""Functions that compute keys of an item from other keys, with the keys that they take and provide.

A generator provides its keys one yield at a time. It is advanced only as far as the asked keys
need, so that what is costly can stand behind a later yield.
"""

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import GeneratorType
from typing import Any, TypeAlias

from sonovox._internal.errors import ArgumentError, DataError

__all__ = ["DynamicItem", "as_dynamic_item", "provides", "takes"]

Keys: TypeAlias = str | Iterable[str]


class DynamicItem:
    """A function, the keys that it takes and those that it provides.

    Args:
        func: called with the values of `takes` in their order; a plain function returns the values of `provides`
            (a tuple where there are several), a generator yields one after the other.
        takes: keys of the item.
        provides: keys that are computed; a tuple inside stands for one yield of several values.

    Calling it calls the function.
    """

    def __init__(self, func: Callable[..., Any], takes: Keys = (), provides: Iterable[Keys] = ()) -> None:
        if not callable(func):
            raise ArgumentError(f"func must be a function, got {type(func).__name__}")
        self.func = func
        self.takes: tuple[str, ...] = _flat(takes)
        self.provides: tuple[str | tuple[str, ...], ...] = _grouped(provides)
        # As a decorated function is found under its own name, it pickles by that name (see __reduce__).
        self.__module__ = getattr(func, "__module__", None) or type(self).__module__
        self.__qualname__ = getattr(func, "__qualname__", type(func).__qualname__)
        self.__doc__ = getattr(func, "__doc__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.func(*args, **kwargs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}, takes={self.takes}, provides={self.provides})"

    def __reduce__(self) -> str | tuple[Any, ...]:
        # The name of a decorated function leads to this object, not to the function, which thus cannot be
        # pickled itself. Workers that are spawned import the module and find the object there.
        found: Any = sys.modules.get(self.__module__)
        for part in self.__qualname__.split("."):
            found = getattr(found, part, None)
        return self.__qualname__ if found is self else (type(self), (self.func, self.takes, self.provides))

    @property
    def name(self) -> str:
        """Of the function, with its module."""
        return f"{self.__module__}.{self.__qualname__}"

    @property
    def keys(self) -> tuple[str, ...]:
        """All provided keys, one after the other."""
        return _flat(self.provides)

    def yields_for(self, key: str) -> int:
        """How many of `provides` must be there for `key` to be there."""
        return next(i for i, group in enumerate(self.provides, 1) if key == group or key in _groups(group))

    def compute(self, arguments: Sequence[Any], count: int) -> dict[str, Any]:
        """The values of the keys of the first `count` of `provides`; a plain function gives all of them."""
        result = self.func(*arguments)
        if isinstance(result, GeneratorType):
            with contextlib.closing(result):
                values = [value for _, value in zip(range(count), result, strict=False)]
            expected = count
        else:
            values = [result] if len(self.provides) == 1 else _several(result, self.provides)
            expected = len(self.provides)
        if len(values) != expected:
            told = "yielded" if isinstance(result, GeneratorType) else "returned"
            raise DataError(f"{expected} values were expected for {self.provides[:expected]}, it {told} {len(values)}")
        found: dict[str, Any] = {}
        for group, value in zip(self.provides, values, strict=False):
            if isinstance(group, str):
                found[group] = value
            else:
                found.update(zip(group, _several(value, group), strict=True))
        return found


def takes(*argkeys: str) -> Callable[[Callable[..., Any]], DynamicItem]:
    """A decorator that names the keys whose values a function is called with, in their order.

    >>> @takes("text")
    ... @provides("words", "count")
    ... def split(text):
    ...     words = text.split()
    ...     yield words
    ...     yield len(words)
    >>> split.takes, split.provides
    (('text',), ('words', 'count'))
    """

    def decorate(func: Callable[..., Any]) -> DynamicItem:
        item = func if isinstance(func, DynamicItem) else DynamicItem(func)
        if item.takes:
            raise ArgumentError(f"{item.name} already takes {', '.join(item.takes)}", hint="use takes once")
        item.takes = _flat(argkeys)
        return item

    return decorate


def provides(*output_keys: str | Sequence[str]) -> Callable[[Callable[..., Any]], DynamicItem]:
    """A decorator that names the keys which a function computes.

    Args:
        output_keys: one for the returned value, or one for each part of a returned tuple, or one for each yield
            of a generator; a list of keys stands for one yield of several values.

    See `takes` for an example.
    """

    def decorate(func: Callable[..., Any]) -> DynamicItem:
        item = func if isinstance(func, DynamicItem) else DynamicItem(func)
        if item.provides:
            raise ArgumentError(f"{item.name} already provides {', '.join(item.keys)}", hint="use provides once")
        item.provides = _grouped(output_keys)
        return item

    return decorate


def as_dynamic_item(func: Any, takes: Keys | None = None, provides: Iterable[Keys] | None = None) -> DynamicItem:
    """A `DynamicItem` from what users give: a decorated function, a function and its keys, or a mapping of the three.

    Raises:
        ArgumentError: keys given twice or not at all, or other words in the mapping.
    """
    if isinstance(func, Mapping):
        if not {"func", "provides"} <= func.keys() <= {"func", "takes", "provides"}:
            raise ArgumentError(f"a dynamic item must have func, takes and provides, got {', '.join(map(str, func))}")
        return as_dynamic_item(func["func"], func.get("takes"), func["provides"])
    if isinstance(func, DynamicItem):
        if takes is not None or provides is not None:
            raise ArgumentError(f"{func.name} has its keys already", hint="leave takes and provides away")
        item = func
    else:
        item = DynamicItem(func, takes or (), [provides] if isinstance(provides, str) else provides or ())
    if not item.provides:
        raise ArgumentError(f"{item.name} must provide a key", hint='decorate it with @takes("...") @provides("...")')
    if not item.takes:
        _check_needs_nothing(item)
    return item


def _check_needs_nothing(item: DynamicItem) -> None:
    try:
        parameters = inspect.signature(item.func).parameters.values()
    except (TypeError, ValueError):  # written in C, without a signature
        return
    needed = [
        p.name for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if needed:
        raise ArgumentError(f"{item.name} needs {', '.join(needed)} and takes no keys", hint='give takes=["..."]')


def _groups(group: Keys) -> tuple[str, ...]:
    return (group,) if isinstance(group, str) else tuple(group)


def _flat(keys: Iterable[Keys]) -> tuple[str, ...]:
    groups = [keys] if isinstance(keys, str) else keys
    return tuple(key for group in groups for key in _groups(group))


def _grouped(keys: Iterable[Keys]) -> tuple[str | tuple[str, ...], ...]:
    found = tuple(key if isinstance(key, str) else tuple(key) for key in ([keys] if isinstance(keys, str) else keys))
    flat = _flat(found)
    if len(set(flat)) < len(flat):
        raise ArgumentError(f"a key can be provided once, got {flat}")
    return found


def _several(value: Any, keys: Sequence[Any]) -> list[Any]:
    """The parts of a value that stands for several keys."""
    if not isinstance(value, tuple | list) or len(value) != len(keys):
        size = f"{type(value).__name__} of {len(value)}" if isinstance(value, tuple | list) else type(value).__name__
        raise DataError(f"a tuple of {len(keys)} values was expected for {tuple(keys)}, got {size}")
    return list(value)
