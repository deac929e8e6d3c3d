"""Whisper: speech to text, in its own language or in English."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = [
    "PRETRAINED",
    "Whisper",
    "WhisperConfig",
    "WhisperTokenizer",
    "load_whisper",
    "save_whisper",
]

if TYPE_CHECKING:
    from sonovox.models.whisper.config import WhisperConfig
    from sonovox.models.whisper.folder import save_whisper
    from sonovox.models.whisper.model import Whisper
    from sonovox.models.whisper.pretrained import PRETRAINED, load_whisper
    from sonovox.models.whisper.tokenizer import WhisperTokenizer

# The list of models is shown without loading torch.
__getattr__ = lazy_names(
    __name__,
    {
        "PRETRAINED": "sonovox.models.whisper.pretrained",
        "Whisper": "sonovox.models.whisper.model",
        "WhisperConfig": "sonovox.models.whisper.config",
        "WhisperTokenizer": "sonovox.models.whisper.tokenizer",
        "load_whisper": "sonovox.models.whisper.pretrained",
        "save_whisper": "sonovox.models.whisper.folder",
    },
)
