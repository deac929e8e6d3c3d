"""Model families: weights from anywhere, each in a file or a folder of its own."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = ["CRDNN", "RNNLM", "VanillaNN"]

if TYPE_CHECKING:
    from sonovox.models.crdnn import CRDNN
    from sonovox.models.rnnlm import RNNLM
    from sonovox.models.vanilla_nn import VanillaNN

__getattr__ = lazy_names(
    __name__,
    {
        "CRDNN": "sonovox.models.crdnn",
        "RNNLM": "sonovox.models.rnnlm",
        "VanillaNN": "sonovox.models.vanilla_nn",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
