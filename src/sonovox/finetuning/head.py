"""Whether the head of an encoder that was fine-tuned before is kept: where it can write the texts at hand."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sonovox._internal.errors import ArgumentError
from sonovox.finetuning.encoder import EncoderDescription
from sonovox.models.wav2vec2.vocabulary import CTCVocabulary

__all__ = ["HeadChoice", "choose_head"]

NAMED = 6  # of the characters that are lacking
CASES: dict[str, Callable[[str], str]] = {"": str, " in capitals": str.upper, " in small letters": str.lower}


@dataclass(frozen=True)
class HeadChoice:
    """What was decided.

    Args:
        is_kept: whether the encoder's own head and labels stay.
        reason: for the person who reads the report.
        case: brings a text into the letters of the head.
        lacking: text that the head cannot write -> characters that it lacks; only where it is kept all the same.
    """

    is_kept: bool
    reason: str
    case: Callable[[str], str] = str
    lacking: Mapping[str, str] = field(default_factory=dict)


def choose_head(encoder: EncoderDescription, texts: Mapping[str, str], keep: bool | None) -> HeadChoice:
    """Keep the head of an encoder, or not.

    Args:
        encoder: with the vocabulary of its head, if it has one.
        texts: by id.
        keep: as of `FinetuneSettings.keep_head`.

    Raises:
        ArgumentError: it shall be kept and there is none, or none that can be used.
    """
    vocabulary = encoder.vocabulary
    if vocabulary is None:
        reason = f"that of the encoder cannot be used: {encoder.defect}" if encoder.defect else "the encoder has none"
        if keep:
            raise ArgumentError(f"there is no head to keep: {reason}", hint="without --keep-head a new one is made")
        return HeadChoice(False, f"new, as {reason}" if not encoder.defect else f"new; {reason}")
    size = len(vocabulary.labels)
    if keep is False:
        return HeadChoice(False, f"new, as asked for; the encoder's own of {size} labels is thrown away")
    word, lacking = _best_case(vocabulary, texts)
    share = f"{len(lacking):,} of {len(texts):,} texts"
    if not lacking or keep:
        left = f"; {share} are left out for characters that it lacks: {_told(lacking)}" if lacking else ""
        turned = f", and texts are learnt{word}" if word else ""
        return HeadChoice(True, f"kept, with its {size} labels{turned}{left}", CASES[word], lacking)
    return HeadChoice(
        False,
        f"new; the encoder's own of {size} labels is thrown away, as it lacks {_told(lacking)} ({share}); "
        "--keep-head keeps it, and leaves those texts out",
    )


def _best_case(vocabulary: CTCVocabulary, texts: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The case in which the fewest texts lack a label, and these texts with what they lack."""
    writable = {label for label in vocabulary.labels if label not in vocabulary.special}
    writable = {" " if label == vocabulary.word_delimiter else label for label in writable}
    found: dict[str, dict[str, str]] = {}
    for word, turn in CASES.items():
        missing = {name: "".join(sorted(set(turn(text)) - writable)) for name, text in texts.items()}
        found[word] = {name: characters for name, characters in missing.items() if characters}
        if not found[word]:
            break
    best = min(found, key=lambda word: len(found[word]))
    return best, found[best]


def _told(lacking: Mapping[str, str]) -> str:
    counts = Counter(character for characters in lacking.values() for character in characters)
    shown = " ".join(
        "the space between words" if character == " " else character for character, _ in counts.most_common(NAMED)
    )
    return shown + (f" and {len(counts) - NAMED} more" if len(counts) > NAMED else "")
