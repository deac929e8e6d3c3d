import pytest

from sonovox._internal.errors import HParamsError
from sonovox.hparams.document import Document, Place, Scalar
from sonovox.hparams.interpolation import joined
from sonovox.hparams.limits import STRICT
from sonovox.hparams.references import pieces_of


def value(text, *values):
    node = Scalar(Place(Document("x.yaml"), 1, 1), "!ref", text)
    return joined(pieces_of(node, "k"), list(values), STRICT, node, "k")


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("<a>/<b>", ("x", "y"), "x/y"),
        ("<a>/<b>", (6, 4), 1.5),
        ("<a> // 2 + 1", (512,), 257),
        ("<a> ** 2", (-3,), 9),
        ("<a><b>", (1, 2), 12),
        ("0<a>", (1,), "01"),
        ("1e<a>", (3,), 1000.0),
        ("<a>*2", ("3",), 6),
        ("results/<a>", (1e-4,), "results/0.0001"),
        ("x<a><b>", (True, None), "xTrueNone"),
        ("<a>-<a>", ([1, 2], [1, 2]), "[1, 2]-[1, 2]"),
        ("x<a>", ((3, 3),), "x(3, 3)"),
        ("<a>, <a>", (1, 1), "1, 1"),
        ("{0.__class__}<a>", (1,), "{0.__class__}1"),
        ("%s<a>", (1,), "%s1"),
        ("<a>", ("__import__('os')",), "__import__('os')"),
    ],
)
def test_pieces_and_values_together(text, values, expected):
    result = value(text, *values)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("<a> ** <b>", (9, 99), "<…> ** <…> is a number of more than 18 digits"),
        ("<a> / 0", (9,), "<…> / 0 divides by zero: 9 / 0"),
        ("<a> + 1", (None,), "<…> + 1 is arithmetic on what is no number: None + 1"),
        ("x<a>", ({},), "a dict cannot be a part of a text or of arithmetic; refer to it alone, as in !ref <key>"),
        ("x<a>", ([[1]],), "a list cannot be a part of a text"),
        ("<a><a>", ("x" * 10000, "x" * 10000), "expected a text of at most 16384 characters, got 20000"),
        ("x<a>", (["x" * 1000] * 20,), "expected a text of at most 16384 characters, got more"),
    ],
)
def test_what_has_no_text_or_too_much(text, values, said):
    with pytest.raises(HParamsError) as caught:
        value(text, *values)
    assert said in str(caught.value)
