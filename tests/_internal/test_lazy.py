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
