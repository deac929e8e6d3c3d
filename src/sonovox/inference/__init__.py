"""One task a file: where models, decoding and audio files meet."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

if TYPE_CHECKING:
    from sonovox.inference.asr import WhisperASR, transcribe
    from sonovox.inference.audio_classifier import AudioClassifier
    from sonovox.inference.classify import EncoderClassifier
    from sonovox.inference.detect_speech import VAD
    from sonovox.inference.diarization import Diarization, Diarizer
    from sonovox.inference.encoder_asr import EncoderASR
    from sonovox.inference.encoder_decoder_asr import EncoderDecoderASR
    from sonovox.inference.enhancement import SpectralMaskEnhancement, WaveformEnhancement
    from sonovox.inference.foreign_folders import foreign_class
    from sonovox.inference.hub_upload import push_to_hub
    from sonovox.inference.interface import Pretrained
    from sonovox.inference.load_recogniser import load_recogniser
    from sonovox.inference.mel_encoder import MelSpectrogramEncoder
    from sonovox.inference.model_folder import save_pretrained
    from sonovox.inference.separation import SepformerSeparation
    from sonovox.inference.silero_detector import SileroDetector
    from sonovox.inference.speaker import SpeakerRecognition
    from sonovox.inference.streaming_asr import StreamingASR
    from sonovox.inference.transcript import Segment, Transcript, Word
    from sonovox.inference.tts import HIFIGAN, Tacotron2
    from sonovox.inference.waveform_encoder import WaveformEncoder

__all__ = [
    "AudioClassifier",
    "Diarization",
    "Diarizer",
    "EncoderASR",
    "EncoderClassifier",
    "EncoderDecoderASR",
    "HIFIGAN",
    "MelSpectrogramEncoder",
    "Pretrained",
    "Segment",
    "SepformerSeparation",
    "SileroDetector",
    "SpeakerRecognition",
    "SpectralMaskEnhancement",
    "StreamingASR",
    "Tacotron2",
    "Transcript",
    "VAD",
    "WaveformEncoder",
    "WaveformEnhancement",
    "WhisperASR",
    "Word",
    "foreign_class",
    "load_recogniser",
    "push_to_hub",
    "save_pretrained",
    "transcribe",
]

__getattr__ = lazy_names(
    __name__,
    {
        "AudioClassifier": "sonovox.inference.audio_classifier",
        "Diarization": "sonovox.inference.diarization",
        "Diarizer": "sonovox.inference.diarization",
        "EncoderASR": "sonovox.inference.encoder_asr",
        "EncoderClassifier": "sonovox.inference.classify",
        "EncoderDecoderASR": "sonovox.inference.encoder_decoder_asr",
        "HIFIGAN": "sonovox.inference.tts",
        "MelSpectrogramEncoder": "sonovox.inference.mel_encoder",
        "Pretrained": "sonovox.inference.interface",
        "Segment": "sonovox.inference.transcript",
        "SepformerSeparation": "sonovox.inference.separation",
        "SileroDetector": "sonovox.inference.silero_detector",
        "SpeakerRecognition": "sonovox.inference.speaker",
        "SpectralMaskEnhancement": "sonovox.inference.enhancement",
        "StreamingASR": "sonovox.inference.streaming_asr",
        "Tacotron2": "sonovox.inference.tts",
        "Transcript": "sonovox.inference.transcript",
        "VAD": "sonovox.inference.detect_speech",
        "WaveformEncoder": "sonovox.inference.waveform_encoder",
        "WaveformEnhancement": "sonovox.inference.enhancement",
        "WhisperASR": "sonovox.inference.asr",
        "Word": "sonovox.inference.transcript",
        "foreign_class": "sonovox.inference.foreign_folders",
        "push_to_hub": "sonovox.inference.hub_upload",
        "load_recogniser": "sonovox.inference.load_recogniser",
        "save_pretrained": "sonovox.inference.model_folder",
        "transcribe": "sonovox.inference.asr",
    },
)
