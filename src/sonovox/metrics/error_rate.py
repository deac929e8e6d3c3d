"""Word and character error rate: edits that a transcript needs, per word or character of what was said."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sonovox._internal.errors import ArgumentError
from sonovox.text.edit_distance import EditCounts, count_operations, edit_operations

__all__ = ["ErrorRate", "character_error_rate", "word_error_rate"]

Normalizer = Callable[[str], str]


@dataclass(frozen=True)
class ErrorRate:
    """The error rate of a set of utterances, with what it is made of.

    Attributes:
        counts: edits of all utterances together.
        n_utterances: how many utterances there are.
        n_wrong_utterances: how many of them have an error.
        unit: what is counted, "word" or "character".

    `str()` gives the line for a log: the rate in percent, and the counts.
    """

    counts: EditCounts = field(default_factory=EditCounts)
    n_utterances: int = 0
    n_wrong_utterances: int = 0
    unit: str = "word"

    @property
    def rate(self) -> float:
        """Errors per symbol of the reference: 0 is perfect, and insertions can bring it above 1.

        References that are all empty give 0 when the hypotheses are empty too,
        and infinity otherwise.
        """
        if self.counts.n_reference == 0:
            return math.inf if self.counts.errors else 0.0
        return self.counts.errors / self.counts.n_reference

    @property
    def utterance_rate(self) -> float:
        """The part of utterances that have an error, 0 to 1; 0 where there are none."""
        return self.n_wrong_utterances / max(self.n_utterances, 1)

    def __str__(self) -> str:
        counts = self.counts
        return (
            f"{100 * self.rate:.2f} % ({counts.errors} errors in {counts.n_reference} {self.unit}s: "
            f"{counts.substitutions} substitutions, {counts.deletions} deletions, {counts.insertions} insertions; "
            f"{self.n_wrong_utterances} of {self.n_utterances} utterances wrong)"
        )


def word_error_rate(
    references: str | Sequence[str], hypotheses: str | Sequence[str], *, normalize: Normalizer | None = None
) -> ErrorRate:
    """The word error rate of `hypotheses`, over all utterances together.

    Edits and words are summed before they are divided, so that long utterances
    weigh more than short ones. Words are what white space separates. An empty
    reference adds the words of its hypothesis as insertions.

    Args:
        references: what was said, a text for each utterance, or one text.
        hypotheses: what was recognised, in the same order.
        normalize: applied to every text first, such as `normalize_english`.

    Raises:
        ArgumentError: when there are not as many hypotheses as references.

    >>> print(word_error_rate(["the cat sat", "hello"], ["a cat sat down", "hello"]))
    50.00 % (2 errors in 4 words: 1 substitutions, 0 deletions, 1 insertions; 1 of 2 utterances wrong)
    >>> word_error_rate("Hello, World", "hello world", normalize=lambda text: text.lower().replace(",", "")).rate
    0.0
    """
    return _error_rate(references, hypotheses, normalize, str.split, "word")


def character_error_rate(
    references: str | Sequence[str], hypotheses: str | Sequence[str], *, normalize: Normalizer | None = None
) -> ErrorRate:
    """The character error rate of `hypotheses`, over all utterances together.

    Spaces between words are characters like others; runs of white space count as
    one space, and those at the ends as none. For the rest see `word_error_rate`.

    >>> print(f'{character_error_rate("the cat", "the  bat ").rate:.4f}')
    0.1429
    """
    return _error_rate(references, hypotheses, normalize, lambda text: " ".join(text.split()), "character")


def _error_rate(
    references: str | Sequence[str],
    hypotheses: str | Sequence[str],
    normalize: Normalizer | None,
    symbols: Callable[[str], Sequence[str]],
    unit: str,
) -> ErrorRate:
    references = [references] if isinstance(references, str) else references
    hypotheses = [hypotheses] if isinstance(hypotheses, str) else hypotheses
    if len(references) != len(hypotheses):
        raise ArgumentError(
            f"hypotheses must be as many as references, {len(references)}, got {len(hypotheses)}",
            hint="give an empty text where nothing was recognised",
        )
    operations: list[tuple[str, int, int]] = []
    n_reference = n_wrong = 0
    for reference, hypothesis in zip(references, hypotheses, strict=True):
        if normalize is not None:
            reference, hypothesis = normalize(reference), normalize(hypothesis)
        said, recognised = symbols(reference), symbols(hypothesis)
        edits = edit_operations(said, recognised)
        operations += edits
        n_reference += len(said)
        n_wrong += bool(edits)
    return ErrorRate(
        counts=count_operations(operations, n_reference),
        n_utterances=len(references),
        n_wrong_utterances=n_wrong,
        unit=unit,
    )
