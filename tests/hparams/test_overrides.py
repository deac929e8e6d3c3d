import pytest

from sonovox._internal.errors import ArgumentError, HParamsError
from sonovox.hparams import STRICT, load_hparams, parse_overrides
from sonovox.hparams.document import Document
from sonovox.hparams.overrides import override_nodes, update
from sonovox.hparams.parse import parse_text

TEXT = """
lr: 1e-3
opts: {layers: 2, sizes: [1, 2, {deep: 3}]}
layer: !new:torch.nn.Linear {in_features: 3, out_features: 4}
act: !new:torch.nn.GELU
nothing: null
data: !PLACEHOLDER
twice: !ref <lr> * 2
"""


def loaded(overrides, **kwargs):
    return load_hparams(TEXT, overrides, **kwargs)


@pytest.mark.parametrize(
    "overrides",
    [
        {"data": "x", "lr": 0.5, "opts": {"layers": 7}},
        "data: x\nlr: 0.5\nopts: {layers: 7}\n",
        ["--data", "x", "--lr=0.5", "--opts.layers", "7"],
    ],
)
def test_a_dict_a_text_and_words_say_the_same(overrides):
    values = loaded(overrides)
    assert (values["data"], values["lr"], values["twice"]) == ("x", 0.5, 1.0)
    assert values["opts"] == {"layers": 7, "sizes": [1, 2, {"deep": 3}]}


def test_a_stream_of_overrides(tmp_path):
    (tmp_path / "o.yaml").write_text("data: 3\n")
    with (tmp_path / "o.yaml").open() as stream:
        assert loaded(stream)["data"] == 3


def test_words_are_yaml():
    words = [
        "--a",
        "1e-4",
        "--b=[1, 2]",
        "--c",
        "'3'",
        "--d",
        "--e.f[0]",
        "null",
        "--g=",
        "--h",
        "(3, 3)",
        "--i=a=b",
        "--j",
        "-1",
    ]
    assert parse_overrides([*words, "--j", "-1"]) == {
        "a": 1e-4, "b": [1, 2], "c": "3", "d": True, "e": {"f": {"0": None}}, "g": None, "h": (3, 3), "i": "a=b",
        "j": -1,
    }  # fmt: skip


@pytest.mark.parametrize("words", [["a"], ["--a", "1", "2"], ["--"], ["--a..b", "1"], ["-a", "1"], ["--=1"]])
def test_words_that_are_no_overrides(words):
    with pytest.raises(ArgumentError, match="expected --key"):
        parse_overrides(words)


def test_a_value_that_is_no_yaml():
    with pytest.raises(HParamsError, match="--a:1: not valid YAML"):
        parse_overrides(["--a", "[1"])
    with pytest.raises(HParamsError, match="overridden as one value and inside"):
        parse_overrides(["--a=1", "--a.b=2"])


def test_arguments_of_objects_can_be_changed_and_added():
    values = loaded(["--data=1", "--layer.out_features=5", "--layer.bias=False", "--act.approximate=tanh"])
    assert values["layer"].bias is None
    assert values["layer"].out_features == 5
    assert values["act"].approximate == "tanh"


def test_items_of_lists_can_be_changed():
    values = loaded(["--data=1", "--opts.sizes[0]=9", "--opts.sizes[2].deep=8"])
    assert values["opts"]["sizes"] == [9, 2, {"deep": 8}]
    with pytest.raises(HParamsError, match="there is no item 5 in a list of 3"):
        loaded(["--data=1", "--opts.sizes[5]=9"])


def test_tags_in_overrides_mean_the_file():
    values = loaded(["--data", "!ref <lr>", "--act", "!new:torch.nn.ReLU"])
    assert values["data"] == 1e-3
    assert type(values["act"]).__name__ == "ReLU"
    assert loaded("data: !ref <opts[layers]>\n")["data"] == 2


def test_python_objects_pass_unchanged():
    thing = object()
    values = load_hparams("a: 1\nb: !ref <a>\nc: null\n", {"a": thing, "c": {"d": (1, thing)}})
    assert values["a"] is thing
    assert values["b"] is thing
    assert values["c"]["d"] == (1, thing)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"data": 1, "l_r": 2}, "<overrides>: l_r: there is no such key to override; did you mean lr?"),
        ({"data": 1, "opts": {"layer": 2}}, "opts.layer: there is no such key to override; did you mean layers?"),
        ("data: 1\nx: 1\n", "<overrides>:2: x: there is no such key to override; the keys are lr, opts"),
        ({"data": 1, "lr": {"a": 1}}, "lr: cannot override one value by names with values"),
        ({}, "<text>:7: data: this is a placeholder and needs a value; give it as an override: --data"),
    ],
)
def test_overrides_that_do_not_match_are_told(overrides, said):
    with pytest.raises(HParamsError) as caught:
        loaded(overrides)
    assert said in str(caught.value)


def test_new_keys_are_taken_where_the_caller_says_so():
    values = loaded({"data": 1, "new": 5, "opts": {"more": 6}}, overrides_must_match=False)
    assert (values["new"], values["opts"]["more"]) == (5, 6)


def test_nodes_of_overrides_stand_in_their_own_text_and_refer_to_the_file():
    root = parse_text("a: 1\nb: 2\n", Document("x.yaml"), STRICT)
    assert override_nodes(None, root, STRICT) is None
    assert override_nodes({}, root, STRICT) is None
    changes = override_nodes("b: !ref <a>\n", root, STRICT)
    assert str(changes.entries["b"].place) == "<overrides>:1"
    assert changes.entries["b"].place.document.root is root
    update(root, changes, "", must_match=True)
    assert root.entries["b"].tag == "!ref"


def test_text_of_overrides_is_never_a_path(tmp_path, monkeypatch):
    (tmp_path / "a.yaml").write_text("data: 1\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HParamsError, match="<overrides>:1: expected names with values"):
        loaded("a.yaml")
