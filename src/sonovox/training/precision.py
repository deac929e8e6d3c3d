"""Number formats of training: 32 bits, or 16 where that is safe."""

import contextlib
from typing import Any

import torch

from sonovox._internal.checks import check_choice

__all__ = ["Precision"]

FORMATS: dict[str, torch.dtype | None] = {"fp32": None, "fp16": torch.float16, "bf16": torch.bfloat16}


class Precision:
    """The format in which a stage computes.

    Weights stay in 32 bits. With `"fp16"` and `"bf16"` torch computes what gains by
    it in 16 bits (autocast); fp16 has a narrow range, so its losses are scaled up
    before the backward pass by a `GradScaler`, which is otherwise switched off.

    Args:
        name: `"fp32"`, `"fp16"` or `"bf16"`.
        device: on which to compute.

    Raises:
        ChoiceError: another name.

    >>> with Precision("bf16", torch.device("cpu")).context():
    ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    torch.bfloat16
    """

    def __init__(self, name: str, device: torch.device) -> None:
        check_choice("precision", name, FORMATS)
        self.name = name
        self.device = device
        self.dtype = FORMATS[name]

    def context(self) -> contextlib.AbstractContextManager[Any]:
        """Forward passes belong inside it."""
        if self.dtype is None:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)

    def scaler(self) -> torch.amp.GradScaler:
        """The scaler of the losses, which does something with fp16 only."""
        return torch.amp.GradScaler(self.device.type, enabled=self.name == "fp16")
