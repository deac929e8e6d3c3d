"""What words say while a CTC search spells them: language model, lexicon, hot words.

All of it is a score of a token after a prefix, which depends on the words before (as far
as the language model sees) and on the word that is being spelled. Shallow fusion with a
weight for each word: Hannun et al., "First-pass large vocabulary continuous speech
recognition using bi-directional recurrent DNNs", 2014.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sonovox.decoding.kenlm_model import KenLMModel
from sonovox.decoding.language_models import NGramLanguageModel

__all__ = ["Spelling", "WordScores"]


class Spelling(NamedTuple):
    """Where a prefix stands: words that a language model sees, letters of the next, whether these are unknown."""

    context: Any
    letters: str
    unknown: bool


@dataclass
class WordScores:
    """Scores of words for hypotheses that are spelled token by token.

    Args:
        tokens: text of each token: a space, or a piece that begins with one, ends the word before.
        model: of words; None for none.
        alpha: weight of its log-probabilities.
        beta: for each word.
        unk_score_offset: for each word that is not among `unigrams`.
        score_boundary: whether the model is asked for the end of the sentence.
        unigrams: words that are known; all are if None.
        lexicon: words that there may be; all may if None.
        hotwords: words that are expected, and what each is worth. Letters at its beginning get their share.

    >>> scores = WordScores(tokens=["", "a", "b", " "], hotwords={"ab": 4.0})
    >>> state = scores.start()
    >>> for token in (1, 2, 3):
    ...     score, state = scores.advance(state, token)
    ...     print(score, state.letters)
    2.0 a
    2.0 ab
    0.0
    """

    tokens: list[str]
    model: NGramLanguageModel | KenLMModel | None = None
    alpha: float = 0.5
    beta: float = 0.0
    unk_score_offset: float = 0.0
    score_boundary: bool = True
    unigrams: frozenset[str] | None = None
    lexicon: frozenset[str] | None = None
    hotwords: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        self._known = _beginnings(self.unigrams or ())
        self._possible = _beginnings(self.lexicon or ())
        self._shares: dict[str, float] = {}
        for word, worth in (self.hotwords or {}).items():
            for end in range(1, len(word) + 1):
                share = worth * end / len(word)
                self._shares[word[:end]] = max(share, self._shares.get(word[:end], share))

    def start(self) -> Spelling:
        """Before the first token."""
        return Spelling(self.model.start if self.model is not None and self.score_boundary else (), "", False)

    def advance(self, state: Spelling, token: int) -> tuple[float, Spelling]:
        """The score of one more token, -inf where the lexicon has no such word, and where the prefix then stands."""
        text, score = self.tokens[token], 0.0
        if text.startswith(" "):
            score, state = self._end_word(state)
            text = text[1:]
        for letter in text:
            letters = state.letters + letter
            if self.lexicon is not None and letters not in self._possible:
                return -float("inf"), state
            score += self._share(letters) - self._share(state.letters)
            unknown = state.unknown
            if self.unigrams is not None and not unknown and letters not in self._known:
                unknown = True
                score += self.unk_score_offset
            state = Spelling(state.context, letters, unknown)
        return score, state

    def finish(self, state: Spelling) -> float:
        """The score of the end of the sentence."""
        score, state = self._end_word(state)
        if self.model is not None and self.score_boundary:
            score += self.alpha * self.model.score(state.context, "</s>")
        return score

    def _end_word(self, state: Spelling) -> tuple[float, Spelling]:
        word = state.letters
        if not word:
            return 0.0, state
        if self.lexicon is not None and word not in self.lexicon:
            return -float("inf"), Spelling(state.context, "", False)
        score = self.beta
        # The share that a beginning got is taken back where the word became another one.
        if word not in (self.hotwords or ()):
            score -= self._share(word)
        elif self.hotwords is not None:
            score += self.hotwords[word] - self._share(word)
        if self.unigrams is not None and not state.unknown and word not in self.unigrams:
            score += self.unk_score_offset
        context = state.context
        if self.model is not None:
            score += self.alpha * self.model.score(context, word)
            context = self.model.context(context, word)
        return score, Spelling(context, "", False)

    def _share(self, letters: str) -> float:
        return self._shares.get(letters, 0.0)


def _beginnings(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:end] for word in words for end in range(1, len(word) + 1))
