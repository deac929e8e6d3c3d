"""Which arguments a function can be given."""

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

__all__ = ["accepts"]


def accepts(function: Callable[..., Any], argument: str) -> bool:
    """Whether `function`, or the `forward` of a module, has an argument of this name.

    >>> accepts(lambda x, seeds=None: x, "seeds"), accepts(nn.ReLU(), "seeds"), accepts(max, "seeds")
    (True, False, False)
    """
    try:
        signature = inspect.signature(function.forward if isinstance(function, nn.Module) else function)
    except ValueError:  # of some builtins nothing is known
        return False
    return argument in signature.parameters
