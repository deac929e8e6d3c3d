"""Pretrained encoders from Hugging Face folders as blocks of a pipeline; transformers is not needed."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = ["HuBERT", "SpeechEncoder", "Wav2Vec2", "Wav2Vec2Pretrain", "WavLM", "WeightedSSLModel", "Whisper"]

if TYPE_CHECKING:
    from sonovox.integrations.huggingface.speech_encoder import HuBERT, SpeechEncoder, Wav2Vec2, WavLM
    from sonovox.integrations.huggingface.wav2vec2_pretrain import Wav2Vec2Pretrain
    from sonovox.integrations.huggingface.weighted_ssl import WeightedSSLModel
    from sonovox.integrations.huggingface.whisper import Whisper

__getattr__ = lazy_names(
    __name__,
    {
        "HuBERT": "sonovox.integrations.huggingface.speech_encoder",
        "SpeechEncoder": "sonovox.integrations.huggingface.speech_encoder",
        "Wav2Vec2": "sonovox.integrations.huggingface.speech_encoder",
        "Wav2Vec2Pretrain": "sonovox.integrations.huggingface.wav2vec2_pretrain",
        "WavLM": "sonovox.integrations.huggingface.speech_encoder",
        "WeightedSSLModel": "sonovox.integrations.huggingface.weighted_ssl",
        "Whisper": "sonovox.integrations.huggingface.whisper",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
