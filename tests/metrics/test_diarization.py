import itertools
import math
import random

import pytest

from sonovox.errors import ArgumentError
from sonovox.metrics import DiarizationErrorRate, diarization_error_rate
from sonovox.metrics.diarization import _assignment


def errors_of(*arguments, **kwargs):
    found = diarization_error_rate(*arguments, **kwargs)
    return pytest.approx((found.missed, found.false_alarm, found.confusion, found.total))


ANN_AND_BOB = [(0.0, 4.0, "Ann"), (4.0, 10.0, "Bob")]


def test_other_names_are_no_errors():
    found = diarization_error_rate(ANN_AND_BOB, [(0.0, 4.0, "x"), (4.0, 10.0, "y")])
    assert (found.rate, found.mapping) == (0.0, {"x": "Ann", "y": "Bob"})


def test_the_three_kinds_of_errors():
    assert errors_of(ANN_AND_BOB, [(0.0, 3.0, "x"), (4.0, 10.0, "y")]) == (1.0, 0.0, 0.0, 10.0)
    assert errors_of(ANN_AND_BOB, [(0.0, 4.0, "x"), (4.0, 12.0, "y")]) == (0.0, 2.0, 0.0, 10.0)
    assert errors_of(ANN_AND_BOB, [(0.0, 10.0, "x")]) == (0.0, 0.0, 4.0, 10.0)


def test_overlapping_speech_counts_for_each_speaker():
    said = [(0.0, 6.0, "Ann"), (4.0, 10.0, "Bob")]
    heard = [(0.0, 5.0, "x"), (5.0, 10.0, "y")]
    assert errors_of(said, heard) == (2.0, 0.0, 0.0, 12.0)
    assert errors_of(said, heard, skip_overlap=True) == (0.0, 0.0, 0.0, 8.0)


def test_a_collar_forgives_inaccurate_borders():
    heard = [(0.2, 4.2, "x"), (4.2, 9.8, "y")]
    assert errors_of(ANN_AND_BOB, heard) == (0.4, 0.0, 0.2, 10.0)
    # 0.25 s at the ends, and half a second around 4 s, are not scored.
    assert errors_of(ANN_AND_BOB, heard, collar=0.25) == (0.0, 0.0, 0.0, 9.0)
    assert errors_of([(0.0, 1.0, "Ann")], [(0.0, 3.0, "x")], collar=0.5) == (0.0, 1.5, 0.0, 0.0)


def test_md_eval_agrees_on_a_conversation():
    # By hand with the rules of NIST's md-eval.pl: x takes Bob (5 s against 2 s), z takes Cleo.
    said = [(0.0, 3.0, "Ann"), (3.0, 8.0, "Bob"), (7.0, 12.0, "Cleo"), (13.0, 14.0, "Ann")]
    heard = [(1.0, 8.0, "x"), (8.0, 12.5, "z"), (13.0, 15.0, "z")]
    # missed: 0-1 (Ann), 7-8 (one of two); false alarm: 12-12.5, 14-15; confusion: 1-3 (x for Ann), 13-14 (z for Ann)
    found = diarization_error_rate(said, heard)
    assert (found.missed, found.false_alarm, found.confusion, found.total) == (2.0, 1.5, 3.0, 14.0)
    assert found.mapping == {"x": "Bob", "z": "Cleo"}
    assert found.rate == pytest.approx(6.5 / 14)


def test_the_mapping_shares_the_most_time_in_all():
    # Greedily a takes Ann (5 s) and b nothing; together a with Bob and b with Ann share 4 + 4.
    said = [(0.0, 9.0, "Ann"), (9.0, 13.0, "Bob")]
    heard = [(0.0, 5.0, "a"), (5.0, 9.0, "b"), (9.0, 13.0, "a")]
    assert diarization_error_rate(said, heard).mapping == {"a": "Bob", "b": "Ann"}


def test_the_assignment_is_the_best_of_all_permutations():
    chance = random.Random(0)
    for size in (1, 2, 3, 5, 6) * 5:
        cost = [[chance.choice([-chance.random(), 0.0]) for _ in range(size)] for _ in range(size)]
        best = min(sum(cost[i][p[i]] for i in range(size)) for p in itertools.permutations(range(size)))
        found = _assignment(cost)
        assert sorted(found) == list(range(size))
        assert sum(cost[i][j] for i, j in enumerate(found)) == pytest.approx(best)


def test_a_speaker_who_overlaps_himself_speaks_once():
    assert errors_of([(0.0, 3.0, "Ann"), (2.0, 4.0, "Ann")], [(0.0, 4.0, "x")]) == (0.0, 0.0, 0.0, 4.0)


def test_recordings_add_up():
    rates = [DiarizationErrorRate(1.0, 0.0, 0.0, 4.0), DiarizationErrorRate(0.0, 2.0, 1.0, 6.0)]
    assert (rates[0] + rates[1]).rate == 0.4
    assert str(rates[1]) == "50.00 % (missed 0.00 s, false alarm 2.00 s, confusion 1.00 s of 6.00 s)"


def test_silence_is_right_when_it_is_silent():
    assert diarization_error_rate([], []).rate == 0.0
    assert diarization_error_rate([], [(0.0, 1.0, "x")]).rate == math.inf
    assert diarization_error_rate([(0.0, 1.0, "Ann")], []).rate == 1.0


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match=r"segment of hypothesis must not end before it begins, got \(3, 2, 'x'\)"):
        diarization_error_rate(ANN_AND_BOB, [(3, 2, "x")])
    with pytest.raises(ArgumentError, match="collar must not be negative"):
        diarization_error_rate(ANN_AND_BOB, ANN_AND_BOB, collar=-0.25)
