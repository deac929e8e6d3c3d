"""The modules that a caller opens to a YAML file of their own."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from sonovox._internal.errors import ArgumentError

__all__ = ["Code", "is_public", "open_modules", "public_names"]

Code = str | os.PathLike[str] | ModuleType
_OURS = "__sonovox_code__"


def open_modules(code: Iterable[Code] | Code) -> dict[str, ModuleType]:
    """Module names as the YAML writes them -> modules.

    A module stands for itself, a dotted name is imported, and a path of a `.py`
    file is imported under its stem: `recipes/digits/train.py` is `train`. The file
    that is running as `__main__` is not imported a second time.

    Raises:
        ArgumentError: there is no such module or file, or its stem is the name of another module.
    """
    modules = {}
    several: Iterable[Code] = [code] if isinstance(code, (str, os.PathLike, ModuleType)) else code
    for one in several:
        if isinstance(one, ModuleType):
            modules[_name_of(one)] = one
        elif isinstance(one, os.PathLike) or one.endswith(".py"):
            module = _from_path(Path(one))
            modules[Path(one).stem] = module
        else:
            modules[one] = _from_name(one)
    return modules


def public_names(module: ModuleType) -> list[str]:
    """What a YAML file may name in an opened module; see `is_public`."""
    return [name for name in sorted({*getattr(module, "__all__", ()), *vars(module)}) if is_public(module, name)]


def is_public(module: ModuleType, name: str) -> bool:
    """Whether a YAML file may name it: what the module defines, and what its `__all__` lists.

    Modules that it imports, and what it imports from elsewhere, are not opened with it.
    """
    if name.startswith("_"):
        return False
    if name in getattr(module, "__all__", ()):
        return not isinstance(getattr(module, name, module), ModuleType)
    if name not in vars(module):
        return False
    thing = vars(module)[name]
    home = getattr(thing, "__module__", None) or module.__name__
    own = home == module.__name__ or home.startswith(module.__name__ + ".")
    return own and not isinstance(thing, ModuleType)


def _name_of(module: ModuleType) -> str:
    if module.__name__ == "__main__" and getattr(module, "__file__", None):
        return Path(str(module.__file__)).stem
    return module.__name__


def _from_name(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ArgumentError(f"code must be modules, their names or paths of .py files, got {name!r}")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise ArgumentError(f"there is no module {name}", hint="a file is given by its path, with .py") from error


def _from_path(path: Path) -> ModuleType:
    if not path.is_file():
        raise ArgumentError(f"there is no file {path}", hint="give the path of a Python file")
    main = sys.modules["__main__"]
    if getattr(main, "__file__", None) and Path(str(main.__file__)).resolve() == path.resolve():
        return main
    name = path.stem
    there = sys.modules.get(name)
    if there is not None and not hasattr(there, _OURS):
        if getattr(there, "__file__", None) and Path(str(there.__file__)).resolve() == path.resolve():
            return there
        raise ArgumentError(f"{path} cannot be imported as {name}: that is another module", hint="rename the file")
    if there is not None and getattr(there, _OURS) == (path.resolve(), path.stat().st_mtime_ns):
        return there
    if there is None and (not name.isidentifier() or importlib.util.find_spec(name) is not None):
        raise ArgumentError(f"{path} cannot be imported as {name}: that names another module", hint="rename the file")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ArgumentError(f"{path} is no Python file", hint="give the path of a .py file")
    module = importlib.util.module_from_spec(spec)
    setattr(module, _OURS, (path.resolve(), path.stat().st_mtime_ns))
    sys.modules[name] = module  # so that classes in it can be pickled for the workers of a loader
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
