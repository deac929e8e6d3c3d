"""N-gram language models, read from ARPA files.

The format is that of SRILM's `ngram-format(5)`; backing off is Katz, "Estimation of
probabilities from sparse data", IEEE TASSP 1987.
"""

import gzip
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sonovox._internal.errors import DecodingError

__all__ = ["NGramLanguageModel"]

_LN_10 = math.log(10.0)
# Probability of a word that is not listed, where the model does not list `<unk>` either.
_NEVER = -100.0 * _LN_10


@dataclass(frozen=True)
class NGramLanguageModel:
    """Probabilities of words after words.

    Attributes:
        order: words that an n-gram has at most.
        ngrams: natural logarithms of the probability and of the back-off weight of each n-gram.

    >>> model = NGramLanguageModel(2, {("a",): (-1.0, -0.5), ("b",): (-2.0, 0.0), ("a", "b"): (-0.1, 0.0)})
    >>> model.score(("a",), "b"), model.score(("a",), "a")
    (-0.1, -1.5)
    """

    order: int
    ngrams: dict[tuple[str, ...], tuple[float, float]]

    @classmethod
    def from_arpa(cls, path: str | Path) -> "NGramLanguageModel":
        """The model of an ARPA file, which may be packed with gzip.

        Raises:
            DecodingError: a file that is none, or that ends early; told with the line.
        """
        path = Path(path)
        with _open(path) as lines:
            return _parse(path, lines)

    @property
    def start(self) -> tuple[str, ...]:
        """What is known before the first word of a sentence."""
        return self.context((), "<s>")

    def __contains__(self, word: str) -> bool:
        return (word,) in self.ngrams

    def score(self, context: tuple[str, ...], word: str) -> float:
        """Log-probability of `word` (`</s>` for the end) after `context`; words that are not listed are `<unk>`."""
        if (word,) not in self.ngrams:
            word = "<unk>"
        backed_off = 0.0
        for first in range(max(0, len(context) - self.order + 1), len(context)):
            found = self.ngrams.get((*context[first:], word))
            if found is not None:
                return backed_off + found[0]
            backed_off += self.ngrams.get(context[first:], (0.0, 0.0))[1]
        return backed_off + self.ngrams.get((word,), (_NEVER, 0.0))[0]

    def context(self, context: tuple[str, ...], word: str) -> tuple[str, ...]:
        """What of `context` and `word` matters for the next word: the longest end that begins an n-gram."""
        if (word,) not in self.ngrams:
            word = "<unk>"
        words = (*context, word)[max(0, len(context) + 2 - self.order) :]
        while words and words not in self.ngrams:
            words = words[1:]
        return words if self.order > 1 else ()

    def score_sentence(self, words: Iterable[str]) -> float:
        """Log-probability of a sentence, its start and end included.

        >>> model = NGramLanguageModel(1, {("a",): (-1.0, 0.0), ("</s>",): (-0.5, 0.0), ("<s>",): (0.0, 0.0)})
        >>> model.score_sentence(["a", "a"])
        -2.5
        """
        total, context = 0.0, self.start
        for word in (*words, "</s>"):
            total += self.score(context, word)
            context = self.context(context, word)
        return total


def _open(path: Path) -> IO[str]:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        return gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8")
    except OSError as error:
        raise DecodingError(
            f"the language model {path} cannot be read: {error.strerror}", hint="check the path"
        ) from None


def _parse(path: Path, lines: Iterator[str]) -> NGramLanguageModel:
    ngrams: dict[tuple[str, ...], tuple[float, float]] = {}
    order = section = number = 0
    try:
        for line in lines:
            number += 1
            line = line.strip()
            if line == "\\end\\":
                break
            if line.startswith("\\") and line.endswith("-grams:"):
                section = int(line[1:].partition("-")[0])
                order = max(order, section)
            elif section and line:
                # SRILM separates by tabs, others by spaces: words hold neither.
                fields = line.split()
                if len(fields) not in (section + 1, section + 2):
                    raise ValueError(f"a probability, {section} words and perhaps a weight")
                backoff = float(fields[section + 1]) * _LN_10 if len(fields) > section + 1 else 0.0
                ngrams[tuple(fields[1 : section + 1])] = (float(fields[0]) * _LN_10, backoff)
        else:
            raise ValueError("\\end\\ at the end")
    except (ValueError, EOFError, gzip.BadGzipFile) as error:
        raise DecodingError(
            f"{path} is no ARPA file: line {number} should have {error}",
            hint="give the text file (.arpa or .arpa.gz) that a model was built from, not KenLM's binary",
        ) from None
    return NGramLanguageModel(order, ngrams)
