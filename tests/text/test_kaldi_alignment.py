import random

import pytest

from sonovox.text import kaldi_alignment
from sonovox.text.edit_distance import edit_distance
from sonovox.text.kaldi_alignment import alignment_steps, kaldi_alignments, kaldi_edit_counts


def plain_alignment(reference, hypothesis):
    """Kaldi's choice, a cell at a time."""
    cost = [[i + j for j in range(len(hypothesis) + 1)] for i in range(len(reference) + 1)]
    last = [["D" if i else "I" for _ in range(len(hypothesis) + 1)] for i in range(len(reference) + 1)]
    last[0] = ["I"] * (len(hypothesis) + 1)
    for i, said in enumerate(reference, start=1):
        for j, recognised in enumerate(hypothesis, start=1):
            same = said == recognised
            ways = [
                (cost[i][j - 1] + 1, 0, "I"),
                (cost[i - 1][j] + 1, 1, "D"),
                (cost[i - 1][j - 1] + (not same), 2, "=" if same else "S"),
            ]
            cost[i][j], _, last[i][j] = min(ways)
    i, j, letters = len(reference), len(hypothesis), ""
    while i or j:
        letters = last[i][j] + letters
        i, j = i - (letters[0] != "I"), j - (letters[0] != "D")
    return letters


@pytest.fixture(scope="module")
def pairs():
    chance = random.Random(0)
    return [["".join(chance.choices("abc", k=chance.randint(0, 12))) for _ in range(400)] for _ in range(2)]


def test_the_choice_is_kaldis(pairs):
    assert kaldi_alignments(*pairs) == list(map(plain_alignment, *pairs))


def test_many_small_tables_are_one_large_one(pairs, monkeypatch):
    expected = kaldi_alignments(*pairs)
    monkeypatch.setattr(kaldi_alignment, "_CELLS_AT_ONCE", 500)
    assert kaldi_alignments(*pairs) == expected


def test_the_counts_are_those_of_the_alignments(pairs):
    for counts, letters, *pair in zip(kaldi_edit_counts(*pairs), kaldi_alignments(*pairs), *pairs, strict=True):
        kinds = counts.hits, counts.substitutions, counts.deletions, counts.insertions
        assert kinds == tuple(map(letters.count, "=SDI"))
        assert counts.errors == edit_distance(*pair)


def test_an_own_equality_is_asked(pairs):
    upper = [text.upper() for text in pairs[1]]
    own = kaldi_alignments(pairs[0][:50], upper[:50], equal=lambda a, b: a == b.lower())
    assert own == kaldi_alignments(pairs[0][:50], pairs[1][:50])
    assert kaldi_edit_counts(["ab"], ["XY"], equal=lambda a, b: True)[0].errors == 0


def test_steps_point_into_both_sequences():
    assert alignment_steps("I=SD") == [("I", None, 0), ("=", 0, 1), ("S", 1, 2), ("D", 2, None)]


def test_nothing_has_no_alignment():
    assert kaldi_alignments([], []) == []
    assert kaldi_alignments([""], [""]) == [""]
    assert kaldi_edit_counts([], []) == []
