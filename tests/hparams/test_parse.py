import pytest

from sonovox._internal.errors import HParamsError
from sonovox.hparams.document import Document, Mapping, Scalar, Sequence
from sonovox.hparams.limits import OPEN, STRICT
from sonovox.hparams.parse import parse_text, parse_value


def parsed(text, limits=STRICT):
    return parse_text(text, Document("x.yaml"), limits)


def refusal(text, limits=STRICT):
    with pytest.raises(HParamsError) as caught:
        parsed(text, limits)
    return str(caught.value)


def test_every_node_knows_where_it_stands():
    root = parsed("a: 1\nb:\n  - c: !ref <a>\n")
    item = root.entries["b"].items[0]
    assert str(item.place) == "x.yaml:3"
    assert (item.entries["c"].place.line, item.entries["c"].place.column) == (3, 8)
    assert item.entries["c"].tag == "!ref"
    assert item.key_places["c"].column == 5


def test_scalars_sequences_and_mappings():
    root = parsed("a: 1e-4\nb: [x, 'y', \"3\", 3, ]\nc: {d: null}\ne: !!str 12\nf: !!float 1\ng: ! 12\nh: |\n  x\n")
    assert root.entries["a"].value == 1e-4
    assert [item.value for item in root.entries["b"].items] == ["x", "y", "3", 3]
    assert root.entries["c"].entries["d"].value is None
    assert [root.entries[key].value for key in "efgh"] == ["12", 1.0, "12", "x\n"]
    assert type(root.entries["f"].value) is float


def test_tuples_are_read_through_all_their_levels():
    node = parse_value("((1, a), ([2, 3],), '(4)')", Document("x"), STRICT)
    assert isinstance(node, Sequence)
    assert node.tag == "!tuple"
    assert [type(item).__name__ for item in node.items] == ["Sequence", "Sequence", "Scalar"]
    assert node.items[1].tag == "!tuple"
    assert node.items[1].items[0].tag == ""
    assert node.items[2].value == "(4)"
    assert isinstance(parse_value("'(1, 2)'", Document("x"), STRICT), Scalar)


def test_an_alias_is_the_same_node():
    root = parsed("a: &x {b: 1}\nc: *x\n")
    assert root.entries["a"] is root.entries["c"]


def test_merged_keys_give_way_to_the_own_ones():
    root = parsed("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  <<: [*a, *b]\n  x: 0\n")
    assert {key: node.value for key, node in root.entries["c"].entries.items()} == {"x": 0, "y": 2, "z": 4}
    assert isinstance(parsed("'<<': 1\n").entries["<<"], Scalar)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\n", "x.yaml:2: a: the key is given twice, first on line 1"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2: expected one document, got a second"),
        ("- 1\n", "x.yaml:1: expected names with values, such as `lr: 1e-3`, at the top of the file"),
        ("", "x.yaml:1: expected YAML, got nothing"),
        ("a: [1\nb: 2\n", "x.yaml:2: not valid YAML: expected ',' or ']', but got ':'"),
        ("a: 1\nb: \0\n", "x.yaml:2: character 0x0 is not allowed in YAML"),
        ("a: *b\n", "x.yaml:1: a: there is no anchor &b above this"),
        ("a: &b [*b]\n", "x.yaml:1: a[0]: *b refers to what it is a part of"),
        ("a: {1.5: b}\n", "x.yaml:1: a: expected a name as key, got '1.5'; put it in quotes"),
        ("a: !!python/name:os\n", "x.yaml:1: a: the tag '!!python/name:os' is not known; the tags are !new:"),
        ("a: !new:\n", "x.yaml:1: a: expected a name right after !new:; as in !new:torch.nn.Linear"),
        ("a: 99999999999999999999\n", "expected a number of at most 18 digits, or below 1e308"),
        ("a: !!int x\n", "x.yaml:1: a: expected a value of !!int, got 'x'"),
        ("%TAG ! x:\n---\na: 1\n", "x.yaml:1: %TAG directives are not allowed; write tags out, as in !new:"),
        ("a: !tuple x\n", "x.yaml:1: a: expected a tuple such as (3, 4), got 'x'"),
        ("<<: 1\n", "x.yaml:1: expected a mapping after <<, or a list of them; as in `<<: *defaults`"),
        ("a: [x, (3, 4)]\n", "x.yaml:1: a[1]: a tuple inside of brackets is cut at its comma; write !tuple [3, 4]"),
        ("1: a\n", "x.yaml:1: 1: expected a name at the top of the file, got a number; put it in quotes"),
        ("a: " + "[" * 50, "x.yaml:1: not valid YAML: more than 32 levels inside each other"),
        ("a: " + "(" * 50 + ")" * 50, "x.yaml:1: too many tuples inside each other"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, said):
    assert said in refusal(text)


def test_numbers_in_ones_own_file_may_be_long():
    assert parsed("a: " + "9" * 40, OPEN).entries["a"].value == 10**40 - 1


def test_whole_numbers_can_be_keys_inside():
    root = parsed("a: {0: x, '1': y, 2: z}\n")
    inner = root.entries["a"]
    assert isinstance(inner, Mapping)
    assert list(inner.entries) == [0, "1", 2]
