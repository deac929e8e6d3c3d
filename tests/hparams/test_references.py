import pytest

from sonovox._internal.errors import HParamsError
from sonovox.hparams.document import Document, Place, Scalar
from sonovox.hparams.limits import STRICT
from sonovox.hparams.parse import parse_text
from sonovox.hparams.references import find, in_brackets, parse_path, pieces_of, relocated, written_path

TEXT = """
a: {b: [1, {c: 2}], 3: three, '4': four}
d: !ref <a.b>
m: !new:torch.nn.Linear {in_features: 5, out_features: 6}
n: !ref <m>
copy: !copy <a>
"""


def found(path):
    root = parse_text(TEXT, Document("x.yaml"), STRICT)
    return find(parse_path(path), Scalar(root.place, "!ref"), "key")


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b[0]", 1), ("a[b][1][c]", 2), ("a.b.1.c", 2), ("a[3]", "three"), ("a[4]", "four"), ("d[1].c", 2),
     ("m[in_features]", 5), ("n[out_features]", 6)],
)  # fmt: skip
def test_paths_lead_to_nodes_through_references(path, value):
    assert found(path).node.value == value
    assert found(path).rest == ()


@pytest.mark.parametrize(("path", "rest"), [("m.weight", ".weight"), ("n.weight", ".weight"), ("copy[b]", "[b]")])
def test_what_only_an_object_can_tell_is_left_over(path, rest):
    assert "".join(f".{s.word}" if s.kind == "." else f"[{s.word}]" for s in found(path).rest) == rest


@pytest.mark.parametrize(
    ("path", "said"),
    [("aa", "key: there is no key 'aa' in this file; did you mean a?"),
     ("a.b[7]", "there is no key '7' in a.b"),
     ("m[in_feature]", "there is no key 'in_feature' in m; did you mean in_features?"),
     ("a.b[0].x", "there is no key 'x' in a.b[0]")],
)  # fmt: skip
def test_the_nearest_key_is_told(path, said):
    with pytest.raises(HParamsError) as caught:
        found(path)
    assert said in str(caught.value)


@pytest.mark.parametrize("path", ["", ".", "[0]", "a..b", "a[", "a]", "a[b", "a[]", ".a", "a.b]", "a[b[c]]"])
def test_what_is_no_path_is_told(path):
    with pytest.raises(ValueError):
        parse_path(path)
    with pytest.raises(HParamsError, match="is no reference; write it as in"):
        pieces_of(Scalar(Place(Document("x")), "!ref", f"x<{path}>"), "key")


def test_paths_are_written_back():
    assert written_path(parse_path("a.b[0].c")) == "a.b[0].c"
    assert in_brackets("a.b[0].c") == "a[b][0][c]"
    assert in_brackets("") == ""


def test_references_of_included_texts_are_written_for_the_outermost_one():
    place = Place(Document("inner.yaml", prefix="outer[0]"), 1, 1)
    assert relocated(Scalar(place, "!ref", "<a.b[1]>/x<c>"), "key").value == "<outer[0][a].b[1]>/x<outer[0][c]>"
    plain = Scalar(Place(Document("top.yaml")), "!ref", "<a>")
    assert relocated(plain, "key") is plain


def test_circles_are_told():
    root = parse_text("a: !ref <b>\nb: !ref <a>\n", Document("x.yaml"), STRICT)
    with pytest.raises(HParamsError, match="the references go in a circle"):
        find(parse_path("a.x"), root.entries["a"], "key")
