"""Corpora as they lie on disk, made ready for training: one corpus a file."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = [
    "prepare_digit_strings",
    "prepare_fluent_speech_commands",
    "prepare_iemocap",
    "prepare_librispeech",
    "prepare_speaker_folders",
    "prepare_spoken_digits",
    "prepare_timit",
    "read_spoken_digits",
]

if TYPE_CHECKING:
    from sonovox.datasets.fluent_speech_commands import prepare_fluent_speech_commands
    from sonovox.datasets.iemocap import prepare_iemocap
    from sonovox.datasets.librispeech import prepare_librispeech
    from sonovox.datasets.speaker_folders import prepare_speaker_folders
    from sonovox.datasets.spoken_digits import prepare_digit_strings, prepare_spoken_digits, read_spoken_digits
    from sonovox.datasets.timit import prepare_timit

__getattr__ = lazy_names(
    __name__,
    {
        "prepare_digit_strings": "sonovox.datasets.spoken_digits",
        "prepare_fluent_speech_commands": "sonovox.datasets.fluent_speech_commands",
        "prepare_iemocap": "sonovox.datasets.iemocap",
        "prepare_librispeech": "sonovox.datasets.librispeech",
        "prepare_speaker_folders": "sonovox.datasets.speaker_folders",
        "prepare_spoken_digits": "sonovox.datasets.spoken_digits",
        "prepare_timit": "sonovox.datasets.timit",
        "read_spoken_digits": "sonovox.datasets.spoken_digits",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
