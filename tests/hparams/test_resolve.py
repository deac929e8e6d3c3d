import pytest

from sonovox._internal.errors import HParamsError
from sonovox.hparams.document import Document, Scalar
from sonovox.hparams.limits import STRICT
from sonovox.hparams.parse import parse_text
from sonovox.hparams.resolve import Resolver, changed, relocated_leaf


def resolved(text):
    return Resolver(STRICT).resolved(parse_text(text, Document("x.yaml"), STRICT), "")


def test_references_become_what_they_mean():
    root = resolved("a: 2\nb: !ref <a> * 3\nc: [x]\nd: !ref <c>\ne: !ref <b>/<c[0]>\nf: {g: !ref <d>}\n")
    assert (root.entries["b"].value, root.entries["e"].value) == (6, "6/x")
    assert root.entries["c"] is root.entries["d"] is root.entries["f"].entries["g"]


@pytest.mark.parametrize("text", ["<m.weight>", "<m.in_features> * 2", "<m>x"])
def test_what_only_an_object_can_tell_stays(text):
    root = resolved(f"m: !new:torch.nn.Linear [1, 2]\na: !ref {text}\n")
    assert (root.entries["a"].tag, root.entries["a"].value) == ("!ref", text)


def test_circles_are_told():
    with pytest.raises(HParamsError, match=r"x\.yaml:1: a: this refers to itself"):
        resolved("a: !ref <b> + 1\nb: !ref <a> + 1\n")


def test_changing_leaves_keeps_what_is_shared():
    root = parse_text("a: &x [1]\nb: *x\n", Document("x.yaml"), STRICT)
    new = changed(root, lambda node, path: Scalar(node.place, "", 7))
    assert new.entries["a"] is new.entries["b"]
    assert new.entries["a"].items[0].value == 7
    assert root.entries["a"].items[0].value == 1
    assert relocated_leaf(root.entries["a"].items[0], "") is root.entries["a"].items[0]
