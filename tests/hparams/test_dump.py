import io

import pytest

from sonovox._internal.errors import ArgumentError, HParamsError
from sonovox.hparams import Placeholder, RefTag, dump, load_hparams, resolve_references, subset

VALUES = {"a": 1, "b": [1.5, None, True, "yes"], "c": {"d": (1, 2), "e": ("x", (3,))}, 'f"': "1e-4", "g": 1e-300}
RECIPE = """
size: !PLACEHOLDER
wide: !ref <size> * 2
layer: !new:torch.nn.Linear [!ref <size>, !ref <wide>]
same: !ref <layer>
shape: !ref <layer.weight>
other: 5
modules: {m: !ref <same>}
"""


def test_dumped_values_are_read_back():
    assert load_hparams(dump(VALUES)) == VALUES


def test_dumping_writes_to_a_stream_too():
    stream = io.StringIO()
    assert dump({"a": Placeholder(), "b": RefTag("<a>")}, stream) == stream.getvalue()
    assert load_hparams(stream.getvalue(), {"a": 3}) == {"a": 3, "b": 3}


def test_values_that_yaml_cannot_hold_are_told():
    circle: list = []
    circle.append(circle)
    for values, said in [
        ({"a": [object()]}, r"a\[0\] is a object, which YAML cannot hold; leave it out"),
        ({"a": circle}, "contains itself"),
        ({"a": {1.5: 2}}, "a must have names as keys, got 1.5"),
    ]:
        with pytest.raises(ArgumentError, match=said):
            dump(values)


def test_a_resolved_recipe_makes_the_same_objects():
    text = resolve_references(RECIPE, {"size": 3})
    assert "!PLACEHOLDER" not in text
    assert "!ref <size>" not in text
    values = load_hparams(text, code=["math"])
    assert values["layer"] is values["same"] is values["modules"]["m"]
    assert values["shape"] is values["layer"].weight
    assert values["layer"].out_features == 6


def test_resolving_needs_neither_names_nor_values():
    text = resolve_references("a: !new:nowhere.Nothing {b: !ref <c>}\nc: !PLACEHOLDER\n")
    assert "nowhere.Nothing" in text
    assert text.count("!PLACEHOLDER") == 2
    with pytest.raises(HParamsError, match="there is no key 'x' in this file"):
        resolve_references("a: !ref <x>\n")


def test_a_subset_has_what_its_keys_refer_to_and_nothing_else():
    text = subset(RECIPE, ["modules"])
    values = load_hparams(text, {"size": 3})
    assert list(values) == ["size", "wide", "layer", "same", "modules"]
    assert values["modules"]["m"] is values["layer"]
    assert "size: 3" in subset(RECIPE, "wide", {"size": 3})
    with pytest.raises(ArgumentError, match="there is no key 'module' in <text>; did you mean modules"):
        subset(RECIPE, ["module"])


def test_a_subset_of_a_file_with_included_ones_stands_alone(tmp_path):
    (tmp_path / "inner.yaml").write_text("n: 4\nlayer: !new:torch.nn.Linear [!ref <n>, 1]\n")
    (tmp_path / "outer.yaml").write_text("inner: !include:inner.yaml\nlayer: !ref <inner[layer]>\nrest: 1\n")
    text = subset(tmp_path / "outer.yaml", ["layer"])
    values = load_hparams(text)
    assert set(values) == {"inner", "layer"}
    assert values["layer"] is values["inner"]["layer"]
    assert values["layer"].in_features == 4
