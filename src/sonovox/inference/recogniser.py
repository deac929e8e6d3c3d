"""What every recogniser of speech can do, whatever model is inside; the command works with any of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sonovox.inference.mono_audio import Audio
from sonovox.inference.transcript import Segment

__all__ = ["Recogniser", "TranscribedPart"]


@dataclass(frozen=True)
class TranscribedPart:
    """What one stretch of one recording gave.

    Args:
        index: which recording.
        segments: those that are new.
        seconds: how much of the recording is done.
        duration: of the whole recording, in seconds.
        language: code; None before it was detected, and where the model does not tell.
    """

    index: int
    segments: tuple[Segment, ...]
    seconds: float
    duration: float
    language: str | None


class Recogniser(Protocol):
    """A model that turns recordings into segments of text."""

    @property
    def has_times(self) -> bool:
        """Whether segments begin and end where the model heard them, and not where the recording was cut."""

    def check(self, options: dict[str, Any]) -> object:
        """Refuse options that the model does not have or cannot use, before any work.

        Raises:
            ArgumentError: naming the option.
        """

    def parts(
        self, audios: Sequence[Audio], *, sample_rate: int | None = None, **options: Any
    ) -> Iterator[TranscribedPart]:
        """Segments as they are found; for each recording first a part without segments, when it was opened."""
