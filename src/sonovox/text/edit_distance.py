"""Edit distance (Levenshtein, 1966) and what it is made of: substitutions, deletions and insertions.

The search is rapidfuzz's bit-parallel one (Hyyrö, "A bit-vector algorithm for
computing Levenshtein and Damerau edit distances", 2003).
"""

import itertools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from rapidfuzz.distance import Levenshtein

__all__ = ["EditCounts", "align", "count_operations", "edit_counts", "edit_distance", "edit_operations"]


@dataclass(frozen=True)
class EditCounts:
    """How a hypothesis differs from its reference, in symbols.

    Attributes:
        hits: symbols that are the same.
        substitutions: symbols of the reference with another one at their place.
        deletions: symbols of the reference that the hypothesis lacks.
        insertions: symbols that only the hypothesis has.
    """

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def errors(self) -> int:
        """The edit distance."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def n_reference(self) -> int:
        """Length of the reference."""
        return self.hits + self.substitutions + self.deletions


def edit_distance(seq1: Sequence[Hashable], seq2: Sequence[Hashable]) -> int:
    """The least number of substitutions, deletions and insertions that turn `seq1` into `seq2`.

    Args:
        seq1: a string, a list of words, or any sequence of hashable symbols.
        seq2: likewise.

    >>> edit_distance("kitten", "sitting")
    3
    >>> edit_distance("to be or not".split(), "to bee or".split())
    2
    """
    return Levenshtein.distance(*_comparable(seq1, seq2))


def edit_counts(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> EditCounts:
    """The operations of one shortest way from `reference` to `hypothesis`, counted.

    Where several ways are equally short, their number of errors is the same and
    the kinds may differ; which one is taken is rapidfuzz's choice.

    >>> edit_counts("the cat sat on the mat".split(), "a cat sat the mat today".split())
    EditCounts(hits=4, substitutions=1, deletions=1, insertions=1)
    """
    return count_operations(edit_operations(reference, hypothesis), len(reference))


def edit_operations(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> list[tuple[str, int, int]]:
    """One shortest way from `reference` to `hypothesis`: kind, index in the reference, index in the hypothesis.

    The kinds are "replace", "delete" and "insert". A symbol is deleted before, or
    inserted at, its index in the other sequence.

    >>> edit_operations("abcd", "bxd")
    [('delete', 0, 0), ('replace', 2, 1)]
    """
    if reference == hypothesis:
        return []
    operations = Levenshtein.editops(*_comparable(reference, hypothesis))
    return cast("list[tuple[str, int, int]]", operations.as_list())


def count_operations(operations: Iterable[tuple[str, int, int]], n_reference: int) -> EditCounts:
    """The counts of `operations` that were made on `n_reference` symbols, of one or of many references.

    >>> count_operations([("delete", 0, 0), ("replace", 2, 1)], 4)
    EditCounts(hits=2, substitutions=1, deletions=1, insertions=0)
    """
    kinds = [kind for kind, _, _ in operations]
    substitutions, deletions = kinds.count("replace"), kinds.count("delete")
    return EditCounts(
        hits=n_reference - substitutions - deletions,
        substitutions=substitutions,
        deletions=deletions,
        insertions=len(kinds) - substitutions - deletions,
    )


def align(
    reference: Sequence[Hashable], hypothesis: Sequence[Hashable]
) -> list[tuple[Hashable | None, Hashable | None]]:
    """The symbols of both, side by side; None where one has no counterpart.

    >>> align("the old cat sat".split(), "old cat sits".split())
    [('the', None), ('old', 'old'), ('cat', 'cat'), ('sat', 'sits')]
    """
    pairs: list[tuple[Hashable | None, Hashable | None]] = []
    for run in Levenshtein.opcodes(*_comparable(reference, hypothesis)):
        said = reference[run.src_start : run.src_end]
        recognised = hypothesis[run.dest_start : run.dest_end]
        pairs += itertools.zip_longest(said, recognised)  # equally long, or one of them empty
    return pairs


def _comparable(seq1: Sequence[Hashable], seq2: Sequence[Hashable]) -> tuple[Sequence[Hashable], Sequence[Hashable]]:
    """Both sequences, in symbols that rapidfuzz tells apart.

    It compares symbols by their hash, by which -1 equals -2, and a letter equals
    its code point. Between strings only, that is safe: their hashes are random
    numbers of 64 bits. Other symbols are numbered.
    """
    if isinstance(seq1, str) and isinstance(seq2, str):
        return seq1, seq2
    if {*map(type, seq1), *map(type, seq2)} == {str}:
        return seq1, seq2
    numbers: dict[Hashable, int] = {}
    following = itertools.count()
    return list(map(numbers.setdefault, seq1, following)), list(map(numbers.setdefault, seq2, following))
