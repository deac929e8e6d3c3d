"""No `assert` in the package: input is checked by errors that `python -O` keeps."""

import ast
from pathlib import Path

import pytest

from house.sources import module_name, parsed, place, source_files


def asserts(tree: ast.Module, path: Path) -> list[str]:
    return [place(path, node) for node in ast.walk(tree) if isinstance(node, ast.Assert)]


@pytest.mark.parametrize("path", source_files(), ids=module_name)
def test_no_assert(path):
    wrong = asserts(parsed(path), path)
    assert not wrong, f"raise an error of _internal/errors.py instead: {', '.join(wrong)}"


def test_the_rule_can_fail():
    assert asserts(ast.parse("def f(x):\n    assert x > 0"), Path("bad.py")) == ["bad.py:2"]
