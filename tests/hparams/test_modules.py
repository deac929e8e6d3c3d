import collections
import sys

import pytest

from sonovox._internal.errors import ArgumentError, HParamsError
from sonovox.hparams import load_hparams
from sonovox.hparams.modules import is_public, open_modules, public_names

CODE = """
import os
from os import system
from collections import Counter
import torch

class ASR:
    kind = "ctc"
    def __init__(self, size=1):
        self.size = size
    @classmethod
    def from_size(cls, size):
        return cls(size * 10)
    class Part:
        pass
    _hidden = 3

class _Private: ...

def double(x):
    return 2 * x

RATE = 16000
"""


@pytest.fixture
def train(tmp_path):
    file = tmp_path / "train_of_this_test.py"
    file.write_text(CODE)
    yield file
    sys.modules.pop("train_of_this_test", None)


def value(text, train):
    return load_hparams(f"x: {text}\n", code=[train])["x"]


def test_a_file_goes_by_its_stem(train):
    assert value("!new:train_of_this_test.ASR {size: 3}", train).size == 3
    assert value("!apply:train_of_this_test.double [4]", train) == 8
    assert value("!new:train_of_this_test.ASR.from_size [4]", train).size == 40
    assert value("!apply:train_of_this_test.ASR.from_size [4]", train).size == 40
    assert value("!name:train_of_this_test.RATE", train) == 16000
    assert value("!name:train_of_this_test.double {x: 4}", train)() == 8
    assert value("!module:train_of_this_test", train) is sys.modules["train_of_this_test"]
    assert type(value("!new:train_of_this_test.ASR.Part", train)).__name__ == "Part"


def test_a_file_is_imported_once(train):
    first = value("!name:train_of_this_test.ASR", train)
    assert value("!name:train_of_this_test.ASR", str(train)) is first


@pytest.mark.parametrize(
    "name",
    ["os.system", "system", "Counter", "torch", "torch.load", "_Private", "ASR._hidden", "ASR.kind", "ASR.__init__",
     "ASR.__subclasses__", "double.__globals__", "ASR.Part.__class__", "__builtins__", "missing"],
)  # fmt: skip
def test_only_what_it_defines_is_open(name, train):
    with pytest.raises(HParamsError, match="neither in the table of names nor in an opened module"):
        value(f"!name:train_of_this_test.{name}", train)


def test_the_nearest_name_of_an_opened_module_is_told(train):
    with pytest.raises(HParamsError, match="did you mean double"):
        value("!apply:train_of_this_test.duoble [1]", train)


def test_nothing_but_the_named_modules_is_opened(train):
    for name in ("os.path.join", "collections.Counter", "torch.hub.load", "builtins.eval", "sorted"):
        with pytest.raises(HParamsError):
            value(f"!name:{name}", train)


def test_modules_and_their_names():
    assert load_hparams("a: !new:collections.Counter {x: 1}\n", code=collections)["a"] == {"x": 1}
    assert load_hparams("a: !new:collections.Counter [abca]\n", code=["collections"])["a"]["a"] == 2
    assert load_hparams("a: !apply:sorted [[2, 1]]\n", code="builtins")["a"] == [1, 2]
    assert {"Counter", "OrderedDict"} <= set(public_names(collections))
    assert "abc" not in public_names(collections)
    assert is_public(collections, "Counter")
    assert not is_public(collections, "_sys")


def test_what_is_no_module_is_told(tmp_path):
    (tmp_path / "json.py").write_text("x = 1\n")
    (tmp_path / "two words.py").write_text("x = 1\n")
    for code, said in [
        ("no_such_module_at_all", "there is no module no_such_module_at_all"),
        ("../x", "code must be modules, their names or paths of .py files"),
        (tmp_path / "missing.py", "there is no file"),
        (tmp_path / "json.py", "cannot be imported as json: that is another module; rename the file"),
        (tmp_path / "two words.py", "cannot be imported as two words"),
    ]:
        with pytest.raises(ArgumentError, match=said.replace(".", r"\.")):
            open_modules([code])


def test_a_file_that_fails_is_not_left_half_imported(tmp_path):
    file = tmp_path / "fails_in_this_test.py"
    file.write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        open_modules([file])
    assert "fails_in_this_test" not in sys.modules


def test_another_file_of_the_same_stem_takes_its_place(train, tmp_path):
    value("!name:train_of_this_test.RATE", train)
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / train.name
    other.write_text("RATE = 8000\n")
    assert value("!name:train_of_this_test.RATE", other) == 8000
