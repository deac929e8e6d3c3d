"""A public name is the same thing before and after all modules of its package are imported.

Importing `sonovox.inference.load_recogniser` binds the module in the package, in place of the function of that name.
"""

import subprocess
import sys

LOOK = """
import importlib, pkgutil, sys, types
{package} = importlib.import_module({package!r})
packages = [{package}]
for found in pkgutil.walk_packages({package}.__path__, {package!r} + "."):
    if found.name.rpartition(".")[2].startswith("lib"):
        continue  # the object of the C kernels is no module of Python
    importlib.import_module(found.name)
    packages += [sys.modules[found.name]] if found.ispkg else []
for package in packages:
    for name in getattr(package, "__all__", ()):
        value = getattr(package, name)
        if isinstance(value, types.ModuleType) and hasattr(value, name):
            print(f"{{package.__name__}}.{{name}}")
"""


def hidden_names(package, path=None):
    """Public names that are the module in which they are defined, when all modules are imported."""
    run = subprocess.run(
        [sys.executable, "-c", LOOK.format(package=package)], capture_output=True, text=True, check=False, cwd=path
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_no_public_name_is_hidden_by_its_module():
    assert hidden_names("sonovox") == []


def test_the_rule_can_fail(tmp_path):
    (tmp_path / "lazy").mkdir()
    (tmp_path / "lazy" / "__init__.py").write_text(
        "__all__ = ['walk']\ndef __getattr__(name):\n    from lazy import walk\n    return walk.walk\n"
    )
    (tmp_path / "lazy" / "walk.py").write_text("def walk(): ...\n")
    assert hidden_names("lazy", tmp_path) == ["lazy.walk"]
