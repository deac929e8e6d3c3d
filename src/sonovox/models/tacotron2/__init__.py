"""Tacotron 2: a mel spectrogram from text."""

from sonovox.models.tacotron2.model import Tacotron2
from sonovox.models.tacotron2.speechbrain import SpeechBrainTacotron2

__all__ = ["SpeechBrainTacotron2", "Tacotron2"]
