import pytest
import torch

from decoding.table_searchers import TableBeamSearcher, tables
from decoding.test_kenlm_model import ARPA
from sonovox._internal.errors import ArgumentError
from sonovox.decoding import KenLMScorer, NGramLanguageModel, ScorerBuilder

WORDS = ["</s>", "a", "b", "<s>"]


@pytest.fixture
def scorer(tmp_path):
    path = tmp_path / "tokens.arpa"
    path.write_text(ARPA)
    return KenLMScorer(path, len(WORDS), WORDS)


def test_scores_of_a_sentence_are_those_of_the_model(scorer, tmp_path):
    model = NGramLanguageModel.from_arpa(tmp_path / "tokens.arpa")
    said, memory, total = [3, 1, 2, 2], None, 0.0
    for last, token in zip(said, [*said[1:], 0], strict=True):
        scores, memory = scorer.score(torch.tensor([last, 3]), memory, None, None)
        memory = scorer.permute_mem(memory, torch.tensor([0, 1]))
        total += float(scores[0, token])
    assert total == pytest.approx(model.score_sentence(["a", "b", "b"]), abs=1e-6)


def test_candidates_alone_are_asked_for(scorer):
    whole, _ = scorer.score(torch.tensor([3, 3]), None, None, None)
    some, _ = scorer.score(torch.tensor([3, 3]), None, torch.tensor([[0, 2], [1, 2]]), None)
    assert torch.equal(some[0, [0, 2]], whole[0, [0, 2]])
    assert not some[0, [1, 3]].any()
    assert torch.equal(some[1, [1, 2]], whole[1, [1, 2]])


def test_full_and_partial_agree_where_all_are_candidates(scorer):
    settings = {"bos_index": 3, "eos_index": 0, "min_decode_ratio": 0.0, "max_decode_ratio": 1.0, "beam_size": 4}
    found = []
    for kind in ("full_scorers", "partial_scorers"):
        builder = ScorerBuilder({"kenlm": 0.5}, **{kind: [scorer]})
        found.append(TableBeamSearcher(**settings, scorer=builder)(tables(), torch.ones(3)))
    assert found[0][0] == found[1][0]
    torch.testing.assert_close(found[0][2], found[1][2])


def test_a_word_for_each_token(scorer, tmp_path):
    with pytest.raises(ArgumentError, match="vocab_size = 5"):
        KenLMScorer(tmp_path / "tokens.arpa", 5, WORDS)
