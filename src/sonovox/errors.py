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
    CheckpointError,
    CheckpointWarning,
    ChoiceError,
    ClippingWarning,
    CorruptAudioError,
    DataError,
    DecodingError,
    HParamsError,
    HubError,
    IntegrityError,
    ItemError,
    MissingDependencyError,
    NetworkError,
    NonFiniteAudioError,
    NonFiniteTrainingError,
    NotInSourceError,
    OfflineError,
    QuarantineError,
    ShortAudioError,
    ShortAudioWarning,
    SonovoxError,
    SonovoxWarning,
    SourceError,
    TrainingInterruptedError,
    UnknownKeyError,
    UnsupportedAudioError,
    WeightsError,
    WorkerError,
    WorkerWarning,
    WriteError,
)

__all__ = [
    "ArchiveError",
    "ArgumentError",
    "AudioError",
    "AudioNotFoundError",
    "CheckpointError",
    "CheckpointWarning",
    "ChoiceError",
    "ClippingWarning",
    "CorruptAudioError",
    "DataError",
    "DecodingError",
    "HParamsError",
    "HubError",
    "IntegrityError",
    "ItemError",
    "MissingDependencyError",
    "NetworkError",
    "NonFiniteAudioError",
    "NonFiniteTrainingError",
    "NotInSourceError",
    "OfflineError",
    "QuarantineError",
    "ShortAudioError",
    "ShortAudioWarning",
    "SonovoxError",
    "SonovoxWarning",
    "SourceError",
    "TrainingInterruptedError",
    "UnknownKeyError",
    "UnsupportedAudioError",
    "WeightsError",
    "WorkerError",
    "WorkerWarning",
    "WriteError",
]
