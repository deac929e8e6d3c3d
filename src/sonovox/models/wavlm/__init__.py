"""WavLM: wav2vec 2.0's encoder with gated relative positions."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = ["GatedRelativeAttention", "relative_buckets", "wavlm_base", "wavlm_large", "wavlm_model"]

if TYPE_CHECKING:
    from sonovox.models.wavlm.attention import GatedRelativeAttention, relative_buckets
    from sonovox.models.wavlm.factories import wavlm_base, wavlm_large, wavlm_model

__getattr__ = lazy_names(
    __name__,
    {
        "GatedRelativeAttention": "sonovox.models.wavlm.attention",
        "relative_buckets": "sonovox.models.wavlm.attention",
        "wavlm_base": "sonovox.models.wavlm.factories",
        "wavlm_large": "sonovox.models.wavlm.factories",
        "wavlm_model": "sonovox.models.wavlm.factories",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
