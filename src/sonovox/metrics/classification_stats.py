"""Accuracy by class, and what was taken for what."""

from collections.abc import Hashable, Sequence
from typing import Any, TextIO

import torch

from sonovox._internal.errors import ArgumentError
from sonovox.metrics.metric_stats import MetricStats, of_summary, require_some

__all__ = ["ClassificationStats"]


class ClassificationStats(MetricStats):
    """Accuracy over all items, for each class, and the confusion matrix.

    With categories, such as the speaker or the corpus, a class is a category with its target.

    >>> stats = ClassificationStats()
    >>> stats.append(["1", "2", "3"], predictions=["B", "A", "C"], targets=["B", "A", "A"])
    >>> stats.summarize("classwise_accuracy")
    {'A': 0.5, 'B': 1.0}
    >>> stats.summarize("confusion_matrix")  # rows: A and B; columns: A, B and C
    tensor([[1., 0., 1.],
            [0., 1., 0.]])
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all items, at the start of a stage."""
        self.ids: list[str] = []
        self.predictions: list[Any] = []
        self.targets: list[Any] = []
        self.categories: list[Any] = []
        self.summary: dict[str, Any] = {}

    def append(
        self,
        ids: Sequence[str],
        predictions: Sequence[Hashable],
        targets: Sequence[Hashable],
        categories: Sequence[Hashable] | None = None,
    ) -> None:
        """Add a batch.

        Args:
            ids: of its items.
            predictions: a label for each.
            targets: the true label for each.
            categories: a category for each, in all batches or in none.

        Raises:
            ArgumentError: there are not as many of all.
        """
        given = [ids, predictions, targets, *([] if categories is None else [categories])]
        if len({len(each) for each in given}) > 1:
            raise ArgumentError(
                f"ids, predictions, targets and categories must be equally many, got {list(map(len, given))}"
            )
        if (categories is None and self.categories) or (
            categories is not None and len(self.categories) < len(self.ids)
        ):
            raise ArgumentError("categories must be given with all batches or with none")
        self.ids.extend(ids)
        self.predictions.extend(predictions)
        self.targets.extend(targets)
        self.categories.extend(categories or [])

    def summarize(self, field: str | None = None) -> Any:
        """Accuracies from 0 to 1, and the counts behind them.

        Args:
            field: one of `accuracy`; `confusion_matrix`, `(keys, predictions)`; `keys` and `predictions`,
                what its rows and columns are; `classwise_total`, `classwise_correct`,
                `classwise_accuracy`, by key; `classwise_stats`, the three together; None for a dict of all.

        Raises:
            ArgumentError: nothing was appended; there is no such field.
        """
        require_some(self.ids)
        of_items = list(zip(self.categories, self.targets, strict=True)) if self.categories else self.targets
        keys, predictions = sorted(set(of_items)), sorted(set(self.predictions))
        rows, columns = ({label: i for i, label in enumerate(labels)} for labels in (keys, predictions))
        matrix = torch.zeros(len(keys), len(predictions))
        places = [rows[key] for key in of_items], [columns[label] for label in self.predictions]
        matrix.index_put_(tuple(map(torch.tensor, places)), torch.ones(()), accumulate=True)
        classwise = {}
        for key, row in zip(keys, matrix.tolist(), strict=True):
            target = key[1] if self.categories else key
            total, correct = sum(row), row[columns[target]] if target in columns else 0.0
            classwise[key] = {"total": total, "correct": correct, "accuracy": correct / total}
        self.summary = {
            "accuracy": sum(stats["correct"] for stats in classwise.values()) / len(self.ids),
            "confusion_matrix": matrix,
            "classwise_stats": classwise,
            "keys": keys,
            "predictions": predictions,
        }
        for name in ("total", "correct", "accuracy"):
            self.summary[f"classwise_{name}"] = {key: stats[name] for key, stats in classwise.items()}
        return of_summary(self.summary, field)

    def write_stats(self, filestream: TextIO, verbose: bool = False) -> None:
        """Write accuracy, accuracy by class and confusions to an open text file."""
        summary = self.summarize()
        width = max(len(self._label(key)) for key in summary["keys"])
        lines = [f"Overall Accuracy: {summary['accuracy']:.2%}", "", *_underlined("Class-Wise Accuracy")]
        for key, stats in summary["classwise_stats"].items():
            lines.append(f"{self._label(key):<{width}}: {_share(stats['correct'], stats['total'])}")
        lines += ["", *_underlined("Confusion")]
        width = max(len(str(label)) for label in summary["predictions"])
        for key, row in zip(summary["keys"], summary["confusion_matrix"].tolist(), strict=True):
            lines.append(f"Target: {self._label(key)}")
            for label, count in zip(summary["predictions"], row, strict=True):
                lines += [f"  -> {label!s:<{width}}: {_share(count, sum(row))}"] * (count > 0)
        text = "\n".join(lines) + "\n"
        filestream.write(text)
        if verbose:
            print(text)  # noqa: T201 - that is what it was asked for

    def state_dict(self) -> dict[str, list[Any]]:
        """All that was appended, in lists: those of several processes, one after the other, are those of all."""
        return {name: list(getattr(self, name)) for name in ("ids", "predictions", "targets", "categories")}

    def _label(self, key: Any) -> str:
        return " -> ".join(map(str, key)) if self.categories else str(key)


def _underlined(title: str) -> list[str]:
    return [title, "-" * len(title)]


def _share(part: float, whole: float) -> str:
    return f"{part:.0f} / {whole:.0f} ({part / whole:.2%})"
