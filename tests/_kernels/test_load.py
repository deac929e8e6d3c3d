import shutil
import subprocess
import sys

import pytest

from sonovox._kernels.build import FOLDER, OBJECT
from sonovox._kernels.load import Kernels, kernels, load

REMEDY = "python -m sonovox._kernels.build"


def test_an_object_of_these_sources_is_used(compiled):
    assert load(OBJECT).library is not None
    assert kernels().describe() == f"C: {OBJECT}"


def test_without_an_object_the_way_to_one_is_told(tmp_path):
    absent = load(tmp_path / "absent.so")
    assert absent.library is None
    assert absent.describe() == f"torch only: not built; with a C compiler, {REMEDY} builds them"


def test_an_object_of_other_sources_is_refused(compiled, tmp_path):
    edited = shutil.copytree(FOLDER, tmp_path / "edited", ignore=shutil.ignore_patterns("*.so"))
    (edited / "iir.c").write_text("/* takes other arguments now */")
    assert load(OBJECT, edited).reason == f"built from other sources; {REMEDY} builds them anew"


def test_a_file_that_is_no_object_is_refused(tmp_path):
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"not an object")
    assert load(broken).library is None
    assert "cannot be opened" in load(broken).reason


@pytest.mark.parametrize("word", ["0", "off", "False"])
def test_the_environment_switches_them_off(monkeypatch, word):
    monkeypatch.setenv("SONOVOX_KERNELS", word)
    assert kernels.__wrapped__() == Kernels(None, f"switched off by SONOVOX_KERNELS={word}")


def test_nothing_is_opened_by_importing():
    code = "import sys, sonovox.dsp.iir; from sonovox._kernels.load import kernels; print(kernels.cache_info().misses)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
