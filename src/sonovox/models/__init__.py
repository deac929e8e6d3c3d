"""Model families: weights from anywhere, each in a file or a folder of its own."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = [
    "CRDNN",
    "ConvBlock",
    "ConvolutionFrontEnd",
    "ECAPA_TDNN",
    "EncoderWrapper",
    "EnhancementGenerator",
    "RNNLM",
    "SepformerWrapper",
    "TransformerASR",
    "TransformerASRStreamingContext",
    "TransformerLM",
    "VanillaNN",
    "Xvector",
]

if TYPE_CHECKING:
    from sonovox.models.convolution_front_end import ConvBlock, ConvolutionFrontEnd
    from sonovox.models.crdnn import CRDNN
    from sonovox.models.dual_path import SepformerWrapper
    from sonovox.models.ecapa_tdnn import ECAPA_TDNN
    from sonovox.models.encoder_wrapper import EncoderWrapper
    from sonovox.models.metricgan import EnhancementGenerator
    from sonovox.models.rnnlm import RNNLM
    from sonovox.models.transformer_asr import TransformerASR, TransformerASRStreamingContext
    from sonovox.models.transformer_lm import TransformerLM
    from sonovox.models.vanilla_nn import VanillaNN
    from sonovox.models.xvector import Xvector

__getattr__ = lazy_names(
    __name__,
    {
        "CRDNN": "sonovox.models.crdnn",
        "ConvBlock": "sonovox.models.convolution_front_end",
        "ConvolutionFrontEnd": "sonovox.models.convolution_front_end",
        "ECAPA_TDNN": "sonovox.models.ecapa_tdnn",
        "EncoderWrapper": "sonovox.models.encoder_wrapper",
        "EnhancementGenerator": "sonovox.models.metricgan",
        "RNNLM": "sonovox.models.rnnlm",
        "SepformerWrapper": "sonovox.models.dual_path",
        "TransformerASR": "sonovox.models.transformer_asr",
        "TransformerASRStreamingContext": "sonovox.models.transformer_asr",
        "TransformerLM": "sonovox.models.transformer_lm",
        "VanillaNN": "sonovox.models.vanilla_nn",
        "Xvector": "sonovox.models.xvector",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
