"""What sonovox raises and warns with: a face on `sonovox._internal.errors`, whose docstring draws the tree.

>>> import sonovox
>>> from sonovox.errors import AudioError
>>> try:
...     sonovox.load("nothing.wav")
... except AudioError as error:
...     print(error.message)
there is no file nothing.wav
"""

from sonovox._internal.errors import (
    ArchiveError,
    ArgumentError,
    AudioError,
    AudioNotFoundError,
    ChoiceError,
    ClippingWarning,
    CorruptAudioError,
    DecodingError,
    HubError,
    IntegrityError,
    MissingDependencyError,
    NetworkError,
    NonFiniteAudioError,
    NotInSourceError,
    OfflineError,
    ShortAudioError,
    ShortAudioWarning,
    SonovoxError,
    SonovoxWarning,
    SourceError,
    UnsupportedAudioError,
    WeightsError,
    WriteError,
)

__all__ = [
    "ArchiveError",
    "ArgumentError",
    "AudioError",
    "AudioNotFoundError",
    "ChoiceError",
    "ClippingWarning",
    "CorruptAudioError",
    "DecodingError",
    "HubError",
    "IntegrityError",
    "MissingDependencyError",
    "NetworkError",
    "NonFiniteAudioError",
    "NotInSourceError",
    "OfflineError",
    "ShortAudioError",
    "ShortAudioWarning",
    "SonovoxError",
    "SonovoxWarning",
    "SourceError",
    "UnsupportedAudioError",
    "WeightsError",
    "WriteError",
]
