"""A function of dsp and its module twin agree in the names of their arguments and in the defaults."""

import ast

import pytest

from house.sources import SOURCE, definitions, exported, parsed

# What stands for a window in a function and in a module.
WINDOW = {
    "window": "of the function: a tensor",
    "window_fn": "of the module: makes the tensor",
    "wkwargs": "of the module: arguments of window_fn",
}

# module -> arguments that only one of the twins has, as in torchaudio, and why
ONE_SIDED = {
    "AmplitudeToDB": {
        "stype": "of the module: stands for the three numbers of the function",
        "multiplier": "of the function",
        "amin": "of the function",
        "db_multiplier": "of the function",
    },
    "Resample": {"dtype": "of the module: the function takes that of the waveform"},
    "GriffinLim": WINDOW,
    "InverseSpectrogram": WINDOW,
    "PitchShift": WINDOW,
    "SpectralCentroid": WINDOW,
    "Spectrogram": WINDOW,
}

Function = ast.FunctionDef


def twins(tree: ast.Module) -> list[tuple[Function, ast.ClassDef]]:
    """Public functions and modules of one file whose names differ in case and underscores only."""
    public = exported(tree) or []
    of_name = {
        node.name.replace("_", "").lower(): node
        for node in definitions(tree)
        if isinstance(node, ast.FunctionDef) and node.name in public
    }
    return [
        (of_name[node.name.lower()], node)
        for node in definitions(tree)
        if isinstance(node, ast.ClassDef) and node.name in public and node.name.lower() in of_name
        if "forward" in _methods(node)
    ]


def disagreements(function: Function, module: ast.ClassDef, one_sided: set[str]) -> list[str]:
    methods = _methods(module)
    inputs = set(_arguments(methods["forward"]))
    of_function = {name: value for name, value in _arguments(function).items() if name not in inputs}
    of_module = _arguments(methods["__init__"]) if "__init__" in methods else {}
    missing = inputs - set(_arguments(function))
    faults = [f"forward takes {name}, which {function.name} does not" for name in sorted(missing)]
    for name in sorted((of_function.keys() ^ of_module.keys()) ^ one_sided):
        if name in one_sided:
            faults.append(f"{name} is a needless exception for {module.name}")
        else:
            faults.append(f"{name} is an argument of {function.name if name in of_function else module.name} only")
    for name in of_function.keys() & of_module.keys():
        # What the function demands (torchaudio's way) may have a default in the module.
        if of_function[name] not in (None, of_module[name]):
            faults.append(f"{name} is {of_function[name]} in {function.name}, {of_module[name]} in {module.name}")
    return sorted(faults)


def _methods(module: ast.ClassDef) -> dict[str, Function]:
    return {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}


def _arguments(function: Function) -> dict[str, str | None]:
    """Names of all arguments but `self`, with their defaults as they are written; None where there is none."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    pairs = [*zip(positional, defaults, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return {argument.arg: default and ast.unparse(default) for argument, default in pairs if argument.arg != "self"}


ALL_TWINS = [(path, pair) for path in sorted((SOURCE / "dsp").glob("*.py")) for pair in twins(parsed(path))]


@pytest.mark.parametrize(("path", "pair"), ALL_TWINS, ids=[pair[1].name for _, pair in ALL_TWINS])
def test_twins_agree(path, pair):
    faults = disagreements(*pair, set(ONE_SIDED.get(pair[1].name, ())))
    assert not faults, "\n".join([str(path), *faults])


def test_every_exception_is_about_twins_that_are_there():
    assert set(ONE_SIDED) <= {module.name for _, (_, module) in ALL_TWINS}


GOOD = """
__all__ = ["Mel", "mel"]
def mel(waveform, n_fft, n_mels=80, *, norm=None): ...
class Mel(nn.Module):
    def __init__(self, n_fft=400, n_mels=80, *, norm=None): ...
    def forward(self, waveform): ...
"""


def faults_of(code: str, one_sided: frozenset[str] = frozenset()) -> list[str]:
    ((function, module),) = twins(ast.parse(code))
    return disagreements(function, module, set(one_sided))


def test_the_rule_lets_pass():
    assert faults_of(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("n_fft=400, n_mels=80", "n_fft=400, n_mels=128", "n_mels is 80 in mel, 128 in Mel"),
        ("n_mels=80, *, norm=None): ...\nclass", "n_mels=80): ...\nclass", "norm is an argument of Mel only"),
        ("n_fft=400, n_mels=80", "n_mels=80", "n_fft is an argument of mel only"),
        ("self, waveform", "self, waveform, mask", "forward takes mask, which mel does not"),
    ],
)
def test_the_rule_can_fail(old, new, fault):
    assert faults_of(GOOD.replace(old, new)) == [fault]


def test_an_exception_that_is_not_needed_is_told():
    assert faults_of(GOOD, frozenset({"n_mels"})) == ["n_mels is a needless exception for Mel"]
