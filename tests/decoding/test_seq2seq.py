import pytest
import torch

from decoding.table_searchers import TableGreedySearcher, tables
from sonovox._internal.errors import ArgumentError
from sonovox.decoding import S2SBaseSearcher, S2SGreedySearcher

SETTINGS = {"bos_index": 0, "eos_index": 3, "min_decode_ratio": 0.0, "max_decode_ratio": 2.0}


def by_hand(table, steps):
    token, said = 0, []
    for _ in range(steps):
        token = int(table[token].argmax())
        if token == 3:
            break
        said.append(token)
    return said


def test_greedy_search_follows_the_largest_scores():
    states = tables(batch=8)
    hyps, lengths, scores, log_probs = TableGreedySearcher(**SETTINGS)(states, torch.ones(8))
    assert hyps == [by_hand(table, 10) for table in states]
    assert len({len(hyp) for hyp in hyps}) > 1
    steps = scores.shape[2]
    assert (lengths[:, 0] * steps).round().tolist() == [len(hyp) for hyp in hyps]
    assert log_probs.shape == (8, 1, steps, 4)


def test_an_item_in_a_batch_is_searched_as_it_is_alone():
    states = tables(batch=8)
    searcher = TableGreedySearcher(**SETTINGS)
    together = searcher(states, torch.ones(8))[0]
    assert together == [searcher(item[None], torch.ones(1))[0][0] for item in states]


def test_scores_are_those_of_the_tokens_and_0_from_the_end_on():
    states = tables(batch=8)
    hyps, _, scores, _ = TableGreedySearcher(**SETTINGS)(states, torch.ones(8))
    for table, hyp, row in zip(states.log_softmax(-1), hyps, scores[:, 0], strict=True):
        expected = [float(table[a, b]) for a, b in zip([0, *hyp], hyp, strict=False)]
        assert row[: len(hyp)].tolist() == pytest.approx(expected, abs=1e-6)
        assert not row[len(hyp) :].any()


def test_nothing_ends_before_the_least_number_of_tokens():
    searcher = TableGreedySearcher(**{**SETTINGS, "min_decode_ratio": 1.0})
    assert all(len(hyp) >= 5 for hyp in searcher(tables(batch=8), torch.ones(8))[0])


def test_a_temperature_draws_tokens():
    searcher = TableGreedySearcher(**SETTINGS, temperature=3.0)
    torch.manual_seed(0)
    assert len({str(searcher(tables(batch=1), torch.ones(1))[0]) for _ in range(10)}) > 3


def test_no_steps_give_no_tokens():
    searcher = TableGreedySearcher(**{**SETTINGS, "max_decode_ratio": 0.0})
    hyps, lengths, scores, log_probs = searcher(tables(batch=2), torch.ones(2))
    assert hyps == [[], []]
    assert lengths.tolist() == [[0.0], [0.0]]
    assert scores.shape == (2, 1, 0)
    assert not log_probs.numel()


def test_a_search_without_a_decoder_says_so():
    with pytest.raises(NotImplementedError):
        S2SGreedySearcher(**SETTINGS)(tables(batch=1), torch.ones(1))


def test_ratios_out_of_order_are_refused():
    with pytest.raises(ArgumentError, match=r"got 0\.5 and 0\.1"):
        S2SBaseSearcher(0, 1, 0.5, 0.1)


def test_lengths_of_another_batch_are_refused():
    with pytest.raises(ArgumentError, match=r"\(2, 5, 4\) and \(3,\)"):
        TableGreedySearcher(**SETTINGS)(tables(batch=2), torch.ones(3))
