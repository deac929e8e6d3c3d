"""HuBERT: wav2vec 2.0's encoder, trained to tell hidden classes of frames."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = ["HuBERTPretrainModel", "LogitGenerator", "MaskGenerator", "hubert_base", "hubert_large", "hubert_xlarge"]

if TYPE_CHECKING:
    from sonovox.models.hubert.factories import hubert_base, hubert_large, hubert_xlarge
    from sonovox.models.hubert.pretraining import HuBERTPretrainModel, LogitGenerator, MaskGenerator

__getattr__ = lazy_names(
    __name__,
    {
        "HuBERTPretrainModel": "sonovox.models.hubert.pretraining",
        "LogitGenerator": "sonovox.models.hubert.pretraining",
        "MaskGenerator": "sonovox.models.hubert.pretraining",
        "hubert_base": "sonovox.models.hubert.factories",
        "hubert_large": "sonovox.models.hubert.factories",
        "hubert_xlarge": "sonovox.models.hubert.factories",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
