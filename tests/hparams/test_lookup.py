import math

import pytest

from sonovox._internal.errors import HParamsError
from sonovox.hparams.document import Document, Place, Scalar
from sonovox.hparams.lookup import Names

NODE = Scalar(Place(Document("x.yaml"), 4, 1))


def test_a_name_of_the_table_is_found():
    import torch

    assert Names({}).find("torch.nn.Linear", NODE, "k").thing is torch.nn.Linear
    assert Names({}).find("torch.float32", NODE, "k").thing is torch.float32


def test_recipe_names_are_for_open_files_only():
    with pytest.raises(HParamsError):
        Names({}).find("torch.manual_seed", NODE, "k")
    assert callable(Names({"math": math}).find("torch.manual_seed", NODE, "k").thing)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torch.nn.Liner", "x.yaml:4: k: torch.nn.Liner is not in the table of names; did you mean Linear?"),
        ("torch.optm.AdamW", "did you mean torch.optim.AdamW?"),
        ("os.system", "os.system is not in the table of names; load_hparams(..., code=[...]) opens modules"),
        ("t\u043erch.nn.Linear", "it has letters that look like others: 't\\u043erch.nn.Linear'"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(name, said):
    with pytest.raises(HParamsError) as caught:
        Names({}).find(name, NODE, "k")
    assert said in str(caught.value)


def test_modules_are_named_only_when_they_are_open():
    assert Names({"math": math}).module("math", NODE, "k") is math
    with pytest.raises(HParamsError, match="the module torch is not open to this file"):
        Names({"math": math}).module("torch", NODE, "k")
