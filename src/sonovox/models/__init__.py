"""Model families: weights from anywhere, each in a file or a folder of its own."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = [
    "CRDNN",
    "ConvBlock",
    "ConvTasNet",
    "ConvolutionFrontEnd",
    "DeepSpeech",
    "ECAPA_TDNN",
    "EncoderWrapper",
    "EnhanceResnet",
    "EnhancementGenerator",
    "HifiganGenerator",
    "HuBERTPretrainModel",
    "RNNLM",
    "SepformerWrapper",
    "SileroVAD",
    "Tacotron2",
    "TransformerASR",
    "TransformerASRStreamingContext",
    "TransformerLM",
    "VanillaNN",
    "Wav2Letter",
    "Wav2Vec2Model",
    "WaveRNN",
    "Xvector",
    "hubert_base",
    "hubert_large",
    "hubert_xlarge",
    "wav2vec2_base",
    "wav2vec2_large",
    "wav2vec2_large_lv60k",
    "wav2vec2_model",
    "wav2vec2_xlsr_1b",
    "wav2vec2_xlsr_2b",
    "wav2vec2_xlsr_300m",
    "wavlm_base",
    "wavlm_large",
    "wavlm_model",
]

if TYPE_CHECKING:
    from sonovox.models.conv_tasnet_skip import ConvTasNet
    from sonovox.models.convolution_front_end import ConvBlock, ConvolutionFrontEnd
    from sonovox.models.crdnn import CRDNN
    from sonovox.models.deepspeech import DeepSpeech
    from sonovox.models.dual_path import SepformerWrapper
    from sonovox.models.ecapa_tdnn import ECAPA_TDNN
    from sonovox.models.encoder_wrapper import EncoderWrapper
    from sonovox.models.enhance_resnet import EnhanceResnet
    from sonovox.models.hifigan import HifiganGenerator
    from sonovox.models.hubert import HuBERTPretrainModel, hubert_base, hubert_large, hubert_xlarge
    from sonovox.models.metricgan import EnhancementGenerator
    from sonovox.models.rnnlm import RNNLM
    from sonovox.models.silero_vad import SileroVAD
    from sonovox.models.tacotron2 import Tacotron2
    from sonovox.models.transformer_asr import TransformerASR, TransformerASRStreamingContext
    from sonovox.models.transformer_lm import TransformerLM
    from sonovox.models.vanilla_nn import VanillaNN
    from sonovox.models.wav2letter import Wav2Letter
    from sonovox.models.wav2vec2 import (
        Wav2Vec2Model,
        wav2vec2_base,
        wav2vec2_large,
        wav2vec2_large_lv60k,
        wav2vec2_model,
        wav2vec2_xlsr_1b,
        wav2vec2_xlsr_2b,
        wav2vec2_xlsr_300m,
    )
    from sonovox.models.wavernn import WaveRNN
    from sonovox.models.wavlm import wavlm_base, wavlm_large, wavlm_model
    from sonovox.models.xvector import Xvector

__getattr__ = lazy_names(
    __name__,
    {
        "CRDNN": "sonovox.models.crdnn",
        "ConvBlock": "sonovox.models.convolution_front_end",
        "ConvTasNet": "sonovox.models.conv_tasnet_skip",
        "ConvolutionFrontEnd": "sonovox.models.convolution_front_end",
        "DeepSpeech": "sonovox.models.deepspeech",
        "ECAPA_TDNN": "sonovox.models.ecapa_tdnn",
        "EncoderWrapper": "sonovox.models.encoder_wrapper",
        "EnhanceResnet": "sonovox.models.enhance_resnet",
        "EnhancementGenerator": "sonovox.models.metricgan",
        "HifiganGenerator": "sonovox.models.hifigan",
        "HuBERTPretrainModel": "sonovox.models.hubert",
        "RNNLM": "sonovox.models.rnnlm",
        "SepformerWrapper": "sonovox.models.dual_path",
        "SileroVAD": "sonovox.models.silero_vad",
        "Tacotron2": "sonovox.models.tacotron2",
        "TransformerASR": "sonovox.models.transformer_asr",
        "TransformerASRStreamingContext": "sonovox.models.transformer_asr",
        "TransformerLM": "sonovox.models.transformer_lm",
        "VanillaNN": "sonovox.models.vanilla_nn",
        "Wav2Letter": "sonovox.models.wav2letter",
        "Wav2Vec2Model": "sonovox.models.wav2vec2",
        "WaveRNN": "sonovox.models.wavernn",
        "Xvector": "sonovox.models.xvector",
        "hubert_base": "sonovox.models.hubert",
        "hubert_large": "sonovox.models.hubert",
        "hubert_xlarge": "sonovox.models.hubert",
        "wav2vec2_base": "sonovox.models.wav2vec2",
        "wav2vec2_large": "sonovox.models.wav2vec2",
        "wav2vec2_large_lv60k": "sonovox.models.wav2vec2",
        "wav2vec2_model": "sonovox.models.wav2vec2",
        "wav2vec2_xlsr_1b": "sonovox.models.wav2vec2",
        "wav2vec2_xlsr_2b": "sonovox.models.wav2vec2",
        "wav2vec2_xlsr_300m": "sonovox.models.wav2vec2",
        "wavlm_base": "sonovox.models.wavlm",
        "wavlm_large": "sonovox.models.wavlm",
        "wavlm_model": "sonovox.models.wavlm",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
