"""sonovox: audio and speech on PyTorch.

Importing this package is cheap: every name below is loaded when it is first used.
"""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__version__ = "0.1.0"

__all__ = [
    "Brain",
    "Stage",
    "Transcript",
    "__version__",
    "errors",
    "functional",
    "info",
    "load",
    "load_hparams",
    "save",
    "stream",
    "transcribe",
    "transforms",
]

if TYPE_CHECKING:
    from sonovox import errors, functional, transforms
    from sonovox.hparams import load_hparams
    from sonovox.inference.asr import transcribe
    from sonovox.inference.transcript import Transcript
    from sonovox.io import info, load, save, stream
    from sonovox.training import Brain, Stage

__getattr__ = lazy_names(
    __name__,
    {
        "Brain": "sonovox.training",
        "Stage": "sonovox.training",
        "Transcript": "sonovox.inference.transcript",
        "errors": "sonovox.errors",
        "functional": "sonovox.functional",
        "info": "sonovox.io",
        "load": "sonovox.io",
        "load_hparams": "sonovox.hparams",
        "save": "sonovox.io",
        "stream": "sonovox.io",
        "transcribe": "sonovox.inference.asr",
        "transforms": "sonovox.transforms",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
