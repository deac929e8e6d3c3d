"""Lazy packages: names that are imported when they are first used."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

__all__ = ["lazy_names"]


def lazy_names(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """A module-level `__getattr__` (PEP 562) for `package`.

    A feature and the file that it lives in have one name, and importing a module binds it in its package:
    `package.name` would be the feature before, and the module after. It stays the feature.

    Args:
        package: `__name__` of the package that offers the names.
        homes: name -> module in which it is defined; a module that ends with the
            name itself (`"sonovox.functional"` for `functional`) is returned whole.

    >>> getattr_ = lazy_names("demo", {"sqrt": "math"})
    >>> getattr_("sqrt")(9.0)
    3.0
    """

    def get(name: str) -> object:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return _offered(importlib.import_module(home), name)

    offering = sys.modules.get(package)
    if offering is not None and any(home == f"{package}.{name}" for name, home in homes.items()):
        offering.__class__ = _LazyPackage
    return get


class _LazyPackage(ModuleType):
    """A package some of whose names are those of the modules that they are defined in."""

    __all__: Sequence[str] = ()

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, ModuleType) and name in self.__all__:  # bound by whoever imported it
            value = _offered(value, name)
        super().__setattr__(name, value)


def _offered(home: ModuleType, name: str) -> object:
    """What `name` means where `home` is the module in which it is defined, or the module itself."""
    is_itself = home.__name__.rpartition(".")[2] == name and not hasattr(home, name)
    return home if is_itself else getattr(home, name)
