"""Words and characters."""

import pytest

from sonovox.data import merge_char, split_word


def test_characters_become_words():
    assert merge_char([["a", "b", "_", "c"], ["_", "x"], []]) == [["ab", "c"], ["", "x"], [""]]
    assert merge_char([["a", "|", "b"]], space="|") == [["a", "b"]]


@pytest.mark.parametrize("words", [[["ab", "c"], ["d"]], [["the", "cat"]]])
def test_splitting_is_the_reverse(words):
    assert merge_char(split_word(words)) == words
    assert split_word([["ab", "c"]], space="<>") == [["a", "b", "<", ">", "c"]]
