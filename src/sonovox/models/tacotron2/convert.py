"""SpeechBrain's names of Tacotron 2's weights, and the way from them to ours, torchaudio's."""

import re
from collections.abc import Mapping
from typing import TypeVar

__all__ = ["from_speechbrain"]

T = TypeVar("T")

_LOCATION = "decoder.attention_layer.location_layer"
# Its layers stand inside of others: theirs on the left, ours on the right; `*` is a number.
SPEECHBRAIN: dict[str, str] = {
    "encoder.convolutions.*.0.conv.": "encoder.convolutions.*.0.",
    "postnet.convolutions.*.0.conv.": "postnet.convolutions.*.0.",
    "decoder.prenet.layers.*.linear_layer.": "decoder.prenet.layers.*.",
    "decoder.attention_layer.query_layer.linear_layer.": "decoder.attention_layer.query_layer.",
    "decoder.attention_layer.memory_layer.linear_layer.": "decoder.attention_layer.memory_layer.",
    "decoder.attention_layer.v.linear_layer.": "decoder.attention_layer.v.",
    f"{_LOCATION}.location_conv.conv.": f"{_LOCATION}.location_conv.",
    f"{_LOCATION}.location_dense.linear_layer.": f"{_LOCATION}.location_dense.",
    "decoder.linear_projection.linear_layer.": "decoder.linear_projection.",
    "decoder.gate_layer.linear_layer.": "decoder.gate_layer.",
}


def from_speechbrain(weights: Mapping[str, T]) -> dict[str, T]:
    """Our names for the weights of a SpeechBrain folder; names that are ours already stay.

    >>> from_speechbrain({"postnet.convolutions.4.0.conv.bias": 1, "embedding.weight": 2})
    {'postnet.convolutions.4.0.bias': 1, 'embedding.weight': 2}
    """
    return {_ours(name): value for name, value in weights.items()}


def _ours(name: str) -> str:
    pattern = re.sub(r"\.\d+\.", ".*.", name, count=1)
    for theirs, ours in SPEECHBRAIN.items():
        if pattern.startswith(theirs):
            number = re.search(r"\.(\d+)\.", name)
            return ours.replace("*", number[1] if number else "") + pattern.removeprefix(theirs)
    return name
