"""Lazy packages: names that are imported when they are first used."""

import importlib
from collections.abc import Callable, Mapping

__all__ = ["lazy_names"]


def lazy_names(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """A module-level `__getattr__` (PEP 562) for `package`.

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
        module = importlib.import_module(home)
        return module if home.rpartition(".")[2] == name and not hasattr(module, name) else getattr(module, name)

    return get
