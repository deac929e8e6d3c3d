"""The blocks as YAML files name them, with what the name alone decides.

A model folder is a stranger's: there blocks are built without their models, which
`inference` opens from places that a stranger may name. And SpeechBrain's names
stand for blocks that give SpeechBrain's numbers.
"""

from sonovox.integrations.huggingface.source import PretrainedBlock
from sonovox.integrations.huggingface.speech_encoder import HuBERT, Wav2Vec2, WavLM
from sonovox.integrations.huggingface.wav2vec2_pretrain import Wav2Vec2Pretrain
from sonovox.integrations.huggingface.weighted_ssl import WeightedSSLModel
from sonovox.integrations.huggingface.whisper import Whisper

__all__ = [
    "HuBERT",
    "SpeechBrainHuBERT",
    "SpeechBrainWav2Vec2",
    "SpeechBrainWav2Vec2Pretrain",
    "SpeechBrainWavLM",
    "SpeechBrainWeightedSSLModel",
    "SpeechBrainWhisper",
    "UnopenedHuBERT",
    "UnopenedSpeechBrainHuBERT",
    "UnopenedSpeechBrainWav2Vec2",
    "UnopenedSpeechBrainWav2Vec2Pretrain",
    "UnopenedSpeechBrainWavLM",
    "UnopenedSpeechBrainWeightedSSLModel",
    "UnopenedSpeechBrainWhisper",
    "UnopenedWav2Vec2",
    "UnopenedWav2Vec2Pretrain",
    "UnopenedWavLM",
    "UnopenedWeightedSSLModel",
    "UnopenedWhisper",
    "Wav2Vec2",
    "Wav2Vec2Pretrain",
    "WavLM",
    "WeightedSSLModel",
    "Whisper",
]


def _variant(block: type[PretrainedBlock], **settings: bool) -> type[PretrainedBlock]:
    """A class that differs from `block` in nothing but these class attributes."""
    return type(block.__name__, (block,), {"__doc__": block.__doc__, "__module__": __name__, **settings})


SpeechBrainHuBERT = _variant(HuBERT, as_speechbrain=True)
SpeechBrainWav2Vec2 = _variant(Wav2Vec2, as_speechbrain=True)
SpeechBrainWav2Vec2Pretrain = _variant(Wav2Vec2Pretrain, as_speechbrain=True)
SpeechBrainWavLM = _variant(WavLM, as_speechbrain=True)
SpeechBrainWeightedSSLModel = _variant(WeightedSSLModel, as_speechbrain=True)
SpeechBrainWhisper = _variant(Whisper, as_speechbrain=True)

UnopenedHuBERT = _variant(HuBERT, opens_itself=False)
UnopenedWav2Vec2 = _variant(Wav2Vec2, opens_itself=False)
UnopenedWav2Vec2Pretrain = _variant(Wav2Vec2Pretrain, opens_itself=False)
UnopenedWavLM = _variant(WavLM, opens_itself=False)
UnopenedWeightedSSLModel = _variant(WeightedSSLModel, opens_itself=False)
UnopenedWhisper = _variant(Whisper, opens_itself=False)

UnopenedSpeechBrainHuBERT = _variant(HuBERT, as_speechbrain=True, opens_itself=False)
UnopenedSpeechBrainWav2Vec2 = _variant(Wav2Vec2, as_speechbrain=True, opens_itself=False)
UnopenedSpeechBrainWav2Vec2Pretrain = _variant(Wav2Vec2Pretrain, as_speechbrain=True, opens_itself=False)
UnopenedSpeechBrainWavLM = _variant(WavLM, as_speechbrain=True, opens_itself=False)
UnopenedSpeechBrainWeightedSSLModel = _variant(WeightedSSLModel, as_speechbrain=True, opens_itself=False)
UnopenedSpeechBrainWhisper = _variant(Whisper, as_speechbrain=True, opens_itself=False)
