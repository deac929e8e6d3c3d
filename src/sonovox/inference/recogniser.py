"""What every recogniser of speech can do, whatever model is inside; the command works with any of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sonovox.inference.mono_audio import Audio
from sonovox.inference.transcript import Segment, Transcript

__all__ = ["Recogniser", "TranscribedPart", "transcript_of"]


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


def transcript_of(parts: Iterable[TranscribedPart]) -> Transcript:
    """The transcript of one recording from its parts, of which there is at least one.

    >>> part = TranscribedPart(0, (Segment(0.0, 1.0, "hello"),), seconds=1.0, duration=1.5, language="en")
    >>> transcript_of([part])
    Transcript(segments=(Segment(start=0.0, end=1.0, text='hello', ...),), language='en', duration=1.5)
    """
    found = list(parts)
    segments = tuple(segment for part in found for segment in part.segments)
    return Transcript(segments, language=found[-1].language, duration=found[-1].duration)
