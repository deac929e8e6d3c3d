"""Errors of detection by a threshold: the curve of misses over false alarms, equal error rate, least cost.

Martin et al., "The DET curve in assessment of detection task performance", Eurospeech
1997; the cost is that of NIST's speaker recognition evaluations, not normalised. A trial
is accepted if its score is above the threshold. All is made from one sort.
"""

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError

__all__ = ["EER", "det_curve", "minDCF"]


def det_curve(positive_scores: Tensor, negative_scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The rates of both kinds of errors at every threshold that makes a difference.

    Args:
        positive_scores: of target trials, any shape.
        negative_scores: of non-target trials, any shape.

    Returns:
        `(thresholds,)` each, float64: the share of negatives that are accepted, falling; the share of
        positives that are not, rising; the thresholds, minus infinity first and then every score.

    Raises:
        ArgumentError: one of the two is empty, or has NaN.

    >>> for values in det_curve(torch.tensor([6.0, 9.0]), torch.tensor([1.0, 7.0])):
    ...     print(values.tolist())
    [1.0, 0.5, 0.5, 0.0, 0.0]
    [0.0, 0.0, 0.5, 0.5, 1.0]
    [-inf, 1.0, 6.0, 7.0, 9.0]
    """
    accepted, misses, thresholds = _counts(positive_scores, negative_scores)
    return accepted / accepted[0], misses / misses[-1], thresholds


def EER(positive_scores: Tensor, negative_scores: Tensor) -> tuple[float, float]:  # noqa: N802 - the field's name
    """The equal error rate, from 0 to 1, and the threshold at which it is reached.

    Where no threshold makes both rates equal, it is their mean where they are nearest.

    Args:
        positive_scores: of target trials, any shape.
        negative_scores: of non-target trials, any shape.

    Raises:
        ArgumentError: one of the two is empty, or has NaN.

    >>> EER(torch.tensor([0.6, 0.7, 0.8, 0.5]), torch.tensor([0.4, 0.3, 0.2, 0.1]))
    (0.0, 0.4000000059604645)
    """
    accepted, misses, thresholds = _counts(positive_scores, negative_scores)
    n_negative, n_positive = accepted[0], misses[-1]
    # The difference of the rates in whole numbers, so that equally near thresholds tie; among scores only.
    nearest = _first_least((accepted * n_positive - misses * n_negative).abs()[1:]) + 1
    rate = (accepted[nearest] / n_negative + misses[nearest] / n_positive) / 2
    return float(rate), float(thresholds[nearest])


def minDCF(  # noqa: N802 - the field's name
    positive_scores: Tensor,
    negative_scores: Tensor,
    c_miss: float = 1.0,
    c_fa: float = 1.0,
    p_target: float = 0.01,
) -> tuple[float, float]:
    """The least detection cost over all thresholds, and the threshold at which it is reached.

    `c_miss * P(miss) * p_target + c_fa * P(false alarm) * (1 - p_target)`; minus infinity
    is the threshold where accepting all costs least.

    Args:
        positive_scores: of target trials, any shape.
        negative_scores: of non-target trials, any shape.
        c_miss: cost of a target that is missed.
        c_fa: cost of a false alarm.
        p_target: how likely a trial is a target.

    Raises:
        ArgumentError: one of the two is empty, or has NaN; `p_target` is no probability.

    >>> minDCF(torch.tensor([0.6, 0.7, 0.8, 0.5]), torch.tensor([0.4, 0.3, 0.2, 0.9]), p_target=0.5)
    (0.125, 0.4000000059604645)
    """
    if not 0.0 <= p_target <= 1.0:
        raise ArgumentError(f"p_target must be from 0 to 1, got {p_target}")
    false_alarms, misses, thresholds = det_curve(positive_scores, negative_scores)
    cost = c_miss * p_target * misses + c_fa * (1.0 - p_target) * false_alarms
    cheapest = _first_least(cost)
    return float(cost[cheapest]), float(thresholds[cheapest])


def _counts(positive_scores: Tensor, negative_scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Negatives that are accepted and positives that are not, in float64, at each threshold."""
    positive, negative = _checked("positive_scores", positive_scores), _checked("negative_scores", negative_scores)
    scores, order = torch.cat([positive, negative.to(positive.device)]).sort()
    is_positive = order < len(positive)
    misses = is_positive.cumsum(0)
    is_last = torch.ones_like(is_positive)  # of equal scores
    is_last[:-1] = scores[1:] != scores[:-1]
    place = is_last.nonzero().squeeze(1)
    misses = torch.nn.functional.pad(misses[place], (1, 0))
    rejected = torch.nn.functional.pad(place + 1, (1, 0)) - misses
    thresholds = torch.nn.functional.pad(scores[place].double(), (1, 0), value=-torch.inf)
    return (len(negative) - rejected).double(), misses.double(), thresholds


def _checked(name: str, scores: Tensor) -> Tensor:
    scores = torch.as_tensor(scores).detach().flatten()
    if not scores.numel():
        raise ArgumentError(f"{name} must hold at least one score, got none", hint="both kinds of trials are needed")
    if bool(scores.isnan().any()):
        raise ArgumentError(f"{name} must be numbers, got NaN in {int(scores.isnan().sum())} of {scores.numel()}")
    return scores


def _first_least(values: Tensor) -> int:
    return int((values == values.min()).nonzero()[0])
