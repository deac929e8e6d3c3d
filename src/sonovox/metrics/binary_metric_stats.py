"""Statistics of yes-or-no decisions by a threshold on scores."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.metrics.detection import EER
from sonovox.metrics.metric_stats import MetricStats, of_summary, require_some

__all__ = ["BinaryMetricStats"]


class BinaryMetricStats(MetricStats):
    """Hits, false alarms and what is made of them, at a threshold that is given or that of the equal error rate.

    Args:
        positive_label: the label of what should be detected.

    >>> stats = BinaryMetricStats()
    >>> stats.append(["a", "b", "c", "d"], torch.tensor([0.1, 0.4, 0.8, 0.2]), torch.tensor([1, 0, 1, 0]))
    >>> summary = stats.summarize(threshold=0.5)
    >>> summary["TP"], summary["FN"], round(summary["F-score"], 4)
    (1.0, 1.0, 0.6667)
    """

    def __init__(self, positive_label: int = 1) -> None:
        self.positive_label = positive_label
        self.clear()

    def clear(self) -> None:
        """Forget all scores, at the start of a stage."""
        self.ids: list[str] = []
        self.scores: list[float] = []
        self.labels: list[float] = []
        self.summary: dict[str, Any] = {}

    def append(self, ids: Sequence[str], scores: Tensor, labels: Tensor) -> None:
        """Add a batch.

        Args:
            ids: of its items.
            scores: a score for each; the higher, the more likely it is positive.
            labels: a label for each.

        Raises:
            ArgumentError: there are not as many scores, labels and ids.
        """
        if not len(ids) == scores.numel() == labels.numel():
            raise ArgumentError(
                f"ids, scores and labels must be equally many, got {len(ids)}, {scores.numel()} and {labels.numel()}"
            )
        self.ids.extend(ids)
        self.scores.extend(scores.detach().flatten().tolist())
        self.labels.extend(labels.detach().flatten().tolist())

    def summarize(
        self,
        field: str | None = None,
        threshold: float | None = None,
        max_samples: int | None = None,
        beta: float = 1,
        eps: float = 1e-8,
    ) -> Any:
        """Counts and rates at a threshold; scores above it are taken for positive.

        Args:
            field: one of `TP`, `TN`, `FP`, `FN` (counts); `FAR` (false alarms per negative), `FRR`
                (misses per positive), `DER` (errors per right decision), `threshold`, `precision`,
                `recall`, `F-score`, `MCC` (Matthews' correlation); None for a dict of all.
            threshold: of the scores; that of the equal error rate when None.
            max_samples: of each label for finding that threshold, evenly chosen by their order; all when None.
            beta: weight of the recall in the F-score.
            eps: added to denominators.

        Raises:
            ArgumentError: nothing was appended; there is no such field; all labels are the same,
                so that there is no equal error rate.
        """
        require_some(self.scores)
        scores = torch.tensor(self.scores, dtype=torch.float64)
        is_positive = torch.tensor(self.labels) == self.positive_label
        if threshold is None:
            positive, negative = _thinned(scores[is_positive], max_samples), _thinned(scores[~is_positive], max_samples)
            threshold = EER(positive, negative)[1]
        accepted = scores > threshold
        tp, tn = float((accepted & is_positive).sum()), float((~accepted & ~is_positive).sum())
        fp, fn = float((accepted & ~is_positive).sum()), float((~accepted & is_positive).sum())
        self.summary = {
            "TP": tp,
            "TN": tn,
            "FP": fp,
            "FN": fn,
            "FAR": fp / (fp + tn + eps),
            "FRR": fn / (tp + fn + eps),
            "DER": (fp + fn) / (tp + tn + eps),
            "threshold": threshold,
            "precision": tp / (tp + fp + eps),
            "recall": tp / (tp + fn + eps),
            "F-score": (1 + beta**2) * tp / max((1 + beta**2) * tp + beta**2 * fn + fp, eps),
            "MCC": (tp * tn - fp * fn) / ((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn) + eps) ** 0.5,
        }
        return of_summary(self.summary, field)

    def state_dict(self) -> dict[str, list[Any]]:
        """All that was appended, in lists: those of several processes, one after the other, are those of all."""
        return {"ids": list(self.ids), "scores": list(self.scores), "labels": list(self.labels)}


def _thinned(scores: Tensor, max_samples: int | None) -> Tensor:
    if max_samples is None or len(scores) <= max_samples:
        return scores
    return scores.sort()[0][:: len(scores) // max_samples]
