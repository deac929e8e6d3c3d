import math

import pytest

from sonovox.hparams.scalars import is_tuple, plain_value, tuple_parts

# What HyperPyYAML 1.2.3 makes of the same words (tests/parity/test_hyperpyyaml.py asks it again).
WORDS = {
    "yes": "yes", "on": "on", "off": "off", "True": True, "TRUE": True, "true": True, "tRue": "tRue",
    "false": False, "0777": 777, "0o17": 15, "0x1F": 31, "0b11": 3, "1_000": 1000, "1:30": "1:30", "~": None,
    "null": None, "Null": None, "NULL": None, "nULL": "nULL", ".inf": math.inf, "-.Inf": -math.inf, "1e4": 1e4,
    "1.e4": 1e4, ".5": 0.5, "+1": 1, "12e03": 12000.0, "1E-4": 1e-4, "1e+4": 1e4, "1.": 1.0, "-1e-4": -1e-4,
    "1e": "1e", "0.": 0.0, "00": 0, "+.5": 0.5, "1_0.5": 10.5, "_1": "_1", "0x": "0x", "0o8": "0o8",
    "1e-4x": "1e-4x", "": None, "-": "-", "1.2.3": "1.2.3", "\u0661": "\u0661",
}  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_words_mean_what_they_mean_in_hyperpyyaml(word):
    value = plain_value(word, 18)
    assert value == WORDS[word]
    assert type(value) is type(WORDS[word])


def test_nan_is_a_number():
    assert math.isnan(plain_value(".nan", 18))


def test_dates_are_text():
    assert plain_value("2020-01-01", 18) == "2020-01-01"


@pytest.mark.parametrize(
    "word", ["1" + "0" * 18, "-1" + "0" * 18, "0x" + "f" * 16, "0b" + "1" * 100, "1e999", "9" * 9999]
)
def test_numbers_are_bounded(word):
    with pytest.raises(OverflowError):
        plain_value(word, 18)


def test_the_largest_number_is_read():
    assert plain_value("9" * 18, 18) == 10**18 - 1


def test_parentheses_around_the_whole_make_a_tuple():
    assert all(map(is_tuple, ["()", "(1)", "(1, 2)", "((1, 2), [3])", "('a)', 2)"]))
    assert not any(map(is_tuple, ["(a) and (b)", "(1", "1)", "((1)", "([)]", "a (b)", "('a)"]))


def test_parts_of_a_tuple_stand_between_its_own_commas():
    assert tuple_parts("()") == []
    assert tuple_parts("(1,)") == ["1"]
    assert tuple_parts("(a, 'b, c', (d, e), {f: 1, g: 2})") == ["a", "'b, c'", "(d, e)", "{f: 1, g: 2}"]
