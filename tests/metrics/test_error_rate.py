import math
import random

import pytest

from sonovox._internal.errors import ArgumentError
from sonovox.metrics.error_rate import ErrorRate, character_error_rate, word_error_rate
from sonovox.text.edit_distance import EditCounts
from sonovox.text.english import normalize_english

REFERENCES = ["the cat sat on the mat", "hello world", "it was the best of times"]
HYPOTHESES = ["a cat sat the mat today", "hello world", "it was best of the times"]


def test_counts_and_rate_are_those_of_jiwer():
    # jiwer 4.0: process_words(REFERENCES, HYPOTHESES) and process_characters of the same.
    words = word_error_rate(REFERENCES, HYPOTHESES)
    assert words.counts == EditCounts(hits=11, substitutions=1, deletions=2, insertions=2)
    assert words.rate == pytest.approx(0.35714285714285715)
    assert character_error_rate(REFERENCES, HYPOTHESES).rate == pytest.approx(0.3508771929824561)


def test_random_corpora_agree_with_jiwer():
    jiwer = pytest.importorskip("jiwer", reason="jiwer is the oracle")
    chance = random.Random(0)
    vocabulary = ["the", "a", "cat", "dog", "sat", "on", "mat", "and", "ran"]
    texts = [[" ".join(chance.choices(vocabulary, k=chance.randint(1, 9))) for _ in range(200)] for _ in range(2)]
    theirs, ours = jiwer.process_words(*texts), word_error_rate(*texts)
    assert ours.rate == pytest.approx(theirs.wer)
    assert ours.counts == EditCounts(theirs.hits, theirs.substitutions, theirs.deletions, theirs.insertions)
    assert character_error_rate(*texts).rate == pytest.approx(jiwer.cer(*texts))


def test_rate_is_of_the_corpus_and_not_the_mean_of_utterances():
    assert word_error_rate(["a b c d e f g h i", "x"], ["a b c d e f g h i", "y"]).rate == pytest.approx(0.1)


def test_wrong_utterances_are_counted():
    result = word_error_rate(REFERENCES, HYPOTHESES)
    assert (result.n_wrong_utterances, result.n_utterances) == (2, 3)
    assert result.utterance_rate == pytest.approx(2 / 3)


def test_one_text_is_one_utterance():
    assert word_error_rate("a b", "a c") == word_error_rate(["a b"], ["a c"])


def test_normalize_is_applied_to_both_sides():
    assert word_error_rate("Twenty-one, please!", "21 please", normalize=normalize_english).rate == 0.0
    assert word_error_rate("Twenty-one, please!", "21 please").rate == 1.0


def test_white_space_between_words_does_not_count():
    assert word_error_rate(" a  b\n", "a b").rate == 0.0
    assert character_error_rate(" a  b\n", "a b").rate == 0.0


@pytest.mark.parametrize(
    ("references", "hypotheses", "rate"),
    [
        ([], [], 0.0),
        ([""], [""], 0.0),
        ([""], ["spoken"], math.inf),
        (["", "a b"], ["uh", "a b"], 0.5),
        (["a b"], [""], 1.0),
        (["a"], ["x y z"], 3.0),
    ],
)
def test_empty_texts_and_rates_above_one(references, hypotheses, rate):
    assert word_error_rate(references, hypotheses).rate == rate


def test_a_missing_hypothesis_is_refused_with_the_remedy():
    with pytest.raises(ArgumentError, match=r"as many as references, 2, got 1; give an empty text"):
        word_error_rate(["a", "b"], ["a"])


def test_str_names_rate_counts_and_unit():
    line = str(ErrorRate(EditCounts(8, 1, 1, 0), n_utterances=2, n_wrong_utterances=1, unit="character"))
    assert line.startswith("20.00 % (2 errors in 10 characters: 1 substitutions, 1 deletions, 0 insertions")


def test_no_utterances_give_an_utterance_rate_of_zero():
    assert ErrorRate().utterance_rate == 0.0
