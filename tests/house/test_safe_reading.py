"""Files from strangers never run code: no pickle, no eval, and `torch.load` only with a literal `weights_only=True`."""

import ast
from pathlib import Path

import pytest

from house.sources import calls, dotted, module_name, parsed, place, source_files

REFUSED_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
REFUSED_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "yaml.load",
    "yaml.load_all",
    "yaml.full_load",
    "yaml.full_load_all",
    "yaml.unsafe_load",
    "yaml.unsafe_load_all",
}
# module -> what it may use, and why
ALLOWED = {
    "sonovox.hub.weights": {"pickle.UnpicklingError"},  # the error by which torch refuses a checkpoint
}


def unsafe(tree: ast.Module, path: Path, module: str = "") -> list[str]:
    allowed = ALLOWED.get(module, set())
    imported = {  # local name -> module, for `import pickle` and `import pickle as p`
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.partition(".")[0] in REFUSED_MODULES
    }
    wrong = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in REFUSED_MODULES:
            wrong += [
                f"{place(path, node)} uses {node.module}.{alias.name}"
                for alias in node.names
                if f"{node.module}.{alias.name}" not in allowed
            ]
        elif isinstance(node, ast.Attribute) and dotted(node.value) in imported:
            name = f"{imported[dotted(node.value)]}.{node.attr}"
            wrong += [f"{place(path, node)} uses {name}"] * (name not in allowed)
    return wrong + [f"{place(path, call)} {reason}" for call in calls(tree) if (reason := _refusal(call))]


def _refusal(call: ast.Call) -> str:
    name = dotted(call.func)
    if name in REFUSED_CALLS:
        return f"calls {name}"
    arguments = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in ("np.load", "numpy.load") and "allow_pickle" in arguments:
        return f"calls {name} with allow_pickle"
    if name in ("torch.load", "torch.jit.load"):
        literal = arguments.get("weights_only")
        if name == "torch.jit.load" or not (isinstance(literal, ast.Constant) and literal.value is True):
            return f"calls {name} without a literal weights_only=True"
    return ""


@pytest.mark.parametrize("path", source_files(), ids=module_name)
def test_nothing_that_runs_code_from_files(path):
    wrong = unsafe(parsed(path), path, module_name(path))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("import pickle as p\np.loads(b'')", "bad.py:2 uses pickle.loads"),
        ("from marshal import loads", "bad.py:1 uses marshal.loads"),
        ("import torch\ntorch.load('x')", "bad.py:2 calls torch.load without a literal weights_only=True"),
        ("torch.load('x', weights_only=safe)", "bad.py:1 calls torch.load without a literal weights_only=True"),
        ("torch.load('x', weights_only=False)", "bad.py:1 calls torch.load without a literal weights_only=True"),
        ("def f(s):\n    return eval(s)", "bad.py:2 calls eval"),
        ("yaml.load(s, Loader=L)", "bad.py:1 calls yaml.load"),
        ("np.load('x', allow_pickle=True)", "bad.py:1 calls np.load with allow_pickle"),
    ],
)
def test_the_rule_can_fail(code, complaint):
    assert unsafe(ast.parse(code), Path("bad.py")) == [complaint]


def test_the_rule_lets_pass():
    code = (
        "import torch, yaml, re\ntorch.load('x', weights_only=True)\nyaml.safe_load(s)\nmodel.eval()\nre.compile('a')"
    )
    assert unsafe(ast.parse(code), Path("good.py")) == []
