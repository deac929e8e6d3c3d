import math

import pytest

from sonovox.hparams.arithmetic import evaluate


@pytest.mark.parametrize(
    "text",
    [
        "1", "1 + 2 * 3", "(1 + 2) * 3", "2 ** 3 ** 2", "-2 ** 2", "2 ** -1", "7 // 2 % 2 + 1.5", "- - 1", "10 % 3",
        "-7 // 2", "1e-3 * 2", "1_000 + 1", ".5 + 1.", "True + 1", "3 - -1", "'a' + 'b'", "100 / 8", "2*(3+(4-1))",
    ],
)  # fmt: skip
def test_the_value_is_pythons(text):
    is_number, value = evaluate(text, [], 18)
    expected = eval(text)  # noqa: S307
    assert is_number
    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    "text",
    ["", "x", "1 +", "1 2", "01", "2020-01-02", "results/1", "1.2.3", "2x", "(1", "1)", "f(1)", "a.b", "1 if 1 else 2",
     "[1]", "1 == 1", "1 @ 2", "1 << 2", "~1", "not 1", "1j", "0x10", "'a", "lambda: 1", "-" * 99 + "1", "(" * 99],
)  # fmt: skip
def test_other_text_is_just_text(text):
    assert evaluate(text, [], 18) == (False, None)


def test_values_stand_for_nul_characters():
    assert evaluate("\0 ** 2", [-3], 18) == (True, 9)
    assert evaluate("\0 + \0", [0.5, True], 18) == (True, 1.5)


@pytest.mark.parametrize(
    "text", ["9**9**9", "10**18", "9**9**9**9**9", "(-10)**19", "1e300*1e300", "1e300**2", "9" * 900]
)
def test_large_numbers_end_at_once(text):
    with pytest.raises(OverflowError):
        evaluate(text, [], 18)


def test_infinity_that_was_given_is_kept():
    assert evaluate("\0 - 1", [math.inf], 18) == (True, math.inf)


@pytest.mark.parametrize(
    ("text", "error"),
    [("1 / 0", ZeroDivisionError), ("0 ** -1", ZeroDivisionError), ("'a' * 9", TypeError), ("None + 1", TypeError),
     ("(-1) ** 0.5", TypeError)],
)  # fmt: skip
def test_arithmetic_that_has_no_result(text, error):
    with pytest.raises(error):
        evaluate(text, [], 18)
