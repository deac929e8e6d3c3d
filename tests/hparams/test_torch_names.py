import importlib

import pytest

from sonovox.hparams.names import MODEL_NAMES
from sonovox.hparams.torch_names import TORCH_NAMES


@pytest.mark.parametrize("name", ["torch.nn.Linear", "torch.optim.AdamW", "torch.nn.functional.relu", "torch.float16"])
def test_a_model_folder_may_use_them(name):
    assert MODEL_NAMES[name] == TORCH_NAMES[name]


def test_they_are_names_of_torch_under_its_own_names():
    for name, place in TORCH_NAMES.items():
        module, _, word = place.partition(":")
        assert name == f"{module}.{word}"
        assert hasattr(importlib.import_module(module), word), name
