import math

import pytest

from sonovox._internal.errors import ArgumentError
from sonovox.hparams import load_hparams
from sonovox.hparams.document import Document, Mapping, Place, Scalar
from sonovox.hparams.limits import OPEN
from sonovox.hparams.parse import parse_text
from sonovox.hparams.write import written

TEXT = """\
a: 1
b: 0.5
c: [x, '1e-4', 'yes', '2', '', 'null', '(1, 2)', '<<', 'a: b', '# c']
d: {e: null, f: true, 3: .inf}
g: (3, 4)
h: (3,)
i: !tuple [a, !tuple [1, 2]]
j: ()
k: !new:torch.nn.Linear {in_features: 3, out_features: 4}
l: !ref <k>
m: !name:torch.nn.GELU
n: 1e-5
o: "two\\nlines \\u00e9"
p: [(3), !tuple [3, 4]]
r:
- (3, 4)
q: 123456789012345678
"""


def same(a, b):
    if type(a) is not type(b) or a.tag != b.tag:
        return False
    if isinstance(a, Scalar):
        return (a.value or None) == (b.value or None) and type(a.value) is type(b.value)
    if isinstance(a, Mapping):
        return list(a.entries) == list(b.entries) and all(same(a.entries[k], b.entries[k]) for k in a.entries)
    return len(a.items) == len(b.items) and all(map(same, a.items, b.items))


def test_what_is_written_reads_as_the_same_tree():
    root = parse_text(TEXT, Document("x"), OPEN)
    again = parse_text(written(root), Document("y"), OPEN)
    assert same(root, again)
    assert again.entries["d"].entries[3].value == math.inf
    assert written(again) == written(root)


def test_shared_lists_get_an_anchor_and_numbers_none():
    root = parse_text("a: &x [1, 2]\nb: *x\nc: &y 5\nd: *y\n", Document("x"), OPEN)
    assert written(root) == "a: &id001 [1, 2]\nb: *id001\nc: 5\nd: 5\n"


def test_objects_have_no_text():
    root = Mapping(Place(Document("x")), "", {"a": Scalar(Place(Document("x")), "", object())})
    with pytest.raises(ArgumentError, match="a is a object, which YAML cannot hold"):
        written(root)


def test_the_written_file_loads():
    root = parse_text(TEXT, Document("x"), OPEN)
    values = load_hparams(written(root))
    assert values["i"] == ("a", (1, 2))
    assert values["k"] is values["l"]
