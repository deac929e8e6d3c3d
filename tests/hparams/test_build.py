import pytest

from sonovox._internal.errors import HParamsError
from sonovox.hparams import STRICT, load_hparams
from sonovox.hparams.build import Builder
from sonovox.hparams.document import Document
from sonovox.hparams.lookup import Names
from sonovox.hparams.parse import parse_text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !ref <b>\nb: !ref <a>\n", "a: this refers to itself"),
        ("a: {b: !ref <a>}\n", "<text>:1: a: this refers to itself"),
        ("a: !new:torch.nn.Linear 5\n", "expected arguments as a list or by name, got '5'; write a list below it"),
        ("a: !new:torch.nn.Linear {1: 5}\n", "<text>:1: a: expected the name of an argument, got 1"),
        ("a: !new:torch.relu [1]\n", "torch.relu is no class; use !apply: to call a function, !name: to name it"),
        ("a: !apply:torch.nn.Linear [1, 2]\n", "torch.nn.Linear is no function; use !new: for a class"),
        ("a: !name:torch.float32 [1]\n", "torch.float32 is no function or class and takes no arguments"),
        ("a: !name:torch.nn.Linear {bais: false}\n", "Linear has no argument 'bais'; did you mean bias"),
        ("a: !new:torch.nn.Linear {_args: 3}\n", "expected a list as _args and names with values as _kwargs"),
        ("a: !new:torch.nn.GELU\nb: !ref x<a>\n", "<text>:2: b: a GELU cannot be a part of a text or of arithmetic"),
        ("a: [x]\nb: !copy <a>\nc: !ref <b[3]>\n", "<text>:3: c: there is no 3 in this list"),
        ("a: [" + "1, " * 3000 + "1]\n" + "".join(f"b{i}: !copy <a>\n" for i in range(9)),
         "expected at most 20000 values with all references written out, got more"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_told(text, said):
    with pytest.raises(HParamsError) as caught:
        load_hparams(text)
    assert said in str(caught.value)


def test_arguments_in_both_ways_together():
    text = "a: !new:torch.nn.Linear\n    _args: [3, 4]\n    _kwargs: {bias: false}\n"
    assert load_hparams(text)["a"].bias is None


def test_modules_are_given_whole():
    import math

    assert load_hparams("a: !module:math\n", code=["math"])["a"] is math
    with pytest.raises(HParamsError, match="a module takes no arguments"):
        load_hparams("a: !module:math [1]\n", code=["math"])


def test_references_may_point_forward_and_at_computed_values():
    values = load_hparams("a: !ref <b> * 2\nb: !ref <c[0]>\nc: [!ref <d>, 1]\nd: 5\nt: !tuple [!ref <a>, x]\n")
    assert values == {"a": 10, "b": 5, "c": [5, 1], "d": 5, "t": (10, "x")}


def test_copies_share_nothing():
    values = load_hparams("a: {b: [1]}\nc: !copy <a>\nd: !copy <a[b]>\n")
    values["a"]["b"].append(2)
    assert values["c"] == {"b": [1]}
    assert values["d"] == [1]


def test_everything_is_named_before_anything_is_made():
    with pytest.raises(HParamsError, match=r"<text>:2: b: torch\.nn\.Liner"):
        load_hparams("a: !new:torch.nn.Linear [-1, -1]\nb: !new:torch.nn.Liner [1, 1]\n")


def test_a_dry_builder_makes_layers_without_memory():
    root = parse_text("a: !new:torch.nn.Linear [10000, 10000]\n", Document("x"), STRICT)
    builder = Builder(Names({}), STRICT, dry=True)
    builder.find_names(root)
    assert builder.build(root, "")["a"].weight.is_meta
