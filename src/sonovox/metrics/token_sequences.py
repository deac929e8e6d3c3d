"""Tokens as they come out of a decoder, made into the symbols that an error rate counts."""

import re
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["extract_concepts_values", "merge_char", "split_word"]


def merge_char(sequences: Sequence[Sequence[str]], space: str = "_") -> list[list[str]]:
    """Words, from sequences of characters or pieces in which `space` stands between words.

    Spaces at the ends and repeated ones make no words. A sequence without any word is one empty word.

    >>> merge_char([["a", "b", "_", "c"], ["_", "d", "e", "_"], []])
    [['ab', 'c'], ['de'], ['']]
    """
    words = [list(filter(None, "".join(sequence).split(space))) for sequence in sequences]
    return [sequence or [""] for sequence in words]


def split_word(sequences: Sequence[Sequence[str]], space: str = "_") -> list[list[str]]:
    """Characters, from sequences of words, with `space` between words.

    >>> split_word([["ab", "c"], []])
    [['a', 'b', '_', 'c'], []]
    """
    return [list(space.join(sequence)) for sequence in sequences]


def extract_concepts_values(
    sequences: Sequence[Sequence[str]], keep_values: bool, tag_in: str, tag_out: str, space: str
) -> list[list[str]]:
    """The concepts of annotated transcripts, with their values or without, each as one symbol.

    In spoken language understanding a transcript such as `<city> Le Mans >` marks that the words
    up to the closing tag are the value of a concept.

    Args:
        sequences: characters or pieces of annotated transcripts.
        keep_values: give the value with the concept; otherwise the concept alone.
        tag_in: regular expression of how a word that opens a concept begins.
        tag_out: regular expression of how a word that closes one begins.
        space: what stands between words.

    Returns:
        For each sequence its concepts; one empty symbol where there are none.

    >>> extract_concepts_values([["<city>", "_", "L", "e", "_", "Mans", "_", ">"], ["hi"]], True, "<", ">", "_")
    [['<city> Le Mans'], ['']]
    """
    opens, closes = re.compile(tag_in).match, re.compile(tag_out).match
    return [_concepts("".join(sequence).split(space), keep_values, opens, closes) or [""] for sequence in sequences]


def _concepts(
    words: Sequence[str], keep_values: bool, opens: Callable[[str], Any], closes: Callable[[str], Any]
) -> list[str]:
    concepts: list[list[str]] = []
    is_open = False
    for word in words:
        if opens(word):
            concepts.append([word])
            is_open = True
        elif is_open and closes(word):
            is_open = False
        elif is_open and keep_values:
            concepts[-1].append(word)
    return [" ".join(concept) for concept in concepts]
