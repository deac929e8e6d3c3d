"""Names in descriptions and what they stand for."""

import pytest

from sonovox._internal.errors import DataError
from sonovox._internal.replacements import Replacements


@pytest.mark.parametrize("text", ["{root}/a.wav", "$root/a.wav", "${root}/a.wav"])
def test_three_spellings_are_replaced(text):
    assert Replacements({"root": "/d"})(text) == "/d/a.wav"


def test_the_longest_name_is_taken():
    replaced = Replacements({"data": "/wrong", "data_folder": "/right"})
    assert replaced("$data_folder/a {data_folder} $data") == "/right/a /right /wrong"


def test_values_of_any_depth_are_replaced():
    replaced = Replacements({"r": 1})
    assert replaced({"a": ["{r}", {"b": "$r"}], "n": 2, "z": None}) == {"a": ["1", {"b": "1"}], "n": 2, "z": None}


@pytest.mark.parametrize("text", ["it costs $5", "a {noise} b", "$rooted", "{", "{}", "$", "{laugh} yes", "{laugh}"])
def test_other_braces_and_dollars_are_text(text):
    assert Replacements({"root": "/d"})(text) == text
    assert Replacements(None)(text) == text


@pytest.mark.parametrize("text", ["{data_rot}/a.wav", "$data_rot/a.wav", "${data_rot}/a.wav"])
def test_a_path_whose_name_is_unknown_is_refused(text):
    with pytest.raises(DataError, match="needs a replacement for 'data_rot', got data_root; did you mean data_root"):
        Replacements({"data_root": "/d"})(text)
    with pytest.raises(DataError, match=r'got none; give replacements={"data_rot": "/path/to/it"}'):
        Replacements(None)(text)
