import json
import random

import pytest

from sonovox.text.edit_distance import EditCounts, align, count_operations, edit_counts, edit_distance, edit_operations


def slow_distance(a, b):
    """The recurrence of Wagner and Fischer (1974), cell by cell."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            diagonal, row[j] = row[j], min(diagonal + (x != y), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def random_pairs(symbols, seed=0, n=300):
    chance = random.Random(seed)
    for _ in range(n):
        yield tuple([chance.choice(symbols) for _ in range(chance.randint(0, 12))] for _ in range(2))


SYMBOLS = [
    "abc",
    ["the", "cat", "a", "sat"],
    [0, 1, -1, -2, 2**61 - 1],
    ["a", 97, (1, 2), None, 1.5],
]


@pytest.mark.parametrize("symbols", SYMBOLS, ids=["letters", "words", "integers", "mixed"])
def test_distance_is_that_of_the_slow_recurrence(symbols):
    for a, b in random_pairs(symbols):
        assert edit_distance(a, b) == slow_distance(a, b)


def test_strings_are_compared_by_character():
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance("naïve", "naive") == 1


@pytest.mark.parametrize("symbols", SYMBOLS, ids=["letters", "words", "integers", "mixed"])
def test_counts_add_up_to_the_distance_and_to_both_lengths(symbols):
    for reference, hypothesis in random_pairs(symbols, seed=1):
        counts = edit_counts(reference, hypothesis)
        assert counts.errors == slow_distance(reference, hypothesis)
        assert counts.n_reference == len(reference)
        assert counts.hits + counts.substitutions + counts.insertions == len(hypothesis)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("", "", EditCounts()),
        ("abc", "abc", EditCounts(hits=3)),
        ("", "ab", EditCounts(insertions=2)),
        ("ab", "", EditCounts(deletions=2)),
        ("ab", "xy", EditCounts(substitutions=2)),
    ],
)
def test_counts_of_plain_cases(reference, hypothesis, expected):
    assert edit_counts(reference, hypothesis) == expected
    assert edit_counts(list(reference), list(hypothesis)) == expected


def test_integers_of_equal_hash_and_letters_beside_their_code_points_differ():
    assert hash(-1) == hash(-2)
    assert edit_distance([-1], [-2]) == 1
    assert edit_distance(["a"], [97]) == 1


def test_operations_turn_the_reference_into_the_hypothesis():
    for reference, hypothesis in random_pairs("abc", seed=2):
        built, taken = [], 0
        for kind, source, destination in edit_operations(reference, hypothesis):
            built += reference[taken:source]
            taken = source + (kind != "insert")
            if kind != "delete":
                built.append(hypothesis[destination])
        assert built + reference[taken:] == hypothesis


def test_operations_of_several_references_are_counted_together():
    operations = [*edit_operations("ab", "b"), *edit_operations("cd", "cx")]
    assert count_operations(operations, 4) == EditCounts(hits=2, substitutions=1, deletions=1)


def test_alignment_holds_both_sequences_in_order_and_as_many_errors_as_the_distance():
    for reference, hypothesis in random_pairs("abc", seed=3):
        pairs = align(reference, hypothesis)
        assert [said for said, _ in pairs if said is not None] == reference
        assert [heard for _, heard in pairs if heard is not None] == hypothesis
        assert sum(said != heard for said, heard in pairs) == slow_distance(reference, hypothesis)


@pytest.mark.parametrize("kind", ["functional", "decoding"])
def test_equals_torchaudio(torchaudio_reference, kind):
    cases = json.loads((torchaudio_reference / kind / "edit_distance.json").read_text())["cases"]
    assert [edit_distance(a, b) for a, b, _ in cases] == [distance for _, _, distance in cases]
