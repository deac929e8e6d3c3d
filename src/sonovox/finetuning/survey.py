"""Every recording is read once before training: what can be learnt from, how much it is, and what is left out.

A damaged file that is found after a day of training would cost that day.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sonovox._internal.errors import ArgumentError, SonovoxError
from sonovox.data.audio import read_audio
from sonovox.data.byte_ranges import open_range
from sonovox.finetuning.corpus import Corpus, LeftOut
from sonovox.io.info import info
from sonovox.text import normalize_basic, normalize_letters

__all__ = ["Survey", "normalized", "require_some", "survey"]


@dataclass
class Survey:
    """What a corpus holds.

    Args:
        items: by id, with "audio", "text" as it is learnt, "duration" in seconds; "speaker", "split" where known.
        left_out: what is not learnt from.
        rates: sample rate in Hz -> recordings.
        several_channels: recordings whose channels are averaged.
        dropped: characters that the normalisation took out of the texts -> how often.
    """

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    rates: Counter[int] = field(default_factory=Counter)
    several_channels: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def seconds(self) -> float:
        """Of all recordings."""
        return sum(item["duration"] for item in self.items.values())

    def add_notes(self, other: "Survey") -> None:
        """All that was noted beside the items of another survey."""
        self.left_out += other.left_out
        self.rates += other.rates
        self.several_channels += other.several_channels
        self.dropped += other.dropped


def survey(
    corpus: Corpus, normalize: str, max_seconds: float, frames_of: Callable[[float], int], *, quiet: bool = False
) -> Survey:
    """Read every recording of a corpus, and normalise the texts.

    Args:
        corpus: of `open_corpus`.
        normalize: see `normalized`.
        max_seconds: longer recordings are left out.
        frames_of: how many frames the encoder makes of so many seconds; CTC needs one for each letter.
        quiet: show no progress.
    """
    found = Survey(left_out=list(corpus.left_out))
    texts = {item_id: normalized(item["text"], normalize) for item_id, item in corpus.items.items()}
    with ThreadPoolExecutor(max(1, min(8, os.cpu_count() or 1))) as pool:
        looks = pool.map(lambda item: _look(corpus.sound(item["audio"])), corpus.items.values())
        for (item_id, item), look in zip(corpus.items.items(), _shown(looks, len(corpus.items), quiet), strict=True):
            found.dropped += Counter(item["text"].lower()) - Counter(texts[item_id])
            left = _reason(item_id, texts[item_id], look, max_seconds, frames_of)
            if left is not None or isinstance(look, str):
                found.left_out.append(left or LeftOut(item_id, "unreadable sound", str(look)))
                continue
            found.rates[look.rate] += 1
            found.several_channels += look.channels > 1
            found.items[item_id] = {**item, "text": texts[item_id], "duration": round(look.seconds, 4)}
    for gone in [character for character in found.dropped if character.isspace() or character.isalnum()]:
        del found.dropped[gone]
    return found


def normalized(text: str, how: str) -> str:
    """`text` as it is learnt: see `FinetuneSettings.normalize`; words with single spaces between them in any case.

    >>> normalized(" It’s  HERE! ", "letters"), normalized(" It’s  HERE! ", "none")
    ("it's here", 'It’s HERE!')
    """
    if how == "letters":
        return normalize_letters(text)
    return " ".join((normalize_basic(text, keep_marks=True) if how == "basic" else text).split())


@dataclass(frozen=True)
class _Look:
    seconds: float
    rate: int
    channels: int
    is_finite: bool
    is_silent: bool


def _look(audio: Any) -> _Look | str:
    """What a recording is like, or why it cannot be read."""
    try:
        if isinstance(audio, Mapping) and "array" not in audio:
            rate = info(open_range(audio)).sample_rate
        elif isinstance(audio, str | os.PathLike):
            rate = info(audio).sample_rate
        elif isinstance(audio, Mapping):
            rate = int(audio["sampling_rate"])
        else:
            return f"a path was expected, got {audio!r}"
        samples = read_audio(audio)
    except SonovoxError as error:
        return error.message
    except Exception as error:  # one bad file does not stop the others, whatever is wrong with it
        return f"{type(error).__name__}: {error}"
    channels = 1 if samples.dim() == 1 else samples.shape[1]
    finite = bool(samples.isfinite().all())
    return _Look(len(samples) / rate, rate, channels, finite, not finite or not bool(samples.any()))


def _reason(
    item_id: str, text: str, look: _Look | str, max_seconds: float, frames_of: Callable[[float], int]
) -> LeftOut | None:
    """Why a recording is left out, if it is."""
    if isinstance(look, str):
        return LeftOut(item_id, "unreadable sound", look)
    if not look.is_finite:
        return LeftOut(item_id, "unreadable sound", "NaN or infinite samples")
    if look.seconds == 0 or look.is_silent:
        return LeftOut(item_id, "silence", "all samples are zero" if look.seconds else "no samples")
    if not text:
        return LeftOut(item_id, "empty text")
    if look.seconds > max_seconds:
        return LeftOut(item_id, f"longer than {max_seconds:g} s", f"{look.seconds:.1f} s")
    # A blank stands between two letters that are the same.
    needed = len(text) + sum(before == after for before, after in pairwise(text))
    if (frames := frames_of(look.seconds)) < needed:
        return LeftOut(item_id, "sound too short for its text", f"{frames} frames for {needed} letters")
    return None


def _shown(looks: Iterable[Any], total: int, quiet: bool) -> Iterable[Any]:
    if quiet or not sys.stderr.isatty():
        return looks
    from rich.console import Console
    from rich.progress import track

    return track(looks, "reading recordings", total=total, console=Console(stderr=True), transient=True)


def require_some(found: Survey, corpus: Corpus) -> None:
    """Refuse a corpus of which nothing, or one pair only, can be learnt from.

    Raises:
        ArgumentError: with the first reasons.
    """
    if len(found.items) > 1:
        return
    reasons = Counter(left.kind for left in found.left_out)
    told = ", ".join(f"{count} times {kind}" for kind, count in reasons.most_common()) or "nothing was found"
    some = "; ".join(f"{left.name}: {left.detail or left.kind}" for left in found.left_out[:3])
    raise ArgumentError(
        f"{len(found.items)} pairs of sound and text in {corpus.description}: {told}",
        hint=f"for example {some}" if some else "a text has the name of its sound and the ending .txt",
    )
