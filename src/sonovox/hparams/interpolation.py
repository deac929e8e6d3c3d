"""The text, or the number, of a `!ref` that is more than one reference: `<folder>/seed-<seed>`, `<n_fft> // 2 + 1`."""

from typing import Any

from sonovox.hparams.arithmetic import evaluate
from sonovox.hparams.document import Node, fault
from sonovox.hparams.limits import Limits
from sonovox.hparams.references import Step

__all__ = ["joined"]

_PLAIN = (str, int, float, type(None))


def joined(pieces: list[str | tuple[Step, ...]], values: list[Any], limits: Limits, node: Node, path: str) -> Any:
    """A number where the pieces with their values are arithmetic, else text.

    Args:
        pieces: text, and one path for each of `values`.
        values: plain values; lists of them are written as Python does.
        limits: of the text and the number.
        node: to tell of errors.
        path: to tell of errors.

    Raises:
        HParamsError: a value has no plain text, or the result is outside of the limits.
    """
    for value in values:
        _check_plain(value, limits, node, path)
    written = iter(values)
    text = "".join(piece if isinstance(piece, str) else str(next(written)) for piece in pieces)
    if len(text) > limits.text:
        raise fault(node.place, path, f"expected a text of at most {limits.text} characters, got {len(text)}")
    formula = "".join(piece if isinstance(piece, str) else "<…>" for piece in pieces)[:60]
    try:
        # Numbers first as numbers, so that <a> ** 2 is 4 for a = -2. What then is none may still become one
        # as text: <a><b> of 1 and 2 is 12.
        if all(isinstance(value, (int, float)) for value in values):
            template = "".join(piece if isinstance(piece, str) else "\x00" for piece in pieces)
            is_number, number = evaluate(template, values, limits.digits)
            if is_number:
                return number
        is_number, number = evaluate(text, [], limits.digits)
    except OverflowError:
        raise fault(
            node.place, path, f"{formula} is a number of more than {limits.digits} digits, or above 1e308"
        ) from None
    except ZeroDivisionError:
        raise fault(node.place, path, f"{formula} divides by zero: {text[:60]}") from None
    except TypeError:
        raise fault(node.place, path, f"{formula} is arithmetic on what is no number: {text[:60]}") from None
    return number if is_number else text


def _check_plain(value: Any, limits: Limits, node: Node, path: str) -> None:
    items = value if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(item, _PLAIN) for item in items):
        message = f"a {type(value).__name__} cannot be a part of a text or of arithmetic"
        raise fault(node.place, path, message, hint="refer to it alone, as in !ref <key>")
    if sum(len(item) if isinstance(item, str) else 10 for item in items) > limits.text:
        raise fault(node.place, path, f"expected a text of at most {limits.text} characters, got more")
