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
    │   ├── IntegrityError                      bytes differ from what they should be
    │   └── UntrustedCodeError                  a folder wants its own code to be run
    ├── DataError                               items of a corpus: their description, computation and batches
    │   ├── UnknownKeyError (KeyError)          a key, a label or an index that is not there
    │   ├── ItemError                           an item could not be computed; names the item, the key and the function
    │   ├── QuarantineError                     too many items could not be read
    │   └── WorkerError                         processes that load items died or hung again and again
    ├── CheckpointError                         checkpoints that cannot be made, chosen or read
    ├── WeightsError                            weights that do not fit the model, or are not safe to read
    ├── HParamsError (ValueError)               a YAML file of hyperparameters; told with file, line and key
    ├── DecodingError                           a search that was asked for the impossible
    └── TrainingError                           training that cannot go on
        ├── NonFiniteTrainingError              losses or gradients stay NaN or infinite
        └── TrainingInterruptedError            a signal ended it; the state was saved

    SonovoxWarning (UserWarning)
    ├── ShortAudioWarning                       a short file was accepted, as the caller asked
    ├── CheckpointWarning                       a checkpoint was passed over, or written late
    ├── WorkerWarning                           a process that loads items died or hung; others took over
    └── ClippingWarning                         samples beyond full scale were limited on writing

An error says what was expected and what came in its message, and what to do in
its hint. `str(error)` gives both; the command prints them on two lines.
"""

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
    "TrainingError",
    "TrainingInterruptedError",
    "UnknownKeyError",
    "UnsupportedAudioError",
    "UntrustedCodeError",
    "WeightsError",
    "WorkerError",
    "WorkerWarning",
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


class UntrustedCodeError(HubError):
    """A folder wants its own code to be run, and the caller did not say that exactly this code is trusted."""


class DataError(SonovoxError):
    """Items of a corpus cannot be described, computed or put into a batch."""


class UnknownKeyError(DataError, KeyError):
    """A key, a label or an index is not there; the hint suggests the nearest."""


class ItemError(DataError):
    """An item could not be computed; the cause is chained.

    Attributes:
        item_id: of the item.
        key: that was being computed.
        function: that computed it, or read it.
    """

    def __init__(self, message: str, *, hint: str = "", item_id: str = "", key: str = "", function: str = "") -> None:
        super().__init__(message, hint=hint)
        self.item_id = item_id
        self.key = key
        self.function = function


class QuarantineError(DataError):
    """More items than allowed could not be read; the message lists the first and tells how many there are."""


class WorkerError(DataError):
    """Processes that load items died or hung again and again; the message names them and the items they had."""


class CheckpointError(SonovoxError):
    """A checkpoint cannot be made, chosen or read; the message names each that was tried and what is wrong with it."""


class WeightsError(SonovoxError):
    """Weights do not fit the model, or cannot be read without running code."""


class HParamsError(SonovoxError, ValueError):
    """A YAML file of hyperparameters cannot be read, or asks for something it may not have.

    Args:
        message: what was expected and what came.
        hint: what to do about it.
        file: the file, or what stands for it.
        line: counted from 1; 0 where there is none.
        key: the path of the key, such as `model.layers[0]`.

    >>> str(HParamsError("expected a number, got 'x'", file="train.yaml", line=3, key="lr"))
    "train.yaml:3: lr: expected a number, got 'x'"
    """

    def __init__(self, message: str, *, hint: str = "", file: str = "", line: int = 0, key: str = "") -> None:
        place = f"{file}:{line}" if file and line else file
        super().__init__(": ".join(filter(None, (place, key, message))), hint=hint)
        self.file = file
        self.line = line
        self.key = key


class DecodingError(SonovoxError):
    """A search was asked for something it cannot do."""


class TrainingError(SonovoxError):
    """Training cannot go on."""


class NonFiniteTrainingError(TrainingError):
    """Losses or gradients were NaN or infinite too often in a row; the message names the items."""


class TrainingInterruptedError(TrainingError):
    """A signal ended training after the step and its checkpoint; `exit_code` is what a shell expects for it."""

    def __init__(self, message: str, *, hint: str = "", exit_code: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


class SonovoxWarning(UserWarning):
    """Every warning that sonovox gives on purpose."""


class ShortAudioWarning(SonovoxWarning):
    """A file holds fewer samples than its header promises, and the caller accepted what is there."""


class CheckpointWarning(SonovoxWarning):
    """A checkpoint was passed over, was not finite, or was written later than it should have been."""


class WorkerWarning(SonovoxWarning):
    """A process that loads items died or hung; others went on from the same position."""


class ClippingWarning(SonovoxWarning):
    """Samples beyond full scale were limited to it on writing."""
