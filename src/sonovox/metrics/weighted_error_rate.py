"""Error rates in which errors weigh by what they mean, such as less for words of like meaning."""

from collections.abc import Callable
from typing import Any, NoReturn, TextIO

from torch import Tensor
from torch.nn import functional as F

from sonovox._internal.errors import ArgumentError
from sonovox.metrics.error_rate_stats import ErrorRateStats
from sonovox.metrics.metric_stats import MetricStats, of_summary, require_some

__all__ = ["EmbeddingErrorRateSimilarity", "WeightedErrorRateStats"]

_KINDS = {"I": "insertions", "S": "substitutions", "D": "deletions"}


class WeightedErrorRateStats(MetricStats):
    """The error rate of an `ErrorRateStats` with a weight for each error of its alignments.

    Args:
        base_stats: where transcripts are appended.
        cost_function: the weight, from 0 to 1, of an error: `"I"`, `"D"` or `"S"`, the token of the
            reference and that of the hypothesis, None where there is none.
        weight_name: the first part of the names in the summary.

    The errors are divided by the length of the alignments, so that the rate stays below 100.

    >>> base = ErrorRateStats()
    >>> base.append(["a"], [["the", "Cat", "stood"]], [["the", "cat", "sat"]])
    >>> case = lambda kind, said, heard: 0.1 if said and heard and said.lower() == heard.lower() else 1.0
    >>> round(WeightedErrorRateStats(base, case).summarize("weighted_wer"), 3), base.summarize("WER").__round__(3)
    (36.667, 66.667)
    """

    def __init__(
        self,
        base_stats: ErrorRateStats,
        cost_function: Callable[[str, Any, Any], float],
        weight_name: str = "weighted",
    ) -> None:
        self.base_stats = base_stats
        self.cost_function = cost_function
        self.weight_name = weight_name
        self.clear()

    def append(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: transcripts are appended to `base_stats`.

        Raises:
            ArgumentError: always.
        """
        raise ArgumentError("weighted error rates hold no transcripts", hint="append to base_stats")

    def summarize(self, field: str | None = None) -> Any:
        """The weighted error rate in percent, and the weights of its errors.

        Args:
            field: one of `wer`, `insertions`, `substitutions`, `deletions`, `num_edits` after
                `weight_name` and an underscore; None for a dict of all.

        Raises:
            ArgumentError: nothing was appended to `base_stats`; there is no such field.
        """
        utterances = self.base_stats.scores
        require_some(utterances)
        self.ids = [utterance["key"] for utterance in utterances]
        self.scores = [self._score(utterance) for utterance in utterances]
        totals = {kind: sum(score[kind] for score in self.scores) for kind in (*_KINDS.values(), "num_edits")}
        n_steps = sum(len(utterance["alignment"]) for utterance in utterances)
        summary = {"wer": 100.0 * totals["num_edits"] / max(n_steps, 1), **totals}
        self.summary = {f"{self.weight_name}_{name}": value for name, value in summary.items()}
        return of_summary(self.summary, field)

    def write_stats(self, filestream: TextIO, verbose: bool = False) -> None:
        """Write the summary to an open text file."""
        lines = [f"Weighted WER metrics ({self.weight_name}):"]
        lines += [f"{name}: {value}" for name, value in self.summarize().items()]
        filestream.write("\n".join(lines) + "\n")
        if verbose:
            print("\n".join(lines))  # noqa: T201 - that is what it was asked for

    def _score(self, utterance: dict[str, Any]) -> dict[str, Any]:
        weights = dict.fromkeys(_KINDS.values(), 0.0)
        for letter, i, j in utterance["alignment"]:
            if letter in _KINDS:
                said = None if i is None else utterance["ref_tokens"][i]
                recognised = None if j is None else utterance["hyp_tokens"][j]
                weights[_KINDS[letter]] += self.cost_function(letter, said, recognised)
        errors = sum(weights.values())
        rate = 100.0 * errors / max(len(utterance["alignment"]), 1)
        return {"key": utterance["key"], "WER": rate, **weights, "num_edits": errors}


class EmbeddingErrorRateSimilarity:
    """A weight of substitutions by the likeness of embeddings, for `WeightedErrorRateStats`.

    The "EmbER" of Roux et al., "Qualitative evaluation of language model rescoring in
    automatic speech recognition", Interspeech 2022. Insertions and deletions weigh 1.

    Args:
        embedding_function: gives the vector of a word, or None for words that it does not know.
        low_similarity_weight: weight of a substitution by an unlike or unknown word.
        high_similarity_weight: weight of a substitution by a like one; the paper has 0.1.
        threshold: cosine similarity from which on words are alike; the paper has 0.4.

    >>> import torch
    >>> vectors = {"big": torch.tensor([1.0, 0.1]), "large": torch.tensor([0.9, 0.2]), "red": torch.tensor([0.0, 1.0])}
    >>> weight = EmbeddingErrorRateSimilarity(vectors.get, 1.0, 0.1, 0.4)
    >>> weight("S", "big", "large"), weight("S", "big", "red"), weight("D", "big", None)
    (0.1, 1.0, 1.0)
    """

    def __init__(
        self,
        embedding_function: Callable[[str], Tensor | None],
        low_similarity_weight: float,
        high_similarity_weight: float,
        threshold: float,
    ) -> None:
        self.embedding_function = embedding_function
        self.low_similarity_weight = low_similarity_weight
        self.high_similarity_weight = high_similarity_weight
        self.threshold = threshold

    def __call__(self, edit_symbol: str, a: str | None, b: str | None) -> float:
        """The weight of a step of an alignment: its letter, the word of the reference, that of the hypothesis."""
        if edit_symbol == "=":
            return 0.0
        if edit_symbol != "S":
            return 1.0
        said, recognised = (self.embedding_function(word) if word else None for word in (a, b))
        if said is None or recognised is None:
            return self.low_similarity_weight
        alike = F.cosine_similarity(said, recognised, dim=0).item() >= self.threshold
        return self.high_similarity_weight if alike else self.low_similarity_weight
