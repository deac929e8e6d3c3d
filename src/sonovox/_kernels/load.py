"""The kernels as a loaded library, or the reason why there is none.

SONOVOX_KERNELS=0 in the environment switches them off.
"""

import ctypes
import functools
import os
from dataclasses import dataclass
from pathlib import Path

from sonovox._kernels.build import FOLDER, OBJECT, digest_of_sources

__all__ = ["Kernels", "kernels", "load"]

REMEDY = "python -m sonovox._kernels.build"


@dataclass(frozen=True)
class Kernels:
    """The library, or None and the reason."""

    library: ctypes.CDLL | None
    reason: str = ""

    def describe(self) -> str:
        """One line for `sonovox doctor`."""
        return f"C: {self.library._name}" if self.library else f"torch only: {self.reason}"


@functools.cache
def kernels() -> Kernels:
    """The kernels of this process, looked for once.

    >>> (kernels().library is None) == bool(kernels().reason)
    True
    """
    if os.environ.get("SONOVOX_KERNELS", "1").strip().lower() in ("0", "off", "false", "no"):
        return Kernels(None, f"switched off by SONOVOX_KERNELS={os.environ['SONOVOX_KERNELS']}")
    return load(OBJECT)


def load(path: Path, folder: Path = FOLDER) -> Kernels:
    """Open the object at `path`, if it was made of the sources in `folder`.

    >>> load(Path("nowhere.so")).reason
    'not built; with a C compiler, python -m sonovox._kernels.build builds them'
    """
    if not path.is_file():
        return Kernels(None, f"not built; with a C compiler, {REMEDY} builds them")
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        return Kernels(None, f"they cannot be opened ({error}); {REMEDY} builds them anew")
    try:
        library.sonovox_sources.restype = ctypes.c_char_p
        digest = library.sonovox_sources().decode()
    except AttributeError:
        digest = ""
    if digest != digest_of_sources(folder):
        return Kernels(None, f"built from other sources; {REMEDY} builds them anew")
    return Kernels(library)
