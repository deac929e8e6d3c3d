"""Bit depth: the rounding of a waveform that is stored in fewer bits."""

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import finished, prepared

__all__ = ["DropBitResolution"]

# The largest number of each type of integers: full scale.
_FULL_SCALE = {"int16": 32767.0, "int8": 127.0}
_TYPES = (*_FULL_SCALE, "float16")


class DropBitResolution(nn.Module):
    """Waveforms as they come back from a type of fewer bits; the gradient passes as if nothing were rounded.

    Args:
        target_dtype: `"int16"`, `"int8"` (rounded towards zero, limited at full scale 1), `"float16"`, or
            `"random"`: one of them for each item.

    Raises:
        ChoiceError: another type.

    >>> DropBitResolution("int8")(torch.tensor([[0.5, -0.3, 2.0]]))
    tensor([[ 0.4961, -0.2992,  1.0000]])
    """

    def __init__(self, target_dtype: str = "random") -> None:
        super().__init__()
        check_choice("target_dtype", target_dtype, [*_TYPES, "random"])
        self.target_dtype = target_dtype

    def forward(self, float32_tensor: Tensor, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype.

        Args:
            float32_tensor: `(batch, time)` or `(batch, time, channels)`, floating point with full scale 1.
            seeds: `(batch,)`, see `item_seeds`.
        """
        samples = prepared(float32_tensor, None, "float32_tensor").samples
        with torch.no_grad():
            if self.target_dtype == "random":
                random = ItemRandom(seeds, len(samples), samples.device)
                chosen = random.integers(0, len(_TYPES) - 1, 1, 1)
                rounded = samples
                for number, name in enumerate(_TYPES):
                    rounded = torch.where(chosen == number, _rounded(samples, name), rounded)
            else:
                rounded = _rounded(samples, self.target_dtype)
            error = rounded - samples
        return finished(samples + error, float32_tensor)

    def extra_repr(self) -> str:
        return f"target_dtype={self.target_dtype!r}"


def _rounded(samples: Tensor, name: str) -> Tensor:
    if name == "float16":
        return samples.to(torch.float16).to(samples.dtype)
    full_scale = _FULL_SCALE[name]
    return (samples.clamp(-1.0, 1.0) * full_scale).trunc() / full_scale
