"""Words into characters and back, with a mark for the space between words."""

from collections.abc import Iterable, Sequence

__all__ = ["merge_char", "split_word"]


def merge_char(sequences: Iterable[Sequence[str]], space: str = "_") -> list[list[str]]:
    """Words of characters, cut at the mark of the space.

    >>> merge_char([["a", "b", "_", "c"], ["d"]])
    [['ab', 'c'], ['d']]
    """
    return ["".join(sequence).split(space) for sequence in sequences]


def split_word(sequences: Iterable[Sequence[str]], space: str = "_") -> list[list[str]]:
    """Characters of words, with the mark of the space between words.

    >>> split_word([["ab", "c"], ["d"]])
    [['a', 'b', '_', 'c'], ['d']]
    """
    return [list(space.join(sequence)) for sequence in sequences]
