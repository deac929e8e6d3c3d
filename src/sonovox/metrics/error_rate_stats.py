"""Word, character and other token error rates over the utterances of a stage, with alignments."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TextIO

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts
from sonovox.metrics.alignment_report import alignment_report, error_rate_report
from sonovox.metrics.error_rate import ErrorRate
from sonovox.metrics.metric_stats import MetricStats, of_summary, require_some
from sonovox.metrics.token_sequences import extract_concepts_values, merge_char, split_word
from sonovox.text.edit_distance import EditCounts
from sonovox.text.kaldi_alignment import alignment_steps, kaldi_alignments, kaldi_edit_counts

__all__ = ["ErrorRateStats"]

Tokens = list[Any]
IndexToLabel = Callable[[Any], Sequence[Sequence[Any]]]


def _str_equals(a: Hashable, b: Hashable) -> bool:
    """Whether two tokens are the same one."""
    return a == b


class ErrorRateStats(MetricStats):
    """Error rates of transcripts, such as the word error rate, and the alignments behind them.

    Args:
        merge_tokens: make words of characters or pieces first, split at `space_token`.
        split_tokens: make characters of words first, with `space_token` between the words.
        space_token: what stands between words.
        keep_values: with `extract_concepts_values`, compare the values of concepts too.
        extract_concepts_values: compare only what is annotated as a concept.
        tag_in: how a word begins that opens a concept, such as `"<"`.
        tag_out: how one begins that closes it, such as `">"`.
        equality_comparator: whether a token of the reference and one of the hypothesis count as the same.

    Among equally short alignments Kaldi's choice is taken. Only tokens are kept until a
    summary, scores or alignments are asked for.

    >>> stats = ErrorRateStats()
    >>> stats.append(["a", "b"], [["the", "bat"], ["hello"]], [["the", "cat", "sat"], ["hello"]])
    >>> stats.summarize("error_rate"), stats.summarize("substitutions"), stats.summarize("deletions")
    (50.0, 1, 1)
    """

    def __init__(
        self,
        merge_tokens: bool = False,
        split_tokens: bool = False,
        space_token: str = "_",  # noqa: S107 - no password
        keep_values: bool = True,
        extract_concepts_values: bool = False,
        tag_in: str = "",
        tag_out: str = "",
        equality_comparator: Callable[[Hashable, Hashable], bool] = _str_equals,
    ) -> None:
        self.merge_tokens = merge_tokens
        self.split_tokens = split_tokens
        self.space_token = space_token
        self.keep_values = keep_values
        self.extract_concepts_values = extract_concepts_values
        self.tag_in = tag_in
        self.tag_out = tag_out
        self.equality_comparator = equality_comparator
        self.clear()

    def clear(self) -> None:
        """Forget all transcripts, at the start of a stage."""
        self.ids: list[str] = []
        self.references: list[Tokens] = []
        self.hypotheses: list[Tokens] = []
        self.summary: dict[str, Any] = {}

    def append(
        self,
        ids: Sequence[str],
        predict: Tensor | Sequence[Sequence[Any]],
        target: Tensor | Sequence[Sequence[Any]],
        predict_len: Tensor | None = None,
        target_len: Tensor | None = None,
        ind2lab: IndexToLabel | None = None,
    ) -> None:
        """Add a batch.

        Args:
            ids: of the utterances.
            predict: a list of tokens for each, or a padded tensor `(batch, time)` of indices.
            target: likewise, what was said.
            predict_len: `(batch,)`, shares of the time, where `predict` is padded.
            target_len: likewise.
            ind2lab: makes lists of labels from lists of indices, a batch at a time.

        Raises:
            ArgumentError: there are not as many predictions, targets and ids.
        """
        hypotheses = self._tokens(predict, predict_len, ind2lab)
        references = self._tokens(target, target_len, ind2lab)
        if not len(ids) == len(hypotheses) == len(references):
            raise ArgumentError(
                "ids, predictions and targets must be equally many, "
                f"got {len(ids)}, {len(hypotheses)} and {len(references)}"
            )
        self.ids.extend(ids)
        self.hypotheses.extend(hypotheses)
        self.references.extend(references)

    @property
    def scores(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """For each utterance a dict of its errors, its tokens and its alignment."""
        alignments = kaldi_alignments(self.references, self.hypotheses, self._comparator())
        return [
            _score(*utterance) for utterance in zip(self.ids, self.references, self.hypotheses, alignments, strict=True)
        ]

    def summarize(self, field: str | None = None) -> Any:
        """The error rates of all utterances together, in percent, and the counts behind them.

        Args:
            field: one of `error_rate` and `WER` (errors per token of the references), `SER` (share of
                utterances with an error), `num_edits`, `insertions`, `deletions`, `substitutions`,
                `num_scored_tokens`, `num_erroneous_sents`, `num_scored_sents`, `num_absent_sents`,
                `num_ref_sents`; None for a dict of all.

        Raises:
            ArgumentError: nothing was appended; there is no such field.
        """
        require_some(self.ids)
        counts = kaldi_edit_counts(self.references, self.hypotheses, self._comparator())
        insertions, deletions, substitutions = (
            sum(getattr(count, kind) for count in counts) for kind in ("insertions", "deletions", "substitutions")
        )
        n_tokens = sum(map(_size, self.references))
        rate = ErrorRate(
            EditCounts(n_tokens - deletions - substitutions, substitutions, deletions, insertions),
            n_utterances=len(counts),
            n_wrong_utterances=sum(count.errors > 0 for count in counts),
        )
        self.summary = {
            "WER": 100.0 * rate.rate,
            "SER": 100.0 * rate.utterance_rate,
            "num_edits": rate.counts.errors,
            "num_scored_tokens": n_tokens,
            "num_erroneous_sents": rate.n_wrong_utterances,
            "num_scored_sents": len(counts),
            "num_absent_sents": 0,
            "num_ref_sents": len(counts),
            "insertions": insertions,
            "deletions": deletions,
            "substitutions": substitutions,
            "error_rate": 100.0 * rate.rate,
        }
        return of_summary(self.summary, field)

    def write_stats(self, filestream: TextIO, verbose: bool = False) -> None:
        """Write the error rates and the alignment of each utterance to an open text file."""
        text = error_rate_report(self.summarize()) + alignment_report(self.scores)
        filestream.write(text)
        if verbose:
            print(text)  # noqa: T201 - that is what it was asked for

    def state_dict(self) -> dict[str, list[Any]]:
        """All that was appended, in lists: those of several processes, one after the other, are those of all."""
        return {"ids": list(self.ids), "references": list(self.references), "hypotheses": list(self.hypotheses)}

    def _comparator(self) -> Callable[[Hashable, Hashable], bool] | None:
        return None if self.equality_comparator is _str_equals else self.equality_comparator

    def _tokens(self, batch: Any, lengths: Tensor | None, ind2lab: IndexToLabel | None) -> list[Tokens]:
        if lengths is not None:
            batch = _unpadded(batch, lengths)
        elif isinstance(batch, Tensor):
            batch = batch.tolist()
        if ind2lab is not None:
            batch = ind2lab(batch)
        if self.merge_tokens:
            batch = merge_char(batch, self.space_token)
        if self.split_tokens:
            batch = split_word(batch, self.space_token)
        if self.extract_concepts_values:
            batch = extract_concepts_values(batch, self.keep_values, self.tag_in, self.tag_out, self.space_token)
        return [list(tokens) for tokens in batch]


def _unpadded(batch: Any, lengths: Tensor) -> list[Tokens]:
    batch, lengths = torch.as_tensor(batch), torch.as_tensor(lengths)
    if batch.dim() < 2 or lengths.shape != batch.shape[:1]:
        raise ArgumentError(
            "a padded batch must be (batch, time) with one length an item, "
            f"got shapes {tuple(batch.shape)} and {tuple(lengths.shape)}"
        )
    counts = lengths_to_counts(lengths, batch.shape[1]).tolist()
    return [row[:count] for row, count in zip(batch.tolist(), counts, strict=True)]


def _size(tokens: Tokens) -> int:
    return len(tokens) - tokens.count("")  # the empty word stands for an empty transcript


def _score(key: str, reference: Tokens, hypothesis: Tokens, letters: str) -> dict[str, Any]:
    insertions, deletions, substitutions = letters.count("I"), letters.count("D"), letters.count("S")
    errors, n_tokens = insertions + deletions + substitutions, _size(reference)
    return {
        "key": key,
        "scored": True,
        "hyp_absent": False,
        "hyp_empty": not hypothesis,
        "num_edits": errors,
        "num_ref_tokens": n_tokens,
        "WER": 100.0 * errors / max(n_tokens, 1),
        "insertions": insertions,
        "deletions": deletions,
        "substitutions": substitutions,
        "alignment": alignment_steps(letters),
        "ref_tokens": reference,
        "hyp_tokens": hypothesis,
    }
