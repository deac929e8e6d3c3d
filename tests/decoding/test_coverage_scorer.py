import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.decoding import CoverageScorer, LengthScorer


def test_attention_beyond_the_threshold_costs_per_token():
    scorer, attn = CoverageScorer(vocab_size=3, threshold=0.5), torch.tensor([[0.7, 0.3, 0.0], [0.2, 0.2, 0.6]])
    first, memory = scorer.score(torch.zeros(2), None, None, attn)
    second, _ = scorer.score(torch.zeros(2), memory, None, attn)
    assert torch.allclose(first, torch.tensor([[-0.2] * 3, [-0.1] * 3]))
    # Summed: 1.4, 0.6, 0 and 0.4, 0.4, 1.2, over two tokens.
    assert torch.allclose(second, torch.tensor([[-0.5] * 3, [-0.35] * 3]))


def test_the_memory_goes_with_the_hypotheses():
    scorer, attn = CoverageScorer(vocab_size=1), torch.tensor([[0.7, 0.3], [0.2, 0.8]])
    _, memory = scorer.score(torch.zeros(2), None, None, attn)
    assert torch.equal(scorer.permute_mem(memory, torch.tensor([1, 1])).summed, attn[[1, 1]])
    assert scorer.permute_mem(None, torch.tensor([0])) is None


def test_coverage_needs_attention():
    with pytest.raises(ArgumentError, match="where it listened"):
        CoverageScorer(3).score(torch.zeros(1), None, None, None)


def test_each_token_is_worth_the_same_length():
    assert LengthScorer(3).score(torch.zeros(2), None, None, None)[0].tolist() == [[1.0] * 3] * 2
