"""Search over scores: from what a model says at each step to tokens."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

if TYPE_CHECKING:
    from sonovox.decoding.ctc_greedy import ctc_greedy_decode, filter_ctc_output

__all__ = ["ctc_greedy_decode", "filter_ctc_output"]

__getattr__ = lazy_names(__name__, dict.fromkeys(__all__, "sonovox.decoding.ctc_greedy"))
