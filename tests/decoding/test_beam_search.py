import itertools

import pytest
import torch

from decoding.table_searchers import TableBeamSearcher, every_hypothesis, tables
from sonovox._internal.errors import ArgumentError
from sonovox.decoding import BeamSearchState, LengthScorer, S2SBeamSearcher, ScorerBuilder

SETTINGS = {"bos_index": 0, "eos_index": 3, "min_decode_ratio": 0.0, "max_decode_ratio": 0.8}
# After 4 steps, 27 hypotheses of 3 tokens go on with each of 4.
WIDE = {**SETTINGS, "beam_size": 150, "topk": 150, "using_eos_threshold": False, "return_topk": True}


@pytest.mark.parametrize("normalised", [True, False])
def test_a_beam_as_wide_as_the_space_finds_all_hypotheses(normalised):
    states = tables(batch=4)
    searcher = TableBeamSearcher(**WIDE, length_normalization=normalised)
    tokens, lengths, scores, _ = searcher(states, torch.ones(4))
    for item in range(4):
        expected = {
            tuple(hyp): score / len(hyp) if normalised else score
            for hyp, score in every_hypothesis(states[item], 0, 3, 4)
        }
        counts = (lengths[item] * tokens.shape[2]).round().long() + 1
        hyps = [tuple(row[:n].tolist()) for row, n in zip(tokens[item], counts, strict=True)]
        found = {hyp: float(score) for hyp, score in zip(hyps, scores[item], strict=True) if hyp[-1] == 3}
        assert found == pytest.approx(expected, abs=1e-5)
        assert scores[item].tolist() == sorted(scores[item].tolist(), reverse=True)


def test_a_wider_beam_finds_nothing_worse_here():
    states, scores = tables(batch=4), []
    for beam in (1, 3, 40):
        searcher = TableBeamSearcher(**SETTINGS, beam_size=beam, using_eos_threshold=False, length_normalization=False)
        scores.append(searcher(states, torch.ones(4))[2])
    assert (scores[0] <= scores[1] + 1e-6).all()
    assert (scores[1] <= scores[2] + 1e-6).all()


def test_items_that_leave_the_batch_are_searched_as_they_are_alone():
    states = tables(batch=6)
    searcher = TableBeamSearcher(**{**SETTINGS, "max_decode_ratio": 6.0}, beam_size=3, using_eos_threshold=False)
    rows = []
    step = searcher.forward_step
    searcher.forward_step = lambda tokens, *rest: rows.append(len(tokens)) or step(tokens, *rest)
    hyps, _, scores, _ = searcher(states, torch.ones(6))
    assert rows[0] == 18
    assert rows[-1] < 18
    for item in range(6):
        alone, _, score, _ = searcher(states[item : item + 1], torch.ones(1))
        assert alone[0] == hyps[item]
        assert float(score) == pytest.approx(float(scores[item]), abs=1e-6)


def test_log_probabilities_are_those_of_the_tokens():
    states = tables(batch=2)
    hyps, _, scores, log_probs = TableBeamSearcher(**SETTINGS, beam_size=4)(states, torch.ones(2))
    for item in range(2):
        count = len(hyps[item]) + 1
        assert float(log_probs[item].sum()) / count == pytest.approx(float(scores[item]), abs=1e-5)


def test_two_searches_of_one_searcher_do_not_disturb_each_other():
    searcher = TableBeamSearcher(**SETTINGS, beam_size=4)
    first, second = (searcher.init_beam_search_data(tables(seed=seed), torch.ones(3)) for seed in (1, 2))
    for _ in range(3):
        searcher.search_step(first)
        searcher.search_step(second)
    alone = searcher.init_beam_search_data(tables(seed=1), torch.ones(3))
    assert isinstance(alone, BeamSearchState)
    for _ in range(3):
        searcher.search_step(alone)
    assert torch.equal(alone.tokens, first.tokens)
    assert torch.equal(alone.scores, first.scores)


def test_attention_may_not_jump():
    states = tables(batch=1, tokens=5, time=12)
    # The decoder of the tables listens at the step of the last token: from 0, two tokens on are too far.
    shy = TableBeamSearcher(
        bos_index=0, eos_index=4, min_decode_ratio=0, max_decode_ratio=1, beam_size=3, using_max_attn_shift=True,
        max_attn_shift=2, using_eos_threshold=False,
    )  # fmt: skip
    for hyp in shy(states, torch.ones(1))[0]:
        assert all(-2 < b - a <= 2 for a, b in itertools.pairwise([0, *hyp]))


def test_an_unlikely_end_is_no_end():
    states = torch.zeros(1, 5, 4)
    states[:, :, 3] = -1.0  # the end is log 0.4 less probable than any other token
    settings = {**SETTINGS, "beam_size": 2, "max_decode_ratio": 1.0}
    assert len(TableBeamSearcher(**settings, eos_threshold=1.1)(states, torch.ones(1))[0][0]) == 4
    assert TableBeamSearcher(**settings, eos_threshold=9.0)(states, torch.ones(1))[2] > -3.0


def test_no_hypothesis_ends_before_the_least_number_of_tokens():
    searcher = TableBeamSearcher(**{**SETTINGS, "min_decode_ratio": 0.6}, beam_size=4, using_eos_threshold=False)
    assert all(len(hyp) >= 3 for hyp in searcher(tables(batch=4), torch.ones(4))[0])


def test_no_steps_give_no_tokens():
    searcher = TableBeamSearcher(**{**SETTINGS, "max_decode_ratio": 0.0}, beam_size=4)
    assert searcher(tables(batch=2), torch.ones(2))[0] == [[], []]


def test_more_results_than_hypotheses_are_refused():
    with pytest.raises(ArgumentError, match="beam_size = 2, got 3"):
        TableBeamSearcher(**SETTINGS, beam_size=2, topk=3)


def test_a_reward_of_length_with_normalised_scores_is_refused():
    with pytest.raises(ArgumentError, match="undo each other"):
        TableBeamSearcher(**SETTINGS, beam_size=2, scorer=ScorerBuilder({"length": 1.0}, [LengthScorer(4)]))


def test_a_search_without_a_decoder_says_so():
    with pytest.raises(NotImplementedError):
        S2SBeamSearcher(**SETTINGS, beam_size=2)(tables(batch=1), torch.ones(1))


def test_a_limit_of_attention_needs_attention():
    searcher = TableBeamSearcher(**SETTINGS, beam_size=2, using_max_attn_shift=True)
    step = searcher.forward_step
    searcher.forward_step = lambda *arguments: (*step(*arguments)[:2], None)
    with pytest.raises(ArgumentError, match="where it listened"):
        searcher(tables(batch=1), torch.ones(1))
