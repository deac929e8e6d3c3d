"""State dicts of SpeechBrain: the layers here have its names, but for what the tables below say.

A building block of the layers, not a layer.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any, TypeVar

from torch import nn

__all__ = ["NO_KNOWLEDGE", "ignore_on_load", "without_scratch"]

T = TypeVar("T")

# What SpeechBrain's layers save that is no knowledge: last part of the name -> what it is.
NO_KNOWLEDGE = {
    "drop_masks": "random masks of LiGRU and SLiGRU, drawn anew in training",
    "drop_mask_te": "the number 1: their mask in evaluation",
    "h_init": "zeros: their first state",
    "inv_freq": "wavelengths of RelPosEncXL, which the size tells",
    "kernel": "weights of Deltas, which its window_length tells",
    "max_ent": "the largest entropy of GumbelVectorQuantizer, which its sizes tell",
    "pe": "sines of PositionalEncoding, which are computed for as many places as there are",
}


def ignore_on_load(module: nn.Module, *names: str) -> None:
    """Let `load_state_dict` of `module` pass over entries of these names, which must stand in `NO_KNOWLEDGE`.

    >>> layer = nn.ReLU()
    >>> ignore_on_load(layer, "h_init")
    >>> layer.load_state_dict({"h_init": 0})
    <All keys matched successfully>
    """

    def drop(_: nn.Module, state_dict: MutableMapping[str, Any], prefix: str, *__: object) -> None:
        for name in names:
            state_dict.pop(prefix + name, None)

    module.register_load_state_dict_pre_hook(drop)


def without_scratch(state: Mapping[str, T]) -> dict[str, T]:
    """`state` without the entries of `NO_KNOWLEDGE`, for comparing names before anything is loaded.

    >>> without_scratch({"rnn.0.w.weight": 1, "rnn.0.drop_masks": 2})
    {'rnn.0.w.weight': 1}
    """
    return {name: value for name, value in state.items() if name.rpartition(".")[2] not in NO_KNOWLEDGE}
