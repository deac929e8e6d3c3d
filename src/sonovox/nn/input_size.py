"""How a layer learns the size of its input: told as a number, or read from a shape.

A building block of the layers, not a layer.
"""

import math
from collections.abc import Sequence

from sonovox._internal.errors import ArgumentError

__all__ = ["resolve_input_size"]


def resolve_input_size(
    input_size: int | None, input_shape: Sequence[int | None] | None, *, name: str = "input_size", joined: bool = False
) -> int:
    """The number of features that a layer takes.

    Args:
        input_size: told directly, or None.
        input_shape: shape of the input with features last, such as `(None, None, 40)`; None where `input_size` is told.
        name: what the layer calls `input_size`.
        joined: all dimensions after `(batch, time)` are features together, as for recurrent layers.

    Raises:
        ArgumentError: neither is given, or the shape leaves the size open.

    >>> resolve_input_size(None, [None, None, 40, 8]), resolve_input_size(None, [None, None, 40, 8], joined=True)
    (8, 320)
    """
    if input_size is not None:
        return input_size
    if input_shape is None:
        raise ArgumentError(f"{name} or input_shape must be given, got neither", hint=f"for example {name}=40")
    sizes = list(input_shape[2:] if joined and len(input_shape) > 2 else input_shape[-1:])
    known = [size for size in sizes if size is not None]
    if not sizes or len(known) < len(sizes):
        raise ArgumentError(
            f"input_shape must tell the number of features, got {list(input_shape)}",
            hint="features come last, as in [None, None, 40]",
        )
    return math.prod(known)
