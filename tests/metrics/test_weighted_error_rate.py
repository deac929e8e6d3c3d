import io

import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.metrics import EmbeddingErrorRateSimilarity, ErrorRateStats, WeightedErrorRateStats


@pytest.fixture
def base():
    stats = ErrorRateStats()
    # "big" for "large" in the first, a word too many and one too few in the others
    stats.append(
        ["a", "b", "c"],
        [["the", "big", "dog"], ["red", "cat", "sat"], ["red"]],
        [["the", "large", "dog"], ["red", "cat"], ["red", "cat"]],
    )
    return stats


def test_weights_of_one_give_errors_per_step_of_the_alignments(base):
    summary = WeightedErrorRateStats(base, lambda kind, said, heard: 1.0).summarize()
    assert summary == {
        "weighted_wer": pytest.approx(100 * 3 / 8),
        "weighted_insertions": 1.0,
        "weighted_substitutions": 1.0,
        "weighted_deletions": 1.0,
        "weighted_num_edits": 3.0,
    }


def test_each_error_has_its_own_weight(base):
    seen = []

    def weight(kind, said, heard):
        seen.append((kind, said, heard))
        return {"S": 0.1, "I": 0.5, "D": 1.0}[kind]

    stats = WeightedErrorRateStats(base, weight, weight_name="my")
    assert stats.summarize("my_wer") == pytest.approx(100 * 1.6 / 8)
    assert seen == [("S", "large", "big"), ("I", None, "sat"), ("D", "cat", None)]
    assert [score["WER"] for score in stats.scores] == pytest.approx([100 * 0.1 / 3, 100 * 0.5 / 3, 50.0])


def test_summarising_twice_is_summarising_once(base):
    stats = WeightedErrorRateStats(base, lambda *_: 1.0)
    assert stats.summarize() == stats.summarize()
    assert len(stats.scores) == 3


def test_the_file_lists_the_summary(base, capsys):
    stats, file = WeightedErrorRateStats(base, lambda *_: 1.0), io.StringIO()
    stats.write_stats(file, verbose=True)
    assert file.getvalue().startswith("Weighted WER metrics (weighted):\nweighted_wer: 37.5\n")
    assert file.getvalue() in capsys.readouterr().out


def test_words_of_like_meaning_weigh_less():
    vectors = {"a": torch.tensor([1.0, 0.0]), "b": torch.tensor([1.0, 0.1]), "c": torch.tensor([0.0, 1.0])}
    weight = EmbeddingErrorRateSimilarity(vectors.get, 0.9, 0.1, threshold=0.4)
    assert [weight("S", "a", word) for word in ("b", "c", "unknown", "")] == [0.1, 0.9, 0.9, 0.9]
    assert [weight("I", None, "a"), weight("D", "a", None), weight("=", "a", "a")] == [1.0, 1.0, 0.0]


def test_transcripts_belong_to_the_base(base):
    with pytest.raises(ArgumentError, match="append to base_stats"):
        WeightedErrorRateStats(base, lambda *_: 1.0).append(["a"], [["a"]], [["b"]])
    with pytest.raises(ArgumentError, match="nothing to summarise"):
        WeightedErrorRateStats(ErrorRateStats(), lambda *_: 1.0).summarize()
