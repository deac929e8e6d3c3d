"""Arithmetic in references: `(<n_fft> // 2 + 1) * 2`.

A text that is wholly an expression of numbers has a value; any other text stays
text. Numbers are bounded before they are computed, so `9**9**9` ends at once.
"""

import math
import re
from dataclasses import dataclass
from typing import Any

__all__ = ["evaluate"]

# A number is not followed by letters or dots: `2x` and `1.2.3` are text.
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))|(?P<quoted>'[^']*'|\"[^\"]*\")"
    r"|(?P<word>True|False|None)(?!\w)|(?P<sign>\*\*|//|[-+*/%()])|(?P<value>\x00))",
    re.ASCII,
)
_LONGEST = 1000
_DEEPEST = 50
Value = int | float | str | None


class _NoExpression(Exception):  # noqa: N818 - how the parser says that a text is just text
    pass


def evaluate(text: str, values: list[Any], max_digits: int) -> tuple[bool, Any]:
    """Whether `text` is an expression, and its value.

    Args:
        text: of numbers, `+ - * / // % **` and parentheses, in Python's precedence; each NUL character
            stands for the next of `values`.
        values: of what the text refers to.
        max_digits: of whole numbers.

    Raises:
        OverflowError: a number has more than `max_digits` digits.
        ZeroDivisionError: something is divided by zero.
        TypeError: arithmetic on text.

    >>> evaluate("(2 + 1) * 2 ** 3 // 5", [], 18)
    (True, 4)
    >>> evaluate("results/2", [], 18)
    (False, None)
    """
    try:
        tokens = _tokens(text, values, max_digits)
        parser = _Parser(tokens, max_digits)
        value = parser.sum_(0)
        return (True, value) if parser.at == len(tokens) else (False, None)
    except _NoExpression:
        return False, None


def _tokens(text: str, values: list[Any], max_digits: int) -> list[tuple[str, Any]]:
    if len(text) > _LONGEST:
        raise _NoExpression
    text = text.rstrip()
    tokens: list[tuple[str, Any]] = []
    remaining = iter(values)
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _NoExpression
        kind = str(match.lastgroup)
        word = match[kind]
        tokens.append(("value", next(remaining)) if kind == "value" else _token(kind, word, max_digits))
        position = match.end()
    return tokens


def _token(kind: str, word: str, max_digits: int) -> tuple[str, Any]:
    if kind == "number":
        if word.isdigit() or word.replace("_", "").isdigit():
            if len(word) > 1 and word.startswith("0") and word.strip("0_"):  # 01 is text, as in Python and dates
                raise _NoExpression
            return "value", _bounded(int(word), max_digits)
        return "value", _bounded(float(word.replace("_", "")), max_digits)
    if kind == "quoted":
        return "value", word[1:-1]
    if kind == "word":
        return "value", {"True": True, "False": False, "None": None}[word]
    return word, None


def _bounded(value: float, max_digits: int) -> float:
    if abs(value) >= 10**max_digits if isinstance(value, int) else math.isinf(value):
        raise OverflowError
    return value


@dataclass
class _Parser:
    """Recursive descent: sum, product, sign, power, atom."""

    tokens: list[tuple[str, Any]]
    max_digits: int
    at: int = 0

    def accept(self, *kinds: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at][0] in kinds:
            self.at += 1
            return self.tokens[self.at - 1][0]
        return ""

    def sum_(self, depth: int) -> Value:
        if depth > _DEEPEST:
            raise _NoExpression
        value = self.product(depth)
        while sign := self.accept("+", "-"):
            value = self.apply(sign, value, self.product(depth))
        return value

    def product(self, depth: int) -> Value:
        value = self.signed(depth)
        while sign := self.accept("*", "/", "//", "%"):
            value = self.apply(sign, value, self.signed(depth))
        return value

    def signed(self, depth: int) -> Value:
        if depth > _DEEPEST:
            raise _NoExpression
        sign = self.accept("-", "+")
        if sign:
            return self.apply(sign, 0, self.signed(depth + 1))
        return self.power(depth)

    def power(self, depth: int) -> Value:
        base = self.atom(depth)
        return self.apply("**", base, self.signed(depth + 1)) if self.accept("**") else base

    def atom(self, depth: int) -> Value:
        if self.accept("("):
            value = self.sum_(depth + 1)
            if not self.accept(")"):
                raise _NoExpression
            return value
        if not self.accept("value"):
            raise _NoExpression
        return self.tokens[self.at - 1][1]

    def apply(self, sign: str, a: Value, b: Value) -> Value:
        if isinstance(a, str) and isinstance(b, str) and sign == "+":
            return a + b
        if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
            raise TypeError(sign)
        match sign:
            case "+":
                value = a + b
            case "-":
                value = a - b
            case "*":
                value = a * b
            case "/":
                value = a / b
            case "//":
                value = a // b
            case "%":
                value = a % b
            case _:
                return self.raised(a, b)
        return value if math.isinf(a) or math.isinf(b) else _bounded(value, self.max_digits)

    def raised(self, a: float, b: float) -> float:
        # The digits of the result, before it is computed.
        if isinstance(a, int) and isinstance(b, int) and abs(a) > 1 and b * math.log10(abs(a)) > self.max_digits:
            raise OverflowError
        value = a**b
        if isinstance(value, complex):
            raise TypeError("**")
        return _bounded(value, self.max_digits)
