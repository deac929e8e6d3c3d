import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from sonovox._internal.errors import MissingDependencyError
from sonovox._internal.optional import EXTRAS, require


def test_an_installed_module_is_returned_also_by_a_dotted_name():
    import json.decoder

    assert require("json", purpose="reading") is json
    assert require("json.decoder", purpose="reading") is json.decoder


def test_a_missing_package_of_an_extra_is_told_with_its_pip_line(monkeypatch):
    monkeypatch.setitem(EXTRAS, "no_such_package", "plot")
    with pytest.raises(MissingDependencyError) as caught:
        require("no_such_package.part", purpose="drawing a spectrogram")
    assert caught.value.message == "drawing a spectrogram needs the package no_such_package"
    assert caught.value.hint == "pip install 'sonovox[plot]'"
    assert isinstance(caught.value, ImportError)


def test_every_extra_is_declared_with_the_package_that_it_brings():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = project["optional-dependencies"]
    distributions = packages_distributions()
    for module, extra in EXTRAS.items():
        names = distributions.get(module, [module])
        assert any(line.lower().startswith(name.lower()) for line in declared[extra] for name in names), module
