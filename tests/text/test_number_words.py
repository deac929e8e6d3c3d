import pytest

from sonovox.text.number_words import CURRENCIES, digitize_number_words

UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spelled(number):
    """Slow reference: a cardinal in words, with "and" after the hundreds."""
    if number < 10:
        return UNITS[number]
    if number < 20:
        return TEENS[number - 10]
    if number < 100:
        return f"{TENS[number // 10 - 2]} {UNITS[number % 10] if number % 10 else ''}".strip()
    for scale, word in [(10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred")]:
        if number >= scale:
            rest = number % scale
            joint = " and " if 0 < rest < 100 else " "
            return f"{spelled(number // scale)} {word}{joint}{spelled(rest) if rest else ''}".strip()
    raise AssertionError(number)


def ordinal(number):
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


@pytest.mark.parametrize("numbers", [range(1200), range(1995, 100_000, 997), range(10**6 - 3, 10**11, 7_654_321_987)])
def test_every_spelled_cardinal_is_read(numbers):
    for number in numbers:
        assert digitize_number_words(spelled(number).split()) == [str(number)], spelled(number)


def test_every_spelled_ordinal_below_a_hundred_is_read():
    irregular = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
    irregular["twelve"] = "twelfth"
    for number in range(1, 100):
        *before, last = spelled(number).split()
        last = irregular.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
        assert digitize_number_words([*before, last]) == [ordinal(number)]


def test_years_are_read_in_two_halves():
    for year in [*range(1110, 1200), *range(1910, 2000)]:
        words = f"{spelled(year // 100)} {spelled(year % 100)}"
        assert digitize_number_words(words.split()) == [str(year)]


def test_every_currency_moves_its_sign_to_the_front():
    for word, sign in CURRENCIES.items():
        assert digitize_number_words(["seven", f"{word}s"]) == [f"{sign}7"]
        assert digitize_number_words(["7", word]) == [f"{sign}7"]


def test_signs_that_find_no_number_are_dropped():
    assert digitize_number_words(["$", "%", "price", "£"]) == ["price"]


def test_numbers_longer_than_python_converts_are_read():
    digits = digitize_number_words(["nine"] * 10_000 + ["million"])
    assert digits == ["9" * 10_000 + "000000"]


def test_words_without_numbers_stay():
    words = ["the", "point", "of", "a", "double", "half", "and", "per", "cent", "oh"]
    assert digitize_number_words(words) == words
