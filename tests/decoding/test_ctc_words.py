import pytest

from sonovox.decoding.ctc_words import WordScores
from sonovox.decoding.language_models import NGramLanguageModel

TOKENS = ["", " ", "a", "b"]
MODEL = NGramLanguageModel(
    2,
    {
        ("<s>",): (-9.0, -0.5), ("</s>",): (-2.0, 0.0), ("a",): (-1.0, -0.25), ("ab",): (-3.0, 0.0),
        ("<s>", "a"): (-0.1, 0.0), ("a", "ab"): (-0.2, 0.0),
    },
)  # fmt: skip


def spell(words, text):
    state, scores = words.start(), []
    for letter in text:
        score, state = words.advance(state, TOKENS.index(letter))
        scores.append(score)
    return scores, words.finish(state)


def test_a_word_is_scored_where_it_ends():
    scores, end = spell(WordScores(TOKENS, MODEL, alpha=0.5, beta=1.0), "a ab")
    assert scores == pytest.approx([0.0, 0.5 * -0.1 + 1.0, 0.0, 0.0])
    assert end == pytest.approx(0.5 * -0.2 + 1.0 + 0.5 * -2.0)


def test_without_boundaries_neither_start_nor_end_is_scored():
    scores, end = spell(WordScores(TOKENS, MODEL, alpha=1.0, score_boundary=False), "a ")
    assert (scores[1], end) == (-1.0, 0.0)


def test_two_spaces_are_one():
    assert spell(WordScores(TOKENS, MODEL, beta=1.0), "a  ")[0][2] == 0.0


def test_pieces_begin_words():
    words = WordScores(["", " a", "b"], MODEL, alpha=1.0)
    _, state = words.advance(words.start(), 1)
    score, state = words.advance(state, 1)
    assert (score, state.letters) == (-0.1, "a")


def test_an_unknown_word_costs_once_and_as_soon_as_it_is_one():
    words = WordScores(TOKENS, unk_score_offset=-7.0, unigrams=frozenset({"ab"}))
    assert spell(words, "bba ") == ([-7.0, 0.0, 0.0, 0.0], 0.0)
    assert spell(words, "ab ") == ([0.0, 0.0, 0.0], 0.0)
    assert spell(words, "a") == ([0.0], -7.0)


def test_a_word_beyond_the_lexicon_cannot_be():
    words = WordScores(TOKENS, lexicon=frozenset({"ab"}))
    assert spell(words, "ab") == ([0.0, 0.0], 0.0)
    assert spell(words, "b")[0] == [-float("inf")]
    assert spell(words, "a")[1] == -float("inf")


def test_hot_words_are_worth_their_weight_and_beginnings_are_taken_back():
    words = WordScores(TOKENS, hotwords={"ab": 4.0, "abb": 9.0})
    assert sum(spell(words, "ab ")[0]) == pytest.approx(4.0)
    assert sum(spell(words, "abb ")[0]) == pytest.approx(9.0)
    assert sum(spell(words, "aba ")[0]) == pytest.approx(0.0)
    assert sum(spell(words, "a ")[0]) == pytest.approx(0.0)
