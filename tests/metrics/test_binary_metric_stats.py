import pytest
import torch

from sonovox.errors import ArgumentError, ChoiceError
from sonovox.metrics import BinaryMetricStats


def stats_of(scores, labels, **kwargs):
    stats = BinaryMetricStats(**kwargs)
    stats.append([str(i) for i in range(len(scores))], torch.as_tensor(scores), torch.as_tensor(labels))
    return stats


@pytest.mark.parametrize(("result", "threshold"), [("binary_0.5", 0.5), ("binary_auto", None)])
def test_the_summary_is_that_of_speechbrain(speechbrain_metrics, result, threshold):
    arrays = speechbrain_metrics["arrays"]
    stats = stats_of(arrays["binary_scores"], arrays["binary_labels"])
    assert stats.summarize(threshold=threshold) == pytest.approx(speechbrain_metrics["results"][result], rel=1e-6)


def test_other_labels_count_as_negative():
    stats = stats_of([0.9, 0.8, 0.2], [7, -1, 3], positive_label=7)
    assert [stats.summarize(name, threshold=0.5) for name in ("TP", "FP", "TN", "FN")] == [1.0, 1.0, 1.0, 0.0]


def test_recall_weighs_more_with_a_larger_beta():
    stats = stats_of([0.9, 0.9, 0.9, 0.1], [1, 0, 0, 0])  # precision 1/3, recall 1
    assert stats.summarize("F-score", threshold=0.5) == pytest.approx(0.5)
    assert stats.summarize("F-score", threshold=0.5, beta=2) == pytest.approx(5 / 7)


def test_the_threshold_can_be_found_on_a_part():
    torch.manual_seed(0)
    labels = torch.arange(1000).remainder(2)
    stats = stats_of(torch.randn(1000) + 2.0 * labels, labels)
    assert stats.summarize("threshold", max_samples=100) == pytest.approx(stats.summarize("threshold"), abs=0.2)


def test_nothing_found_gives_zeros_and_no_error():
    assert stats_of([0.1, 0.2], [0, 0]).summarize(threshold=0.5)["F-score"] == 0.0


def test_the_state_goes_on():
    stats, other = stats_of([0.9, 0.1], [1, 0]), BinaryMetricStats()
    other.load_state_dict(stats.state_dict())
    assert other.summarize() == stats.summarize()


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match="nothing to summarise"):
        BinaryMetricStats().summarize()
    with pytest.raises(ArgumentError, match="equally many, got 2, 2 and 3"):
        stats_of([0.1, 0.2], [0, 1, 1])
    with pytest.raises(ArgumentError, match="negative_scores must hold at least one score"):
        stats_of([0.1, 0.2], [1, 1]).summarize()
    with pytest.raises(ChoiceError, match="did you mean recall"):
        stats_of([0.1, 0.2], [0, 1]).summarize("recal")
