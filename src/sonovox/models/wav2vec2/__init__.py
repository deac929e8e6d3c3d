"""wav2vec 2.0, and what HuBERT and WavLM share with it: speech to frames of 20 ms, learnt without labels."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

if TYPE_CHECKING:
    from sonovox.models.wav2vec2.config import Wav2Vec2Config
    from sonovox.models.wav2vec2.convert import from_fairseq, from_huggingface, from_torchaudio, to_huggingface
    from sonovox.models.wav2vec2.factories import (
        wav2vec2_base,
        wav2vec2_large,
        wav2vec2_large_lv60k,
        wav2vec2_model,
        wav2vec2_xlsr_1b,
        wav2vec2_xlsr_2b,
        wav2vec2_xlsr_300m,
    )
    from sonovox.models.wav2vec2.importers import import_fairseq_model, import_huggingface_model
    from sonovox.models.wav2vec2.model import Wav2Vec2Model, build_wav2vec2
    from sonovox.models.wav2vec2.preprocessor import Preprocessor
    from sonovox.models.wav2vec2.pretrained import PretrainedWav2Vec2, load_wav2vec2, save_wav2vec2
    from sonovox.models.wav2vec2.vocabulary import CTCVocabulary

__all__ = [
    "CTCVocabulary",
    "Preprocessor",
    "PretrainedWav2Vec2",
    "Wav2Vec2Config",
    "Wav2Vec2Model",
    "build_wav2vec2",
    "from_fairseq",
    "from_huggingface",
    "from_torchaudio",
    "import_fairseq_model",
    "import_huggingface_model",
    "load_wav2vec2",
    "save_wav2vec2",
    "to_huggingface",
    "wav2vec2_base",
    "wav2vec2_large",
    "wav2vec2_large_lv60k",
    "wav2vec2_model",
    "wav2vec2_xlsr_1b",
    "wav2vec2_xlsr_2b",
    "wav2vec2_xlsr_300m",
]

_MODULES = {
    "config": ("Wav2Vec2Config",),
    "convert": ("from_fairseq", "from_huggingface", "from_torchaudio", "to_huggingface"),
    "factories": tuple(name for name in __all__ if name.startswith("wav2vec2_")),
    "importers": ("import_fairseq_model", "import_huggingface_model"),
    "model": ("Wav2Vec2Model", "build_wav2vec2"),
    "preprocessor": ("Preprocessor",),
    "pretrained": ("PretrainedWav2Vec2", "load_wav2vec2", "save_wav2vec2"),
    "vocabulary": ("CTCVocabulary",),
}
__getattr__ = lazy_names(
    __name__, {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}
)


def __dir__() -> list[str]:
    return sorted(__all__)
