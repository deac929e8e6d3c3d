"""Numbers that are spelled out, written in digits, as in "Text standardization" of the Whisper paper (appendix C)."""

import re
from collections.abc import Sequence

__all__ = ["CURRENCIES", "digitize_number_words"]

CURRENCIES = {"dollar": "$", "pound": "£", "euro": "€", "yen": "¥", "cent": "¢"}  # word -> sign

_UNIT_WORDS = "one two three four five six seven eight nine"
_TEEN_WORDS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: str(value) for value, word in enumerate(_UNIT_WORDS.split(), start=1)}
_TEENS = {word: str(value) for value, word in enumerate(_TEEN_WORDS.split(), start=10)}
_TENS = {word: str(value) for value, word in enumerate(_TENS_WORDS.split(), start=2)}  # without its zero
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "quadrillion": 15}  # powers of ten
_ZEROS = {"zero", "nought", "oh", "o"}
_SPOKEN_ZEROS = {"oh", "o"}  # a zero only among other digits: "double oh seven", not "oh no"
_REPEATS = {"double": 2, "triple": 3}
_FRACTIONS = {("a", "half"): "5", ("a", "quarter"): "25", ("three", "quarters"): "75"}  # after "and"; decimals

_ORDINALS = {"first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight", "ninth": "nine"}
_ORDINALS |= {"twelfth": "twelve"}
_ORDINAL_ENDINGS = {"first": "st", "second": "nd", "third": "rd"}


def _forms() -> dict[str, tuple[str, str]]:
    """Every form of a number word -> its cardinal and what the digits end in: fortieth -> (forty, th)."""
    forms = {ordinal: (cardinal, _ORDINAL_ENDINGS.get(ordinal, "th")) for ordinal, cardinal in _ORDINALS.items()}
    for word in [*_UNITS, *_TEENS, *_TENS, "hundred", *_SCALES]:
        stem = f"{word[:-1]}ie" if word.endswith("y") else word
        forms[word] = (word, "")
        forms[f"{stem}es" if word == "six" else f"{stem}s"] = (word, "s")
        if word not in _ORDINALS.values():
            forms[f"{stem}th"] = (word, "th")
    return forms


_FORMS = _forms()
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_WHOLE_AMOUNT = re.compile(r"[$£€¥¢][0-9]+")
_CENTS = re.compile(r"¢[0-9]{1,2}")
_SIGNS = set(CURRENCIES.values())
_SIGN_OF_WORD = {form: sign for word, sign in CURRENCIES.items() for form in (word, f"{word}s")}


def digitize_number_words(words: Sequence[str]) -> list[str]:
    """`words` with the numbers among them in digits.

    Cardinals, ordinals, decades, decimals, years and telephone numbers read in
    groups, multipliers after digits, percentages, and amounts of money, whose
    sign moves to the front.

    Args:
        words: in lower case, without hyphens; signs of currencies and percent
            are words of their own.

    Returns:
        The new words. Digits that are already there are not joined with their
        neighbours, so that doing it twice is doing it once. The time it takes
        is proportional to the number of words.

    >>> digitize_number_words("on the twenty first of may nineteen eighty four".split())
    ['on', 'the', '21st', 'of', 'may', '1984']
    >>> digitize_number_words("two and a half million dollars or 20 per cent".split())
    ['$2500000', 'or', '20%']
    """
    reader = _Reader(words)
    written = []
    while reader.position < len(words):
        number = reader.number()
        if number is None:
            written.append(words[reader.position])
            reader.position += 1
        else:
            written.append(number)
    return _attach_units(written)


class _Reader:
    """Reads numbers from a list of words, leaving `position` after what was read.

    Values are strings of digits: sums are written into trailing zeros, products
    move the decimal point, and no integer of unbounded size is ever computed.

        number      = term (["and"] term)*      scales falling: two million | three thousand | and five
        term        = coefficient scale*
        coefficient = (digits | groups) ["hundred" [["and"] group]] [fraction]
        groups      = (zero | "double" digit | group)+     read one after the other: nineteen | eighty four
        group       = tens [unit] | teen | unit
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.position = 0

    def number(self) -> str | None:
        """The number at `position`, with its ending (21st, 1980s), or None where there is none."""
        first = self._term()
        if first is None:
            return None
        value, ending, room = first
        while room and not ending:
            start = self.position
            self._skip("and")
            term = None if _PLAIN.fullmatch(self._word(0)) else self._term()
            # What is added must fit below the scale before it, and a plural (twenties) starts anew.
            if term is None or len(term[0].partition(".")[0]) > room or term[1] == "s":
                self.position = start
                break
            value, ending, room = _add(value, term[0]), term[1], term[2]
        if not ending:
            value += self._fraction(value)
        return value + ending

    def _term(self) -> tuple[str, str, int] | None:
        """Value, ending, and the number of trailing zeros that a smaller term may fill."""
        coefficient = self._coefficient()
        if coefficient is None:
            if self._form(0)[0] not in _SCALES:
                return None
            coefficient = ("1", "")
        value, ending = coefficient
        exponent = 0
        while not ending and self._form(0)[0] in _SCALES:
            word, ending = self._take()
            exponent += _SCALES[word]
        decimals = len(value.partition(".")[2])
        return _shift(value, exponent), ending, max(exponent - decimals, 0)

    def _coefficient(self) -> tuple[str, str] | None:
        value, ending = "", ""
        if _PLAIN.fullmatch(self._word(0)):
            value = self._word(0)
            self.position += 1
        else:
            value, ending = self._groups(begun=False)
        if ending or (not value and self._form(0)[0] != "hundred"):
            return (value, ending) if value else None
        if self._form(0)[0] == "hundred":
            ending = self._take()[1]
            hundreds = _shift(value or "1", 2)
            has_room = not ending and "." not in value
            value, ending = self._after_hundred(hundreds) if has_room else (hundreds, ending)
        if not ending:
            value += self._fraction(value)
        return value, ending

    def _after_hundred(self, hundreds: str) -> tuple[str, str]:
        start = self.position
        self._skip("and")
        group, ending = self._group()
        if not group or ending == "s" or self._form(0)[0] == "hundred":  # one hundred | two hundred
            self.position = start
            return hundreds, ""
        return _add(hundreds, group), ending

    def _groups(self, *, begun: bool) -> tuple[str, str]:
        """Digits of groups read one after the other; `begun` when digits stand before them."""
        groups: list[str] = []
        while True:
            start = self.position
            begun = begun or bool(groups)
            if self._is_zero(begun):
                self.position += 1
                groups.append("0")
                continue
            repeated = self._repeated_digit()
            group, ending = (repeated, "") if repeated else self._group()
            # With an ending, decades (nineteen | eighties) and compounds (eighty first) go on;
            # "one second" and "five tens" are two things.
            is_decade = ending == "s" and self._form(-1)[0] in _TENS
            is_compound = self.position - start == 2
            if not group or (groups and ending and not is_decade and not is_compound):
                self.position = start
                return "".join(groups), ""
            groups.append(group)
            if ending:
                return "".join(groups), ending

    def _group(self) -> tuple[str, str]:
        word, ending = self._form(0)
        if word in _TENS:
            unit, unit_ending = self._form(1)
            if not ending and unit in _UNITS and unit_ending != "s":
                self.position += 2
                return _TENS[word] + _UNITS[unit], unit_ending
            self.position += 1
            return f"{_TENS[word]}0", ending
        digits = _UNITS.get(word) or _TEENS.get(word) or ""
        self.position += bool(digits)
        return digits, ending

    def _fraction(self, value: str) -> str:
        """The decimals that follow `value`, with their point: "point one four", "and a half"."""
        if "." in value:
            return ""
        if self._word(0) == "point":
            start = self.position
            self.position += 1
            decimals, ending = self._groups(begun=True)
            if decimals and not ending:
                return f".{decimals}"
            self.position = start
        elif self._word(0) == "and" and (self._word(1), self._word(2)) in _FRACTIONS:
            self.position += 3
            return f".{_FRACTIONS[self._word(-2), self._word(-1)]}"
        return ""

    def _repeated_digit(self) -> str:
        following = self._word(1)
        digit = "0" if following in _ZEROS else _UNITS.get(following, "")
        repeated = digit * _REPEATS.get(self._word(0), 0)
        self.position += 2 * bool(repeated)
        return repeated

    def _is_zero(self, begun: bool) -> bool:
        word = self._word(0)
        if word not in _SPOKEN_ZEROS:
            return word in _ZEROS
        following, ending = self._form(1)
        is_digits = following in _UNITS or following in _TEENS or following in _TENS or following in _ZEROS
        return begun and is_digits and ending != "s"

    def _word(self, offset: int) -> str:
        index = self.position + offset
        return self.words[index] if 0 <= index < len(self.words) else ""

    def _form(self, offset: int) -> tuple[str, str]:
        word = self._word(offset)
        return _FORMS.get(word, (word, ""))

    def _take(self) -> tuple[str, str]:
        self.position += 1
        return self._form(-1)

    def _skip(self, word: str) -> None:
        self.position += self._word(0) == word


def _shift(value: str, exponent: int) -> str:
    """`value` times ten to the `exponent`: 2.5, 3 -> 2500."""
    whole, _, decimals = value.partition(".")
    decimals = decimals.ljust(exponent, "0")
    rest = decimals[exponent:]
    return (whole + decimals[:exponent]) + (f".{rest}" if rest else "")


def _add(value: str, smaller: str) -> str:
    """`smaller` written into the trailing zeros of `value`."""
    return value[: -len(smaller)] + smaller


def _attach_units(words: Sequence[str]) -> list[str]:
    """Join numbers with signs and names of currencies and with percent; signs that find no number are dropped."""
    joined: list[str] = []
    position = 0
    while position < len(words):
        word, following, third = (*words[position : position + 3], "", "")[:3]
        taken = 1
        if word in _SIGNS and _PLAIN.fullmatch(following):
            word, taken = word + following, 2
        elif _PLAIN.fullmatch(word):
            if following in ("%", "percent"):
                word, taken = f"{word}%", 2
            elif (following, third) == ("per", "cent"):
                word, taken = f"{word}%", 3
            elif following in _SIGN_OF_WORD:
                word, taken = _SIGN_OF_WORD[following] + word, 2
            elif following in _SIGNS and not _PLAIN.fullmatch(third):
                word, taken = following + word, 2
        position += taken
        if word != "%" and word not in _SIGNS:
            joined.append(word)
            _join_rest_of_amount(joined)
    return joined


def _join_rest_of_amount(words: list[str]) -> None:
    """Write cents or a fraction that end `words` into the amount before them: $2 and ¢50, $2 and a half."""
    if _CENTS.fullmatch(words[-1]):
        decimals, length = words[-1][1:].zfill(2), 2 if words[-2:-1] == ["and"] else 1
    elif len(words) > 3 and words[-3] == "and" and (words[-2], words[-1]) in _FRACTIONS:
        decimals, length = _FRACTIONS[words[-2], words[-1]], 3
    else:
        return
    if len(words) > length and _WHOLE_AMOUNT.fullmatch(words[-1 - length]):
        words[-1 - length :] = [f"{words[-1 - length]}.{decimals}"]
