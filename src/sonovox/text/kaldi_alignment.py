"""Alignments of many pairs of sequences at once, with Kaldi's choice among equally short ones.

Which of the shortest ways from a reference to a hypothesis is taken does not change the
error rate, but how many of its errors count as insertions, deletions and substitutions.
`compute-wer` of Kaldi, and SpeechBrain after it, look from the end back: an insertion is
preferred over a deletion, and that over a substitution or a hit. So it is done here. The
table of distances (Wagner and Fischer, "The string-to-string correction problem", 1974)
is filled a row at a time, for all pairs together.
"""

import itertools
from collections.abc import Callable, Hashable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sonovox.text.edit_distance import EditCounts, edit_distance

__all__ = ["alignment_steps", "kaldi_alignments", "kaldi_edit_counts"]

_HIT, _SUBSTITUTION, _DELETION, _INSERTION = (ord(letter) for letter in "=SDI")
_CELLS_AT_ONCE = 1 << 19  # of the tables that are filled together

Symbols = Sequence[Hashable]
Equal = Callable[[Hashable, Hashable], bool]


def kaldi_edit_counts(
    references: Sequence[Symbols], hypotheses: Sequence[Symbols], equal: Equal | None = None
) -> list[EditCounts]:
    """The operations of each alignment of `kaldi_alignments`, counted.

    >>> kaldi_edit_counts(["ab"], ["ba"])
    [EditCounts(hits=1, substitutions=0, deletions=1, insertions=1)]
    """
    if equal is not None:
        return [_count(letters) for letters in kaldi_alignments(references, hypotheses, equal)]
    counts: list[EditCounts] = []
    unsure: list[int] = []
    for reference, hypothesis in zip(references, hypotheses, strict=True):
        errors = 0 if reference == hypothesis else edit_distance(reference, hypothesis)
        longer = len(hypothesis) - len(reference)
        # insertions - deletions = longer, and all three kinds add up to errors: with fewer than
        # two errors beyond the difference of the lengths there is one solution.
        if errors - abs(longer) >= 2:
            unsure.append(len(counts))
        insertions, deletions = max(longer, 0), max(-longer, 0)
        substitutions = errors - insertions - deletions
        counts.append(EditCounts(len(reference) - substitutions - deletions, substitutions, deletions, insertions))
    alignments = kaldi_alignments([references[i] for i in unsure], [hypotheses[i] for i in unsure])
    for i, letters in zip(unsure, alignments, strict=True):
        counts[i] = _count(letters)
    return counts


def kaldi_alignments(
    references: Sequence[Symbols], hypotheses: Sequence[Symbols], equal: Equal | None = None
) -> list[str]:
    """How each hypothesis is aligned with its reference: a letter for each step.

    Args:
        references: strings, lists of words, or other sequences of hashable symbols.
        hypotheses: as many.
        equal: whether a symbol of a reference and one of a hypothesis count as the same; `==` when None.

    Returns:
        For each pair a string of `=` (hit), `S` (substitution), `D` (deletion) and `I` (insertion).

    >>> kaldi_alignments(["the old cat".split(), "ab"], ["the bold cat sat".split(), "b"])
    ['=S=I', 'D=']
    """
    sizes = np.array([(len(a), len(b)) for a, b in zip(references, hypotheses, strict=True)]).reshape(-1, 2)
    alignments = [""] * len(sizes)
    for group in _of_like_size(sizes):
        said, recognised = [references[i] for i in group], [hypotheses[i] for i in group]
        different = _differences(said, recognised) if equal is None else _differences_by(equal, said, recognised)
        for i, letters in zip(group, _walk_back(_choices(different), sizes[group]), strict=True):
            alignments[i] = letters
    return alignments


def alignment_steps(letters: str) -> list[tuple[str, int | None, int | None]]:
    """The steps of an alignment: letter, index in the reference, index in the hypothesis.

    An index is None where a symbol has no counterpart.

    >>> alignment_steps("=DI")
    [('=', 0, 0), ('D', 1, None), ('I', None, 1)]
    """
    in_reference, in_hypothesis = itertools.count(), itertools.count()
    return [
        (letter, None if letter == "I" else next(in_reference), None if letter == "D" else next(in_hypothesis))
        for letter in letters
    ]


def _count(letters: str) -> EditCounts:
    return EditCounts(letters.count("="), letters.count("S"), letters.count("D"), letters.count("I"))


def _of_like_size(sizes: npt.NDArray[np.int_]) -> Iterator[list[int]]:
    """Indices of pairs whose tables are filled together, those of like size beside each other."""
    group: list[int] = []
    widest = 0
    order = np.lexsort((sizes[:, 1], sizes[:, 0]))
    for i, (rows, columns) in zip(order.tolist(), sizes[order].tolist(), strict=True):
        widest = max(widest, columns)
        if group and (len(group) + 1) * (rows + 1) * (widest + 1) > _CELLS_AT_ONCE:
            yield group
            group, widest = [], columns
        group.append(i)
    if group:
        yield group


def _differences(said: Sequence[Symbols], recognised: Sequence[Symbols]) -> npt.NDArray[np.bool_]:
    """Where the symbols of each pair differ, `(pairs, reference, hypothesis)`; True at the padding."""
    numbers: dict[Hashable, int] = {}
    following = itertools.count()

    def padded(sequences: Sequence[Symbols], padding: int) -> npt.NDArray[np.int32]:
        lengths = np.array([len(sequence) for sequence in sequences])
        table = np.full((len(lengths), lengths.max()), padding, dtype=np.int32)
        symbols = map(numbers.setdefault, itertools.chain.from_iterable(sequences), following)
        table[np.arange(table.shape[1]) < lengths[:, None]] = np.fromiter(symbols, np.int32)
        return table

    return padded(said, -1)[:, :, None] != padded(recognised, -2)[:, None, :]


def _differences_by(equal: Equal, said: Sequence[Symbols], recognised: Sequence[Symbols]) -> npt.NDArray[np.bool_]:
    """As `_differences`, by a function of two symbols."""
    different = np.ones((len(said), max(map(len, said)), max(map(len, recognised))), dtype=bool)
    for cells, reference, hypothesis in zip(different, said, recognised, strict=True):
        for (i, a), (j, b) in itertools.product(enumerate(reference), enumerate(hypothesis)):
            cells[i, j] = not equal(a, b)
    return different


def _choices(different: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """The last step of the best way to each cell, `(reference + 1, pairs, hypothesis + 1)`."""
    pairs, rows, columns = different.shape
    place = np.arange(columns + 1, dtype=np.int32)
    letters = np.empty((rows + 1, pairs, columns + 1), dtype=np.uint8)
    letters[0] = _INSERTION
    letters[1:, :, 0] = _DELETION
    above = np.broadcast_to(place, (pairs, columns + 1))
    for row in range(rows):
        unlike = different[:, row]
        best = above + 1  # by a deletion
        np.minimum(best[:, 1:], above[:, :-1] + unlike, out=best[:, 1:])
        # By insertions from a cell to the left: its cost, and 1 for each step from there.
        best -= place
        np.minimum.accumulate(best, axis=1, out=best)
        best += place
        here = letters[row + 1, :, 1:]
        np.multiply(unlike, _SUBSTITUTION - _HIT, out=here, dtype=np.uint8, casting="unsafe")
        here += _HIT
        np.copyto(here, _DELETION, where=above[:, 1:] < best[:, 1:])
        np.copyto(here, _INSERTION, where=best[:, :-1] < best[:, 1:])
        above = best
    return letters


def _walk_back(letters: npt.NDArray[np.uint8], sizes: npt.NDArray[np.int_]) -> list[str]:
    """The letters on the way from the last cell of each pair to its first, from the first on."""
    pairs, columns = letters.shape[1:]
    flat = letters.ravel()
    flat[: pairs * columns : columns] = 0  # the first cells: there the ways end, and stay
    place = (sizes[:, 0] * pairs + np.arange(pairs)) * columns + sizes[:, 1]
    back = np.zeros(256, dtype=np.int64)
    back[[_HIT, _SUBSTITUTION, _DELETION, _INSERTION]] = np.array([1, 1, 1, 0]) * pairs * columns + [1, 1, 0, 1]
    ways = np.zeros((int(sizes.sum(1).max()), pairs), dtype=np.uint8)
    for way in ways[::-1]:
        np.take(flat, place, out=way)
        place -= back[way]
    return [way.tobytes().lstrip(b"\0").decode() for way in ways.T]
