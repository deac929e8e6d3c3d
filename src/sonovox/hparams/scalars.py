"""What a plain word of YAML means: the core schema of YAML 1.2, and tuples.

`yes`, `on` and dates are text, `1e-4` is a number, `0777` is 777. Unlike the core
schema, whole numbers may be written with underscores and in binary, as
HyperPyYAML reads them.
"""

import math
import re
from typing import Any

__all__ = ["is_tuple", "plain_value", "tuple_parts"]

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INT = re.compile(r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(?:(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+)", re.ASCII
)
_SPECIAL = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BASES = {"0b": 2, "0o": 8, "0x": 16}
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def plain_value(text: str, max_digits: int) -> Any:
    """The value of an unquoted word: nothing, a truth value, a number, or the text itself.

    Raises:
        OverflowError: a whole number of more than `max_digits` digits, or too large for a float.

    >>> plain_value("1e-4", 18), plain_value("yes", 18), plain_value("0x10", 18), plain_value("~", 18)
    (0.0001, 'yes', 16, None)
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return _whole(text, max_digits)
    if _FLOAT.fullmatch(text):
        number = float(text.replace("_", ""))
        if math.isinf(number):
            raise OverflowError
        return number
    special = _SPECIAL.fullmatch(text)
    if special:
        return float(text.replace(".", ""))
    return text


def _whole(text: str, max_digits: int) -> int | str:
    digits = text.replace("_", "").lstrip("+-").lower()
    base = _BASES.get(digits[:2], 10)
    digits = digits if base == 10 else digits[2:]
    if not digits:
        return text
    if len(digits.lstrip("0")) > max_digits * 4:  # four binary digits and more for each decimal one
        raise OverflowError
    number = int(digits, base)
    if number >= 10**max_digits:
        raise OverflowError
    return -number if text.startswith("-") else number


def is_tuple(text: str) -> bool:
    """Whether an unquoted word is a tuple: parentheses around the whole of it, as in `(3, 3)`."""
    return text.startswith("(") and text.endswith(")") and "\n" not in text and _splits(text[1:-1]) is not None


def tuple_parts(text: str) -> list[str]:
    """The words between the commas of a tuple.

    >>> tuple_parts("(3, [4, 5], (6, 7),)")
    ['3', '[4, 5]', '(6, 7)']
    """
    inside = text[1:-1]
    parts, start = [], 0
    for comma in [*(_splits(inside) or []), len(inside)]:
        parts.append(inside[start:comma].strip())
        start = comma + 1
    return parts if parts[-1] else parts[:-1]


def _splits(inside: str) -> list[int] | None:
    """Where the commas outside of brackets and quotes are; None where brackets do not match."""
    closing: list[str] = []
    commas: list[int] = []
    quote = ""
    for position, character in enumerate(inside):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in _CLOSING:
            closing.append(_CLOSING[character])
        elif character in ")]}":
            if not closing or closing.pop() != character:
                return None
        elif character == "," and not closing:
            commas.append(position)
    return None if closing or quote else commas
