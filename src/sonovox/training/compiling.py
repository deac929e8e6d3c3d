"""`torch.compile` that never stops a run: what cannot be compiled goes on as it is."""

import warnings
from typing import Any

import torch
from torch import nn

from sonovox._internal.errors import SonovoxWarning

__all__ = ["compile_or_fall_back"]


def compile_or_fall_back(
    module: nn.Module, name: str, *, mode: str = "default", fullgraph: bool = False, dynamic: bool = False
) -> None:
    """Compile the forward pass of `module` in place; at the first failure it falls back, with one warning.

    Args:
        module: whose state dict and attributes stay as they are.
        name: for the warning.
        mode: of `torch.compile`.
        fullgraph: without graph breaks.
        dynamic: one graph for all lengths.
    """
    # The root of what dynamo and its backends raise: unsupported code, a missing C compiler, failed kernels.
    from torch._dynamo.exc import TorchDynamoException

    plain = module.forward
    compiled = torch.compile(plain, mode=mode, fullgraph=fullgraph, dynamic=dynamic or None)

    def forward(*args: Any, **kwargs: Any) -> Any:
        try:
            return compiled(*args, **kwargs)
        except TorchDynamoException as error:
            module.forward = plain
            first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
            warnings.warn(f"{name} cannot be compiled and runs as it is: {first_line}", SonovoxWarning, stacklevel=2)
            return plain(*args, **kwargs)

    module.forward = forward
