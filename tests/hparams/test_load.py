import operator
import re
import traceback
from functools import partial
from types import ModuleType

import pytest
import torch

from conftest import SHARED
from hparams.examples import EXAMPLES, MODULES
from sonovox._internal.errors import HParamsError
from sonovox.hparams import STRICT, load_hparams
from sonovox.hparams.document import CALLS, Document, walk
from sonovox.hparams.limits import OPEN
from sonovox.hparams.load import read_tree
from sonovox.hparams.names import MODEL_NAMES
from sonovox.hparams.parse import parse_text

YAML_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("text", "overrides", "expected"), EXAMPLES)
def test_documented_examples(text, overrides, expected):
    values = load_hparams(text, overrides, code=MODULES)
    assert values == expected
    assert list(values) == list(expected)


def test_references_are_the_same_object_and_copies_are_not():
    values = load_hparams("a: !new:torch.nn.Linear [3, 4]\nb: !ref <a>\nc: !copy <a>\nd: {e: [!ref <b>]}\n")
    assert values["a"] is values["b"] is values["d"]["e"][0]
    assert values["c"] is not values["a"]
    assert torch.equal(values["c"].weight, values["a"].weight)


def test_names_are_partial_functions():
    values = load_hparams("opt: !name:torch.optim.AdamW\n    lr: 1e-4\nact: !name:torch.nn.GELU\nf: !name:torch.relu\n")
    assert isinstance(values["opt"], partial)
    assert values["opt"].keywords == {"lr": 1e-4}
    assert values["act"] is torch.nn.GELU
    assert values["f"] is torch.relu
    assert load_hparams("a: !name:operator.add\n", code=operator)["a"](2, 4) == 6


def test_attributes_of_objects_are_open_to_ones_own_files():
    text = "layer: !new:torch.nn.Linear [3, 4]\nn: !ref <layer.in_features> * 2\nw: !ref <layer.weight>\n"
    values = load_hparams(text, code=["math"])
    assert values["n"] == 6
    assert values["w"] is values["layer"].weight
    with pytest.raises(HParamsError, match=r"<text>:2: n: .* asks a Linear for an attribute"):
        load_hparams(text)


@pytest.mark.parametrize(
    "name", ["_parameters", "__class__", "forward", "register_buffer", "missing", "weight.grad_fn.x"]
)
def test_private_names_methods_and_what_is_not_there_are_refused(name):
    with pytest.raises(HParamsError, match="<text>:2: n: "):
        load_hparams(f"layer: !new:torch.nn.Linear [3, 4]\nn: !ref <layer.{name}>\n", code=["math"])


def test_a_model_folder_and_a_recipe_have_their_limits():
    text = "a: " + "[" * 40 + "]" * 40 + "\n"
    with pytest.raises(HParamsError, match="more than 32 levels"):
        load_hparams(text)
    assert load_hparams(text, code=["math"])
    assert load_hparams(text, limits=OPEN)
    with pytest.raises(HParamsError, match="more than 32 levels"):
        load_hparams(text, code=["math"], limits=STRICT)


def test_errors_end_in_one_frame_of_ours_and_keep_their_cause(tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("a: [{b: !new:torch.nn.Linear [-1, 2]}]\n")
    with pytest.raises(
        HParamsError, match=r"train\.yaml:1: a\[0\]\.b: torch\.nn\.Linear failed: RuntimeError: "
    ) as caught:
        load_hparams(file)
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-1] == "load_hparams"
    assert len(frames) == 2
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert (caught.value.file, caught.value.line, caught.value.key) == (str(file), 1, "a[0].b")


def test_a_limit_names_the_object_and_has_no_cause_to_show():
    with pytest.raises(HParamsError, match="at most 500,000,000 numbers in tensors, got 1e\\+18") as caught:
        load_hparams("a: 1000000000\nb: !new:torch.nn.Linear [!ref <a>, !ref <a>]\n")
    assert caught.value.line == 2
    assert caught.value.__cause__ is None


def test_building_draws_the_same_random_numbers_as_python():
    torch.manual_seed(3)
    expected = torch.nn.Linear(5, 6).weight
    torch.manual_seed(3)
    assert torch.equal(load_hparams("a: !new:torch.nn.Linear [5, 6]\n")["a"].weight, expected)


def test_constructors_that_are_class_methods(tmp_path):
    data = pytest.importorskip("sonovox.data")
    (tmp_path / "data.json").write_text('{"a": {"n": 1}, "b": {"n": 2}}')
    for tag in ("!new:", "!apply:"):
        text = f"d: {tag}sonovox.data.DynamicItemDataset.from_json\n    json_path: {tmp_path}/data.json\n"
        for code in ("sonovox.data", "math"):  # through the module, and through the table of recipes
            assert len(load_hparams(text, code=[code])["d"]) == 2
        with pytest.raises(HParamsError, match="is not in the table of names"):
            load_hparams(text)
    assert data


def stand_ins(text):
    """Modules with a stand-in for each name that the YAML uses, and overrides for the keys that it leaves out."""
    root = parse_text(text, Document("seed"), OPEN)
    modules: dict[str, ModuleType] = {}
    for _, node in walk(root):
        if node.tag.startswith(CALLS):
            module, _, name = node.tag.partition(":")[2].rpartition(".")
            made = modules.setdefault(module, ModuleType(module))
            setattr(made, name, type(name, (StandIn,), {"__module__": module}))
    missing = set(re.findall(r"!ref <(\w+)>", text)) - set(root.entries)
    return list(modules.values()), {key: f"value-of-{key}" for key in missing}


class StandIn:
    def __init__(self, *args, **kwargs):
        self.args, self.kwargs = args, kwargs


def seed_blocks():
    for path in sorted(SHARED.glob("seeds/*.txt")):
        for i, block in enumerate(YAML_BLOCK.findall(path.read_text(encoding="utf-8"))):
            yield pytest.param(block.replace("[...]", "# ..."), id=f"{path.stem}-{i}")


@pytest.mark.parametrize("block", list(seed_blocks()))
def test_yaml_of_the_tutorials(block):
    modules, missing = stand_ins(block)
    values = load_hparams(block, missing, overrides_must_match=False, code=[*modules, "math"])
    assert set(re.findall(r"^(?:  )?(\w+):", block, re.MULTILINE)) & set(values)
    for key in re.findall(r"^\s+source: !ref <(\w+)>$", block, re.MULTILINE):
        built = [v for v in values.values() if isinstance(v, StandIn) and v.kwargs.get("source") == values[key]]
        assert built


def test_the_tutorials_have_yaml():
    if not SHARED.joinpath("seeds").is_dir():
        pytest.skip("needs ../shared/seeds, which is absent")
    assert len(list(seed_blocks())) >= 10


def hub_files():
    return sorted(SHARED.glob("reference/speechbrain/*/model/hyperparams.yaml"))


@pytest.mark.parametrize("file", hub_files(), ids=lambda path: path.parts[-3])
def test_hub_files_are_built_or_the_unknown_name_is_told_with_its_line(file):
    modules, missing = stand_ins(file.read_text())
    assert not missing
    assert load_hparams(file, code=modules)["modules"]
    unknown = [name for name in names_of(file) if name not in MODEL_NAMES]
    if not unknown:
        assert load_hparams(file)["modules"]
        return
    with pytest.raises(HParamsError, match="is not in the table of names") as caught:
        load_hparams(file)
    assert unknown[0] in str(caught.value)
    assert unknown[0] in file.read_text().splitlines()[caught.value.line - 1]


def names_of(file):
    root = parse_text(file.read_text(), Document("hub"), OPEN)
    return [node.tag.partition(":")[2] for _, node in walk(root) if node.tag.startswith(CALLS)]


def test_a_tree_has_its_overrides_in_it_and_nothing_is_built():
    root = read_tree("a: !new:nowhere.Nothing {b: 1}\n", {"a": {"b": 2}}, STRICT, must_match=True)
    assert root.entries["a"].entries["b"].value == 2
    assert root.entries["a"].tag == "!new:nowhere.Nothing"
