"""Every public name is in a sorted and complete `__all__`, documented, and has a doctest or stands in a test.

Constants, protocols, and classes without methods of their own do nothing that a
test could call; they need no doctest and no test of their name.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from house.sources import ROOT, definitions, dotted, exported, module_name, parsed, source_files

PUBLIC_FILES = [path for path in source_files() if not path.name.startswith("_")]
PACKAGES = [path for path in source_files() if path.name == "__init__.py"]


def faults_of_all(tree: ast.Module) -> list[str]:
    listed = exported(tree)
    public = [node.name for node in definitions(tree) if not node.name.startswith("_")]
    if listed is None:
        return ["there is no __all__"] if public else []
    faults = []
    if listed != sorted(listed):
        faults.append(f"__all__ is not sorted; it should be {sorted(listed)}")
    if len(listed) != len(set(listed)):
        faults.append("__all__ holds a name twice")
    faults += [f"{name} is in no __all__; list it or give it an underscore" for name in public if name not in listed]
    return faults + [f"__all__ holds {name}, which is not there" for name in listed if name not in _bound_names(tree)]


def undocumented(tree: ast.Module) -> list[str]:
    faults = [] if ast.get_docstring(tree) else ["the module has no docstring"]
    listed = exported(tree) or []
    return faults + [
        f"{node.name} has no docstring"
        for node in definitions(tree)
        if node.name in listed and not ast.get_docstring(node)
    ]


def without_example(tree: ast.Module, words_of_tests: frozenset[str]) -> list[str]:
    listed = exported(tree) or []
    return [
        f"{node.name} has no doctest and stands in no test"
        for node in definitions(tree)
        if node.name in listed
        and _does_something(node)
        and node.name not in words_of_tests
        and ">>>" not in (ast.get_docstring(node) or "")
    ]


def _does_something(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    if not isinstance(node, ast.ClassDef):
        return True
    is_protocol = any(dotted(base).endswith("Protocol") for base in node.bases)
    return not is_protocol and any(isinstance(part, ast.FunctionDef) for part in node.body)


def _bound_names(tree: ast.Module) -> set[str]:
    names = {"__getattr__", *(node.name for node in definitions(tree))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@cache
def _words_of_tests() -> frozenset[str]:
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if path.parent.name != "house"]
    return frozenset(word for path in files for word in re.findall(r"\w+", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", [*PUBLIC_FILES, *PACKAGES], ids=module_name)
def test_all_is_sorted_and_complete(path):
    faults = faults_of_all(parsed(path))
    assert not faults, "\n".join([str(path), *faults])


@pytest.mark.parametrize("path", [*PUBLIC_FILES, *PACKAGES], ids=module_name)
def test_everything_public_is_documented(path):
    faults = undocumented(parsed(path)) if path.read_text(encoding="utf-8").strip() else []
    assert not faults, "\n".join([str(path), *faults])


@pytest.mark.parametrize("path", PUBLIC_FILES, ids=module_name)
def test_everything_public_has_a_doctest_or_stands_in_a_test(path):
    faults = without_example(parsed(path), _words_of_tests())
    assert not faults, "\n".join([str(path), *faults])


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("def a(): ...", "there is no __all__"),
        ("__all__ = ['b', 'a']\na = b = 1", "__all__ is not sorted; it should be ['a', 'b']"),
        ("__all__ = ['B', 'a', 'a']\na = B = 1", "__all__ holds a name twice"),
        ("__all__ = []\nclass A: ...", "A is in no __all__; list it or give it an underscore"),
        ("__all__ = ['a']", "__all__ holds a, which is not there"),
    ],
)
def test_the_rule_of_all_can_fail(code, fault):
    assert faults_of_all(ast.parse(code)) == [fault]


UNDOCUMENTED = """
__all__ = ["A", "b", "c"]
class A:
    def m(self): ...
def b(): ...
def c():
    '''It is c.

    >>> c()
    '''
"""


def test_the_rules_of_documents_and_examples_can_fail():
    tree = ast.parse(UNDOCUMENTED)
    assert undocumented(tree) == ["the module has no docstring", "A has no docstring", "b has no docstring"]
    assert without_example(tree, frozenset({"b"})) == ["A has no doctest and stands in no test"]


def test_what_does_nothing_needs_no_example():
    tree = ast.parse(
        "__all__ = ['A', 'B', 'C']\nclass A(Protocol):\n    def m(self): ...\nclass B(Error):\n    x: int\nC = 1"
    )
    assert without_example(tree, frozenset()) == []


def test_private_and_imported_names_pass():
    tree = ast.parse("'''It is.'''\nfrom x import a\n__all__ = ['T', 'a']\nT = 1\ndef _b(): ...")
    assert faults_of_all(tree) + undocumented(tree) == []


def test_there_are_files_to_look_at():
    assert Path("errors.py") in {Path(path.name) for path in PUBLIC_FILES}
