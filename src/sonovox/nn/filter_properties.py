"""What a frame sees of the signal: window, step and side of filters, and of filters on filters.

Streaming needs it, to know how much of the past and the future a chunk takes. The
arithmetic of receptive fields: Dumoulin and Visin, "A guide to convolution
arithmetic for deep learning", 2016, and Araujo, Norris and Sim, "Computing
receptive fields of convolutional neural networks", Distill 2019, eq. 2.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sonovox._internal.errors import ArgumentError

__all__ = ["FilterProperties", "stack_filter_properties"]


@dataclass(frozen=True)
class FilterProperties:
    """How a filter runs over time.

    Args:
        window_size: steps that a result sees, `dilation` apart.
        stride: steps from one result to the next.
        dilation: see `window_size`.
        causal: the window ends at the step of the result; it lies around it otherwise.

    >>> FilterProperties(400, 160).with_on_top(FilterProperties(3, 2))
    FilterProperties(window_size=720, stride=320, dilation=1, causal=False)
    """

    window_size: int
    stride: int = 1
    dilation: int = 1
    causal: bool = False

    def get_effective_size(self) -> int:
        """Steps from the first to the last that a result sees, both counted."""
        return 1 + (self.window_size - 1) * self.dilation

    def get_convolution_padding(self) -> int:
        """Steps to pad so that there is a result for each step: at the start if causal, else at both ends.

        Raises:
            ArgumentError: a window that is not causal has no middle.
        """
        size = self.get_effective_size()
        if self.causal:
            return size - 1
        if size % 2 == 0:
            raise ArgumentError(
                f"window_size must be odd for equal padding at both ends, got {self.window_size}", hint="or set causal"
            )
        return (size - 1) // 2

    def get_noncausal_equivalent(self) -> "FilterProperties":
        """The smallest window around each result that holds this one.

        >>> FilterProperties(5, causal=True).get_noncausal_equivalent().window_size
        9
        """
        return replace(self, window_size=2 * self.window_size - 1, causal=False) if self.causal else self

    def with_on_top(self, other: "FilterProperties", allow_approximate: bool = True) -> "FilterProperties":
        """What a result of `other` sees, where `other` runs over the results of this filter.

        Args:
            other: the filter on top.
            allow_approximate: where only one of the two is causal, count its noncausal equivalent.

        Raises:
            ArgumentError: only one is causal, and no approximation is allowed.
        """
        below = self
        if self.causal != other.causal:
            if not allow_approximate:
                raise ArgumentError(
                    f"filters must both be causal or both not, got causal={self.causal} below causal={other.causal}",
                    hint="with allow_approximate=True the smallest window around both is told",
                )
            below, other = self.get_noncausal_equivalent(), other.get_noncausal_equivalent()
        window = below.get_effective_size() + (other.get_effective_size() - 1) * below.stride
        return FilterProperties(window, below.stride * other.stride, causal=below.causal)


def stack_filter_properties(filters: Sequence[Any], allow_approximate: bool = True) -> FilterProperties:
    """What a result of the last of `filters` sees, each running over the results of the one before.

    Args:
        filters: from the lowest to the highest, at least one; their properties, or modules that tell them
            (`get_filter_properties`).
        allow_approximate: see `FilterProperties.with_on_top`.

    >>> stack_filter_properties([FilterProperties(5, 2), FilterProperties(3, 2), FilterProperties(3)])
    FilterProperties(window_size=17, stride=4, dilation=1, causal=False)
    """
    properties = [one if isinstance(one, FilterProperties) else one.get_filter_properties() for one in filters]
    return functools.reduce(lambda below, top: below.with_on_top(top, allow_approximate), properties)
