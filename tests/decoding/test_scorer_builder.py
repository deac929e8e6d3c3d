import pytest
import torch

from decoding.table_searchers import TableBeamSearcher, tables
from sonovox._internal.errors import ArgumentError
from sonovox.decoding import BaseScorerInterface, CTCScorer, LengthScorer, ScorerBuilder


class FavouriteScorer(BaseScorerInterface):
    """1 for one token, and a record of what it was asked."""

    def __init__(self, token):
        self.token, self.asked = token, []

    def score(self, inp_tokens, memory, candidates, attn):
        self.asked.append(candidates)
        scores = torch.zeros(len(inp_tokens), 4)
        scores[:, self.token] = 1.0
        return scores, None


def test_scores_are_added_by_weight():
    builder = ScorerBuilder({"favourite": 2.0, "length": 0.5}, [FavouriteScorer(1), LengthScorer(4)])
    scores, _ = builder.score(torch.tensor([0]), builder.reset_scorer_mem(None, None), None, torch.zeros(1, 4), 1)
    assert scores.tolist() == [[0.5, 2.5, 0.5, 0.5]]


def test_a_scorer_without_a_weight_counts_nothing():
    builder = ScorerBuilder({}, [FavouriteScorer(1)])
    scores, _ = builder.score(torch.tensor([0]), builder.reset_scorer_mem(None, None), None, torch.zeros(1, 4), 1)
    assert not scores.any()


def test_partial_scorers_are_asked_for_the_best_tokens_only():
    partial = FavouriteScorer(1)
    builder = ScorerBuilder({"favourite": 1.0}, partial_scorers=[partial], scorer_beam_scale=2)
    builder.score(torch.tensor([0]), builder.reset_scorer_mem(None, None), None, torch.tensor([[4.0, 1, 3, 2]]), 1)
    assert partial.asked[0].tolist() == [[0, 2]]


def test_a_heavy_scorer_decides_the_search():
    builder = ScorerBuilder({"favourite": 100.0}, [FavouriteScorer(2)])
    searcher = TableBeamSearcher(0, 3, 0.0, 0.6, beam_size=2, scorer=builder, using_eos_threshold=False)
    tokens = searcher(tables(batch=1), torch.ones(1))[0][0]
    assert set(tokens) == {2}


def test_a_weight_of_no_scorer_is_refused():
    with pytest.raises(ArgumentError, match="did you mean length"):
        ScorerBuilder({"lenght": 1.0}, [LengthScorer(4)])


def test_two_scorers_of_one_kind_are_refused():
    with pytest.raises(ArgumentError, match="length, length"):
        ScorerBuilder({"length": 1.0}, [LengthScorer(4)], [LengthScorer(4)])


def test_a_weight_of_ctc_above_1_is_refused():
    with pytest.raises(ArgumentError, match=r"\[0, 1\], got 1.5"):
        ScorerBuilder({"ctc": 1.5}, [CTCScorer(torch.nn.Identity(), 0, 1)])


def test_the_decoder_gets_what_ctc_leaves():
    assert ScorerBuilder({"ctc": 0.4}, [CTCScorer(torch.nn.Identity(), 0, 1)]).decoder_weight == pytest.approx(0.6)
    assert ScorerBuilder().decoder_weight == 1.0


def test_ctc_needs_a_blank_of_its_own():
    builder = ScorerBuilder({"ctc": 0.4}, [CTCScorer(torch.nn.Identity(), blank_index=0, eos_index=3)])
    with pytest.raises(ArgumentError, match="got 0, 0 and 3"):
        TableBeamSearcher(0, 3, 0.0, 1.0, beam_size=2, scorer=builder)
