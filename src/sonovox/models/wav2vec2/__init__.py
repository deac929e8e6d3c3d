"""wav2vec 2.0, and what HuBERT and WavLM share with it: speech to frames of 20 ms, learnt without labels."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

if TYPE_CHECKING:
    from sonovox.models.wav2vec2.config import Wav2Vec2Config
    from sonovox.models.wav2vec2.convert import (
        from_fairseq,
        from_huggingface,
        from_torchaudio,
        pretraining_from_fairseq,
        pretraining_from_huggingface,
        pretraining_to_huggingface,
        to_huggingface,
    )
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
    from sonovox.models.wav2vec2.latent_encoder import EncoderWrapper
    from sonovox.models.wav2vec2.latent_extractor import W2VLatentExtractor
    from sonovox.models.wav2vec2.model import Wav2Vec2Model, build_wav2vec2
    from sonovox.models.wav2vec2.preprocessor import Preprocessor
    from sonovox.models.wav2vec2.pretrained import PretrainedWav2Vec2, load_wav2vec2, save_wav2vec2
    from sonovox.models.wav2vec2.pretraining import (
        Wav2Vec2PretrainingConfig,
        Wav2Vec2PretrainModel,
        Wav2Vec2PretrainOutput,
    )
    from sonovox.models.wav2vec2.pretraining_folder import load_wav2vec2_pretraining, save_wav2vec2_pretraining
    from sonovox.models.wav2vec2.pretraining_masks import compute_mask, sample_negatives, w2v_mask_collate_fn
    from sonovox.models.wav2vec2.target_quantiser import W2VTargetQuantiser
    from sonovox.models.wav2vec2.vocabulary import CTCVocabulary

__all__ = [
    "CTCVocabulary",
    "EncoderWrapper",
    "Preprocessor",
    "PretrainedWav2Vec2",
    "W2VLatentExtractor",
    "W2VTargetQuantiser",
    "Wav2Vec2Config",
    "Wav2Vec2Model",
    "Wav2Vec2PretrainModel",
    "Wav2Vec2PretrainOutput",
    "Wav2Vec2PretrainingConfig",
    "build_wav2vec2",
    "compute_mask",
    "from_fairseq",
    "from_huggingface",
    "from_torchaudio",
    "import_fairseq_model",
    "import_huggingface_model",
    "load_wav2vec2",
    "load_wav2vec2_pretraining",
    "pretraining_from_fairseq",
    "pretraining_from_huggingface",
    "pretraining_to_huggingface",
    "sample_negatives",
    "save_wav2vec2",
    "save_wav2vec2_pretraining",
    "to_huggingface",
    "w2v_mask_collate_fn",
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
    "convert": (
        "from_fairseq",
        "from_huggingface",
        "from_torchaudio",
        "pretraining_from_fairseq",
        "pretraining_from_huggingface",
        "pretraining_to_huggingface",
        "to_huggingface",
    ),
    "factories": tuple(name for name in __all__ if name.startswith("wav2vec2_")),
    "importers": ("import_fairseq_model", "import_huggingface_model"),
    "latent_encoder": ("EncoderWrapper",),
    "latent_extractor": ("W2VLatentExtractor",),
    "model": ("Wav2Vec2Model", "build_wav2vec2"),
    "preprocessor": ("Preprocessor",),
    "pretrained": ("PretrainedWav2Vec2", "load_wav2vec2", "save_wav2vec2"),
    "pretraining": ("Wav2Vec2PretrainModel", "Wav2Vec2PretrainOutput", "Wav2Vec2PretrainingConfig"),
    "pretraining_folder": ("load_wav2vec2_pretraining", "save_wav2vec2_pretraining"),
    "pretraining_masks": ("compute_mask", "sample_negatives", "w2v_mask_collate_fn"),
    "target_quantiser": ("W2VTargetQuantiser",),
    "vocabulary": ("CTCVocabulary",),
}
__getattr__ = lazy_names(
    __name__, {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}
)


def __dir__() -> list[str]:
    return sorted(__all__)
