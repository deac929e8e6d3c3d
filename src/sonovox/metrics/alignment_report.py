"""Error rates and alignments as text, in the layout of Kaldi's `compute-wer` that SpeechBrain writes too."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["alignment_report", "error_rate_report"]

_RULE = "=" * 80
_EPSILON = "<eps>"
_EXAMPLE = (
    ["I", "S", "=", "=", "S", "D"],
    [None, "reference", "on", "the", "first", "line"],
    ["and", "hypothesis", "on", "the", "third", None],
)


def error_rate_report(summary: Mapping[str, Any]) -> str:
    """Three lines: the error rate of tokens, that of sentences, and how many were scored.

    Args:
        summary: that of `ErrorRateStats`.
    """
    return (
        f"%WER {summary['WER']:.2f} [ {summary['num_edits']} / {summary['num_scored_tokens']}, {_kinds(summary)} ]\n"
        f"%SER {summary['SER']:.2f} [ {summary['num_erroneous_sents']} / {summary['num_scored_sents']} ]\n"
        f"Scored {summary['num_scored_sents']} sentences, {summary['num_absent_sents']} not present in hyp.\n"
    )


def alignment_report(scores: Iterable[Mapping[str, Any]]) -> str:
    """A section for each utterance: its error rate, and below it reference, operations and hypothesis in columns.

    Args:
        scores: those of `ErrorRateStats`.

    >>> print(alignment_report([]))
    ================================================================================
    ALIGNMENTS
    <BLANKLINE>
    Format:
    <utterance-id>, WER DETAILS
    <eps> ; reference  ; on ; the ; first ;  line
      I   ;     S      ; =  ;  =  ;   S   ;   D
     and  ; hypothesis ; on ; the ; third ; <eps>
    <BLANKLINE>
    """
    parts = [f"{_RULE}\nALIGNMENTS\n\nFormat:\n<utterance-id>, WER DETAILS\n{_columns(*_EXAMPLE)}"]
    for score in scores:
        steps = score["alignment"]
        letters = [letter for letter, _, _ in steps]
        said = [None if i is None else score["ref_tokens"][i] for _, i, _ in steps]
        recognised = [None if j is None else score["hyp_tokens"][j] for _, _, j in steps]
        parts.append(
            f"{_RULE}\n{score['key']}, %WER {score['WER']:.2f} "
            f"[ {score['num_edits']} / {score['num_ref_tokens']}, {_kinds(score)} ]\n"
            f"{_columns(letters, said, recognised)}"
        )
    return "".join(parts)


def _kinds(counts: Mapping[str, Any]) -> str:
    return f"{counts['insertions']} ins, {counts['deletions']} del, {counts['substitutions']} sub"


def _columns(letters: Sequence[str], said: Sequence[Any], recognised: Sequence[Any]) -> str:
    """Three lines: reference, operations and hypothesis, one below the other."""
    rows = [[_EPSILON if token is None else str(token) for token in tokens] for tokens in (said, letters, recognised)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" ; ".join(map(str.center, row, widths)) for row in rows]
    return "\n".join(lines) + "\n"
