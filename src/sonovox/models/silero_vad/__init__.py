"""Silero VAD: a small detector of speech with published weights."""

from sonovox.models.silero_vad.model import SileroVAD, State
from sonovox.models.silero_vad.pretrained import SHA256, SOURCE, load_silero_vad

__all__ = ["SHA256", "SOURCE", "SileroVAD", "State", "load_silero_vad"]
