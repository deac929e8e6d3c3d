import pytest
import torch

from decoding.table_searchers import TableBeamSearcher, tables
from sonovox._internal.errors import ArgumentError
from sonovox.decoding import HotwordScorer, ScorerBuilder


def total(scorer, tokens):
    memory, sums = None, [0.0]
    for last, token in zip([0, *tokens], tokens, strict=False):
        scores, memory = scorer.score(torch.tensor([last]), memory, None, None)
        sums.append(sums[-1] + float(scores[0, token]))
    return sums


@pytest.mark.parametrize(
    ("tokens", "worth"),
    [
        ([1, 2, 3], 1.0),
        ([4, 1, 2, 3, 4], 1.0),
        ([1, 2, 4], 0.0),  # begun, and left
        ([1, 1, 2, 3, 1, 2, 3], 2.0),
        ([1, 2, 1, 2, 3], 1.0),  # begun twice
        ([5, 6], 1.0),
        ([5, 6, 5, 7], 2.0),
        ([5, 6, 7], 2.0),  # a longer word that holds a shorter one
        ([2, 3], 0.0),
    ],
)
def test_words_are_worth_one_each(tokens, worth):
    # The word (5, 6) is the beginning of another one, and (5, 7) shares its own beginning.
    words = [[1, 2, 3], [5, 6], [5, 7]] + ([[5, 6, 7, 1]] if worth == 9 else [])
    if tokens == [5, 6, 7]:
        words.append([7])
    assert total(HotwordScorer(words, 8), tokens)[-1] == pytest.approx(worth)


def test_a_word_inside_a_longer_one_stays_said():
    scorer = HotwordScorer([[1], [1, 2, 3]], 8)
    assert total(scorer, [1, 2, 4]) == pytest.approx([0.0, 1.0, 1.0, 1.0])
    assert total(scorer, [1, 2, 3])[-1] == pytest.approx(1.0)


def test_an_expected_word_is_found():
    settings = {"bos_index": 3, "eos_index": 0, "min_decode_ratio": 0.0, "max_decode_ratio": 1.0, "beam_size": 6}
    plain = TableBeamSearcher(**settings)(tables(), torch.ones(3))[0]
    builder = ScorerBuilder({"hotword": 20.0}, [HotwordScorer([[2, 1, 2]], 4)])
    biased = TableBeamSearcher(**settings, scorer=builder)(tables(), torch.ones(3))[0]
    assert all("2, 1, 2" in str(hyp) for hyp in biased)
    assert not all("2, 1, 2" in str(hyp) for hyp in plain)


@pytest.mark.parametrize("word", [[], [1, 9]])
def test_what_is_no_word_is_refused(word):
    with pytest.raises(ArgumentError, match="hotwords must be"):
        HotwordScorer([word], 8)
