import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from house.sources import ROOT
from sonovox._kernels.build import FOLDER, KernelsNotBuilt, build, digest_of_sources, main

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="needs a C compiler: cc, gcc or clang"
)


@needs_compiler
def test_one_object_is_made_of_all_sources(tmp_path):
    made = build(target=tmp_path / "kernels.so")
    assert made == tmp_path / "kernels.so"
    assert digest_of_sources().encode() in made.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["kernels.so"]  # nothing else is left


@needs_compiler
def test_the_message_of_the_compiler_is_told(tmp_path):
    (tmp_path / "wrong.c").write_text("int f(void) { return undeclared; }")
    with pytest.raises(KernelsNotBuilt, match=r"(?s)failed: .*undeclared"):
        build(tmp_path)


@pytest.mark.parametrize("compiler", ["/nonexistent", "/nonexistent -m64"])
def test_a_compiler_that_is_not_there_is_named(tmp_path, monkeypatch, compiler):
    monkeypatch.setenv("CC", compiler)
    with pytest.raises(KernelsNotBuilt, match="No such file or directory: /nonexistent"):
        build(target=tmp_path / "kernels.so")


def test_no_compiler_at_all_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main() == 1
    assert capsys.readouterr().err == "there is no C compiler\ninstall a C compiler (gcc or clang), or name one in CC\n"


def test_the_digest_follows_each_source(tmp_path):
    copied = shutil.copytree(FOLDER, tmp_path / "copy", ignore=shutil.ignore_patterns("*.so"))
    assert digest_of_sources(copied) == digest_of_sources()
    header = copied / "kernels.h"
    header.write_text(header.read_text() + "\n")
    assert digest_of_sources(copied) != digest_of_sources()


def test_the_build_hook_can_run_it_before_the_package_is_there():
    code = f"import runpy; runpy.run_path({str(FOLDER / 'build.py')!r}, run_name='hook')"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def wheel(folder: Path) -> tuple[str, set[str]]:
    """The name of a wheel that is built from a copy of this checkout, and the kernels in it."""
    source = folder / "checkout"
    for name in ("pyproject.toml", "README.md", "LICENSE", "hatch_build.py"):
        source.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    code = f"from hatchling.builders.wheel import WheelBuilder as W; list(W({str(source)!r}).build(directory='out'))"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True)
    (made,) = (folder / "out").glob("*.whl")
    return made.name, {name for name in zipfile.ZipFile(made).namelist() if name.endswith(".so")}


needs_hatchling = pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="needs hatchling")


@needs_compiler
@needs_hatchling
@pytest.mark.slow
def test_a_wheel_with_the_object_is_for_this_platform(tmp_path):
    name, kernels = wheel(tmp_path)
    assert "-py3-none-" in name
    assert not name.endswith("any.whl")
    assert kernels == {"sonovox/_kernels/libsonovox_kernels.so"}


@needs_hatchling
@pytest.mark.slow
def test_without_a_compiler_the_wheel_is_for_all(tmp_path, monkeypatch):
    monkeypatch.setenv("CC", "/nonexistent")
    name, kernels = wheel(tmp_path)
    assert name.endswith("-py3-none-any.whl")
    assert kernels == set()
