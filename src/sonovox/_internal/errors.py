"""The tree of errors.

    SonovoxError
    ├── ArgumentError (ValueError)              an argument that cannot be used
    │   └── ChoiceError                         a name that is not among the known ones
    ├── MissingDependencyError (ImportError)    an optional package is not installed
    ├── WriteError (OSError)                    a file could not be written; the old one still stands
    ├── ArchiveError (ValueError)               a Kaldi archive or its list that cannot be read
    ├── AudioError                              a file of sound
    │   ├── AudioNotFoundError (FileNotFoundError)
    │   ├── UnsupportedAudioError (ValueError)  a format, encoding or shape that cannot be read or written
    │   ├── CorruptAudioError                   the bytes are not what the file says they are
    │   │   └── ShortAudioError                 fewer samples than the header promises
    │   └── NonFiniteAudioError (ValueError)    NaN or infinite samples
    ├── HubError                                fetching files of models and recordings
    │   ├── SourceError (ValueError)            the words that name a source are not understood
    │   ├── NetworkError (ConnectionError)      nothing could be reached
    │   │   └── OfflineError                    network use was switched off
    │   ├── NotInSourceError (LookupError)      the source answers, but does not hold the file
    │   └── IntegrityError                      bytes differ from what they should be
    ├── WeightsError                            weights that do not fit the model, or are not safe to read
    └── DecodingError                           a search that was asked for the impossible

    SonovoxWarning (UserWarning)
    ├── ShortAudioWarning                       a short file was accepted, as the caller asked
    └── ClippingWarning                         samples beyond full scale were limited on writing

An error says what was expected and what came in its message, and what to do in
its hint. `str(error)` gives both; the command prints them on two lines.
"""

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


class SonovoxError(Exception):
    """Every error that sonovox raises on purpose.

    Args:
        message: what was expected and what came, in the caller's words.
        hint: what to do about it; empty when the message says it all.

    >>> str(SonovoxError("rate must be positive, got -1", hint="give it in Hz"))
    'rate must be positive, got -1; give it in Hz'
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class ArgumentError(SonovoxError, ValueError):
    """An argument has a value that cannot be used."""


class ChoiceError(ArgumentError):
    """A name is not among the known ones; the message suggests the nearest."""


class MissingDependencyError(SonovoxError, ImportError):
    """An optional package is needed and not installed; the hint is the pip line."""


class WriteError(SonovoxError, OSError):
    """A file could not be written; what stood at its place before still stands."""


class ArchiveError(SonovoxError, ValueError):
    """A Kaldi archive (ark) or list (scp) cannot be read; the message names the file, the key and the place."""


class AudioError(SonovoxError):
    """A file of sound could not be read or written."""


class AudioNotFoundError(AudioError, FileNotFoundError):
    """There is no such file, or it is a folder."""


class UnsupportedAudioError(AudioError, ValueError):
    """A format, an encoding or a shape that cannot be read or written."""


class CorruptAudioError(AudioError):
    """The bytes are not what the file says they are."""


class ShortAudioError(CorruptAudioError):
    """The file holds fewer samples than its header promises."""


class NonFiniteAudioError(AudioError, ValueError):
    """The samples contain NaN or infinity."""


class HubError(SonovoxError):
    """Files of a model or a recording could not be fetched."""


class SourceError(HubError, ValueError):
    """The words that name a source are not understood."""


class NetworkError(HubError, ConnectionError):
    """Nothing could be reached, or it stopped answering."""


class OfflineError(NetworkError):
    """The file is not in the cache, and network use was switched off."""


class NotInSourceError(HubError, LookupError):
    """The source answers, but does not hold what was asked for."""


class IntegrityError(HubError):
    """Bytes differ from what they should be; the message names both hashes."""


class WeightsError(SonovoxError):
    """Weights do not fit the model, or cannot be read without running code."""


class DecodingError(SonovoxError):
    """A search was asked for something it cannot do."""


class SonovoxWarning(UserWarning):
    """Every warning that sonovox gives on purpose."""


class ShortAudioWarning(SonovoxWarning):
    """A file holds fewer samples than its header promises, and the caller accepted what is there."""


class ClippingWarning(SonovoxWarning):
    """Samples beyond full scale were limited to it on writing."""
