"""A package imports only from rows below its own; packages on one row do not import each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.sources import ROOT, SOURCE, module_name, parsed, place, source_files

# From the top; `compliance`, `functional`, `transforms` (on dsp) and `errors` (on _internal) are faces that nothing
# inside imports.
ROWS = [
    ["compliance", "errors", "functional", "transforms"],
    ["cli", "compat"],
    ["finetuning"],
    ["inference"],
    ["training", "integrations"],
    ["models", "decoding", "datasets"],
    ["losses", "data"],
    ["effects", "augment", "nn"],
    ["io", "metrics", "hparams", "hub"],
    ["dsp", "text", "clustering"],
    ["_kernels", "_internal"],
]
HEIGHT = {package: len(ROWS) - row for row, packages in enumerate(ROWS) for package in packages}
# The root of the package offers lazy names from everywhere, and __main__ is the command.
FREE = {"sonovox", "sonovox.__main__"}


def imported_modules(tree: ast.Module, module: str, *, is_package: bool = False) -> Iterator[tuple[ast.AST, str]]:
    """Every module of sonovox that is imported, in functions and under TYPE_CHECKING too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = module.split(".")[: len(module.split(".")) - node.level + is_package] if node.level else []
            home = ".".join([*up, *([node.module] if node.module else [])])
            # `from sonovox import io` imports sonovox.io, `from sonovox import load` the root itself.
            names = [f"{home}.{alias.name}" if home == "sonovox" else home for alias in node.names]
        else:
            continue
        yield from ((node, name) for name in names if name.partition(".")[0] == "sonovox")


def upward_imports(tree: ast.Module, path: Path, module: str) -> list[str]:
    if module in FREE:
        return []
    package = module.split(".")[1]
    wrong = []
    for node, name in imported_modules(tree, module, is_package=path.name == "__init__.py"):
        other = name.split(".")[1] if "." in name else ""
        if other in (package, "__version__"):
            continue
        if other not in HEIGHT:
            wrong.append(f"{place(path, node)} imports {name} from the root of sonovox; import from its own module")
        elif HEIGHT[other] >= HEIGHT[package]:
            wrong.append(f"{place(path, node)} imports {name}, which is not below {package}")
    return wrong


@pytest.mark.parametrize("path", source_files(), ids=module_name)
def test_imports_go_only_downward(path):
    wrong = upward_imports(parsed(path), path, module_name(path))
    assert not wrong, "\n".join(["the rows are drawn in CONTRIBUTING.md:", *wrong])


def test_every_package_stands_in_a_row_and_every_row_in_the_drawing():
    drawing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("```")[2].partition("```")[0]
    words = drawing.split()
    for package in (path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()):
        assert package in HEIGHT, f"the package {package} stands in no row of {__file__}"
    for package in [package for row in ROWS[1:] for package in row]:
        assert package in words, f"{package} is missing in the drawing of CONTRIBUTING.md"


@pytest.mark.parametrize(
    ("module", "code", "complaint"),
    [
        ("sonovox.dsp.mel", "from sonovox.io.load import load", "sonovox.io.load, which is not below dsp"),
        (
            "sonovox.dsp.mel",
            "def f():\n    import sonovox.text.english",
            "sonovox.text.english, which is not below dsp",
        ),
        ("sonovox.io.load", "if TYPE_CHECKING:\n    from sonovox import hub", "sonovox.hub, which is not below io"),
        ("sonovox.io.load", "from ..models.whisper import model", "sonovox.models.whisper, which is not below io"),
        ("sonovox.io.load", "from sonovox import Transcript", "imports sonovox.Transcript from the root of sonovox"),
        ("sonovox.cli.main", "import sonovox", "imports sonovox from the root of sonovox"),
        ("sonovox.cli.main", "import sonovox.functional as F", "sonovox.functional, which is not below cli"),
    ],
)
def test_the_rule_can_fail(module, code, complaint):
    (wrong,) = upward_imports(ast.parse(code), Path("bad.py"), module)
    assert complaint in wrong


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("sonovox.io.load", "from sonovox._internal.errors import AudioError\nfrom sonovox.dsp import resample"),
        ("sonovox.io.load", "from sonovox.io.wav import read\nfrom . import info\nfrom .save import save"),
        ("sonovox.io.load", "import torch, sonovoxel\nfrom sonovox import __version__"),
        ("sonovox.__main__", "from sonovox.cli.main import main"),
    ],
)
def test_the_rule_lets_pass(module, code):
    assert upward_imports(ast.parse(code), Path("good.py"), module) == []
