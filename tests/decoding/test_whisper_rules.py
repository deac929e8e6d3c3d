import math

import pytest
import torch

from sonovox.decoding.whisper_rules import SuppressAtStart, SuppressTokens, TimestampGrammar

# A vocabulary of 20: text 0 to 8, end 9, no_timestamps 11, times 12 (0.00) to 19 (0.14).
END, NO_TIMES, FIRST = 9, 11, 12
CPU = torch.device("cpu")


def allowed(said: list[int], logits: torch.Tensor | None = None, latest_start: int | None = None) -> set[int]:
    """Ids that the grammar lets follow `said`."""
    scores = torch.zeros(1, 20) if logits is None else logits.clone()[None]
    TimestampGrammar(END, NO_TIMES, FIRST, latest_start)(scores, torch.tensor([said], dtype=torch.long))
    return {i for i in range(20) if scores[0, i] > -math.inf}


@pytest.fixture
def likely_text():
    """Scores under which no time is due."""
    logits = torch.zeros(20)
    logits[:FIRST] = 5.0
    return logits


def test_a_text_begins_with_its_time():
    assert allowed([]) == set(range(12, 20))
    assert allowed([], latest_start=2) == {12, 13, 14}


def test_text_follows_the_opening_time(likely_text):
    assert allowed([12], likely_text) == {*range(9), 9, 10}


def test_after_text_comes_text_or_a_later_time(likely_text):
    assert allowed([13, 4], likely_text) == {*range(11), *range(14, 20)}


def test_after_a_closing_time_comes_its_twin_or_a_later_one_or_the_end(likely_text):
    assert allowed([12, 4, 15], likely_text) == {9, 10, *range(15, 20)}


def test_after_a_pair_comes_text_or_the_end(likely_text):
    assert allowed([12, 4, 15, 15], likely_text) == set(range(11))


def test_times_never_run_backwards(likely_text):
    assert allowed([12, 4, 15, 15, 5], likely_text) & set(range(12, 20)) == {16, 17, 18, 19}


def test_a_time_is_due_when_all_times_together_are_likelier_than_any_text():
    logits = torch.zeros(20)
    assert allowed([12, 4], logits) == set(range(13, 20))  # 7 times of equal score against one text
    logits[3] = math.log(7.5)
    assert 3 in allowed([12, 4], logits)


def test_rows_are_independent(likely_text):
    both = likely_text.repeat(2, 1)
    TimestampGrammar(END, NO_TIMES, FIRST, None)(both, torch.tensor([[12, 4], [12, 15]]))
    for row, said in zip(both, ([12, 4], [12, 15]), strict=True):
        assert {i for i in range(20) if row[i] > -math.inf} == allowed(said, likely_text)


def test_suppression_always_and_at_the_start():
    logits = torch.zeros(2, 20)
    SuppressTokens([3, 5], CPU)(logits, torch.zeros(2, 1, dtype=torch.long))
    SuppressAtStart([7], CPU)(logits, torch.zeros(2, 1, dtype=torch.long))
    assert (logits == -math.inf).nonzero()[:, 1].tolist() == [3, 5, 3, 5]
    SuppressAtStart([7], CPU)(logits, torch.zeros(2, 0, dtype=torch.long))
    assert (logits[:, 7] == -math.inf).all()
