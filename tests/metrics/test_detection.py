import math

import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.metrics import EER, det_curve, minDCF


@pytest.fixture
def trials():
    torch.manual_seed(0)
    return torch.randn(300) + 1.5, torch.randn(700)


def plain_rates(positive, negative, threshold):
    return (negative > threshold).double().mean().item(), (positive <= threshold).double().mean().item()


def test_equal_error_rate_is_that_of_speechbrain(speechbrain_metrics):
    arrays, expected = speechbrain_metrics["arrays"], speechbrain_metrics["results"]["EER"]
    assert EER(arrays["positive"], arrays["negative"]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("case", ["minDCF_default", "minDCF_p05", "minDCF_p5"])
def test_least_cost_is_that_of_speechbrain(speechbrain_metrics, case):
    arrays, expected = speechbrain_metrics["arrays"], speechbrain_metrics["results"][case]
    cost, threshold = minDCF(arrays["positive"], arrays["negative"], **expected["kwargs"])
    assert cost == pytest.approx(expected["value"], rel=1e-6)
    assert threshold == pytest.approx(expected["threshold"], rel=1e-6)


def test_rates_are_those_of_counting_at_each_threshold(trials):
    for false_alarms, misses, threshold in zip(*det_curve(*trials), strict=True):
        assert (false_alarms.item(), misses.item()) == plain_rates(*trials, threshold)


def test_equal_scores_are_one_threshold():
    positive, negative = torch.tensor([1.0, 1.0, 2.0]), torch.tensor([1.0, 0.0])
    assert [values.tolist() for values in det_curve(positive, negative)] == [
        [1.0, 0.5, 0.0, 0.0],
        [0.0, 0.0, pytest.approx(2 / 3), 1.0],
        [-math.inf, 0.0, 1.0, 2.0],
    ]


def test_gaussian_scores_have_the_error_rate_of_theory():
    torch.manual_seed(0)
    scores = torch.randn(2, 200_000, dtype=torch.float64)
    # Two normal distributions at distance 2: each error is the tail beyond 1.
    assert EER(scores[0] + 2.0, scores[1])[0] == pytest.approx(0.158655, abs=0.002)


def test_perfect_and_reversed_scores_are_the_ends():
    low, high = torch.arange(5.0), torch.arange(5.0) + 10
    assert EER(high, low) == (0.0, 4.0)
    assert EER(low, high)[0] == 1.0
    assert minDCF(high, low) == (0.0, 4.0)


def test_the_least_cost_is_least(trials):
    cost, threshold = minDCF(*trials, c_miss=2.0, c_fa=3.0, p_target=0.2)
    false_alarms, misses = plain_rates(*trials, threshold)
    assert cost == pytest.approx(2.0 * 0.2 * misses + 3.0 * 0.8 * false_alarms)
    costs = [0.4 * m + 2.4 * fa for fa, m in (plain_rates(*trials, t) for t in torch.linspace(-3, 5, 400))]
    assert cost <= min(costs) + 1e-12


def test_accepting_or_refusing_all_may_cost_least():
    low, high = torch.arange(5.0), torch.arange(5.0) + 10
    assert minDCF(low, high, p_target=0.9) == (pytest.approx(0.1), -math.inf)
    assert minDCF(low, high, p_target=0.1) == (pytest.approx(0.1), 14.0)


def test_the_order_and_shape_of_the_scores_do_not_matter(trials):
    positive, negative = trials
    assert EER(positive.flip(0).reshape(3, 100, 1), negative.reshape(-1, 1)) == EER(*trials)


@pytest.mark.peers
def test_rates_are_those_of_sklearn(trials):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the oracle")
    positive, negative = trials
    labels = torch.cat([torch.ones(300), torch.zeros(700)])
    false_alarms, hits, _ = metrics.roc_curve(labels, torch.cat([positive, negative]), drop_intermediate=False)
    ours = det_curve(positive, negative)
    assert ours[0].flip(0).tolist() == pytest.approx(false_alarms)
    assert (1 - ours[1]).flip(0).tolist() == pytest.approx(hits)


def test_both_kinds_of_trials_are_needed():
    with pytest.raises(ArgumentError, match="positive_scores must hold at least one score, got none; both kinds"):
        EER(torch.zeros(0), torch.zeros(3))
    with pytest.raises(ArgumentError, match="negative_scores must be numbers, got NaN in 1 of 2"):
        minDCF(torch.zeros(1), torch.tensor([0.0, float("nan")]))
    with pytest.raises(ArgumentError, match="p_target must be from 0 to 1, got 5"):
        minDCF(torch.zeros(1), torch.zeros(1), p_target=5)
