"""One task a file: where models, decoding and audio files meet."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

if TYPE_CHECKING:
    from sonovox.inference.asr import WhisperASR, transcribe
    from sonovox.inference.encoder_asr import EncoderASR
    from sonovox.inference.interface import Pretrained
    from sonovox.inference.load_recogniser import load_recogniser
    from sonovox.inference.model_folder import save_pretrained
    from sonovox.inference.transcript import Segment, Transcript

__all__ = [
    "EncoderASR",
    "Pretrained",
    "Segment",
    "Transcript",
    "WhisperASR",
    "load_recogniser",
    "save_pretrained",
    "transcribe",
]

__getattr__ = lazy_names(
    __name__,
    {
        "EncoderASR": "sonovox.inference.encoder_asr",
        "Pretrained": "sonovox.inference.interface",
        "Segment": "sonovox.inference.transcript",
        "Transcript": "sonovox.inference.transcript",
        "WhisperASR": "sonovox.inference.asr",
        "load_recogniser": "sonovox.inference.load_recogniser",
        "save_pretrained": "sonovox.inference.model_folder",
        "transcribe": "sonovox.inference.asr",
    },
)
