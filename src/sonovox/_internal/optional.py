"""Optional packages: imported where they are used, and missed with the line that installs them."""

import importlib
from types import ModuleType

from sonovox._internal.errors import MissingDependencyError

__all__ = ["EXTRAS", "require"]

# Which extra of pyproject.toml brings a package: module name -> extra.
EXTRAS = {
    "av": "media",
    "kenlm": "lm",
    "matplotlib": "plot",
    "onnx": "export",
    "pesq": "quality",
    "ray": "cluster",
    "starlette": "serve",
    "tensorboard": "tensorboard",
    "transformers": "transformers",
    "uvicorn": "serve",
}


def require(module: str, *, purpose: str) -> ModuleType:
    """The imported `module`, which an extra of sonovox installs.

    Args:
        module: dotted name, such as `"matplotlib.pyplot"`; its first part is a key of `EXTRAS`.
        purpose: what it is needed for, such as `"drawing a spectrogram"`.

    Raises:
        MissingDependencyError: with the pip line, when it is not installed.

    >>> require("json.nothing", purpose="nothing")
    Traceback (most recent call last):
    sonovox._internal.errors.MissingDependencyError: nothing needs the package json; pip install json
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        extra = EXTRAS.get(package)
        line = f"pip install 'sonovox[{extra}]'" if extra else f"pip install {package}"
        raise MissingDependencyError(f"{purpose} needs the package {package}", hint=line) from error
