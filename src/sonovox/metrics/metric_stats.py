"""Statistics of a metric over the utterances of a stage: append batches, summarise, write."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TextIO

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts

__all__ = ["MetricStats", "of_summary", "require_some"]


class MetricStats:
    """Scores of utterances by a metric, with their average, their extremes and whose they are.

    Args:
        metric: a function of predictions and targets that gives a score for each item, such as a
            loss with `reduction="batch"`; with `batch_eval=False` a function of one prediction and
            one target that gives a number.
        n_jobs: threads that compute the metric of items; for `batch_eval=False`.
        batch_eval: call the metric with whole batches.

    Attributes:
        ids: of the utterances, in the order in which they came.
        scores: their scores.
        summary: what `summarize` gave last.

    >>> stats = MetricStats(lambda predict, target: (predict - target).abs().mean(1))
    >>> stats.append(["a", "b"], torch.tensor([[0.1, 0.2], [0.5, 0.3]]), torch.tensor([[0.1, 0.2], [0.1, 0.1]]))
    >>> stats.summarize("max_id"), round(stats.summarize("average"), 4)
    ('b', 0.15)
    """

    def __init__(self, metric: Callable[..., Any], n_jobs: int = 1, batch_eval: bool = True) -> None:
        check_positive("n_jobs", n_jobs)
        self.metric = metric
        self.n_jobs = n_jobs
        self.batch_eval = batch_eval
        self.clear()

    def clear(self) -> None:
        """Forget all scores, at the start of a stage."""
        self.ids: list[str] = []
        self.scores: list[Any] = []
        self.summary: dict[str, Any] = {}

    def append(self, ids: Sequence[str], *args: Any, **kwargs: Any) -> None:
        """Score a batch.

        Args:
            ids: of its utterances.
            args: for the metric.
            kwargs: for the metric. With `batch_eval=False` these are `predict` and `target`, and
                `lengths` as shares of the time, by which both lose their padding.

        Raises:
            ArgumentError: the metric did not give one score for each id.
        """
        scores = self.metric(*args, **kwargs) if self.batch_eval else self._by_item(*args, **kwargs)
        values = scores.detach().reshape(-1).tolist() if isinstance(scores, Tensor) else [float(s) for s in scores]
        if len(values) != len(ids):
            raise ArgumentError(
                f"the metric must give a score for each of {len(ids)} ids, got {len(values)}",
                hint="losses do with reduction='batch'",
            )
        self.ids.extend(ids)
        self.scores.extend(values)

    def summarize(self, field: str | None = None) -> Any:
        """The average score, the least and the greatest one and the ids that have them.

        Args:
            field: one of `average`, `min_score`, `min_id`, `max_score`, `max_id`; None for a dict of all.

        Raises:
            ArgumentError: nothing was appended; there is no such field.
        """
        require_some(self.scores)
        least = min(range(len(self.scores)), key=self.scores.__getitem__)
        greatest = max(range(len(self.scores)), key=self.scores.__getitem__)
        self.summary = {
            "average": sum(self.scores) / len(self.scores),
            "min_score": self.scores[least],
            "min_id": self.ids[least],
            "max_score": self.scores[greatest],
            "max_id": self.ids[greatest],
        }
        return of_summary(self.summary, field)

    def write_stats(self, filestream: TextIO, verbose: bool = False) -> None:
        """Write the summary to an open text file; with `verbose` to the standard output too."""
        self.summarize()
        text = (
            f"Average score: {self.summary['average']}\n"
            f"Min error: {self.summary['min_score']} id: {self.summary['min_id']}\n"
            f"Max error: {self.summary['max_score']} id: {self.summary['max_id']}\n"
        )
        filestream.write(text)
        if verbose:
            print(text)  # noqa: T201 - that is what it was asked for

    def state_dict(self) -> dict[str, list[Any]]:
        """All that was appended, in lists: those of several processes, one after the other, are those of all."""
        return {"ids": list(self.ids), "scores": list(self.scores)}

    def load_state_dict(self, state: Mapping[str, list[Any]]) -> None:
        """Go on from `state`, that of `state_dict`."""
        self.clear()
        for name in self.state_dict():
            setattr(self, name, list(state[name]))

    def _by_item(self, predict: Tensor, target: Tensor, lengths: Tensor | None = None) -> Iterable[Any]:
        if lengths is None:
            pairs = list(zip(predict, target, strict=True))
        else:
            counts = lengths_to_counts(torch.as_tensor(lengths), predict.shape[1]).tolist()
            pairs = [(p[:n], t[:n]) for p, t, n in zip(predict, target, counts, strict=True)]
        if self.n_jobs == 1:
            return [self.metric(p, t) for p, t in pairs]
        with ThreadPoolExecutor(self.n_jobs) as pool:
            return list(pool.map(lambda pair: self.metric(*pair), pairs))


def require_some(scores: Sequence[Any]) -> None:
    """Refuse to summarise nothing.

    >>> require_some([])
    Traceback (most recent call last):
    sonovox._internal.errors.ArgumentError: there is nothing to summarise; append a batch first
    """
    if not scores:
        raise ArgumentError("there is nothing to summarise", hint="append a batch first")


def of_summary(summary: dict[str, Any], field: str | None) -> Any:
    """One field of a summary, or all of it.

    >>> of_summary({"WER": 5.0, "SER": 50.0}, "WER")
    5.0
    """
    if field is None:
        return summary
    check_choice("field", field, summary)
    return summary[field]
