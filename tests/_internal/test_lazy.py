import importlib
import json.decoder
import sys

import pytest

from sonovox._internal.lazy import lazy_names


def test_a_name_is_taken_from_its_home():
    assert lazy_names("demo", {"JSONDecoder": "json.decoder"})("JSONDecoder") is json.decoder.JSONDecoder


def test_a_home_that_ends_with_the_name_is_returned_whole():
    assert lazy_names("demo", {"decoder": "json.decoder"})("decoder") is json.decoder


def test_a_thing_of_the_name_of_its_home_is_preferred_to_the_module():
    import pprint

    assert lazy_names("demo", {"pprint": "pprint"})("pprint") is pprint.pprint


def test_nothing_is_imported_before_it_is_used(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    get = lazy_names("demo", {"rgb_to_hsv": "colorsys"})
    assert "colorsys" not in sys.modules
    get("rgb_to_hsv")
    assert "colorsys" in sys.modules


def test_an_unknown_name_is_an_attribute_error_that_names_both():
    with pytest.raises(AttributeError, match="module 'demo' has no attribute 'nothing'"):
        lazy_names("demo", {})("nothing")


def test_a_name_stays_what_it_is_when_the_module_of_that_name_is_imported(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "lazily").mkdir()
    (tmp_path / "lazily" / "__init__.py").write_text(
        "from sonovox._internal.lazy import lazy_names\n"
        "__all__ = ['whole', 'walk']\n"
        "__getattr__ = lazy_names(__name__, {name: f'lazily.{name}' for name in __all__})\n"
    )
    for name, code in (("walk", "def walk(): return 'walked'"), ("own", "def own(): ..."), ("whole", "x = 1")):
        (tmp_path / "lazily" / f"{name}.py").write_text(code)
    lazily = importlib.import_module("lazily")
    modules = {name: importlib.import_module(f"lazily.{name}") for name in ("walk", "own", "whole")}
    assert lazily.walk() == "walked"
    assert lazily.own is modules["own"], "a module that shares its name with nothing public"
    assert lazily.whole is modules["whole"], "a name that is a module"
    for name in ("lazily", *(f"lazily.{name}" for name in modules)):
        monkeypatch.delitem(sys.modules, name)
