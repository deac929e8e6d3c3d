"""Bit depth."""

import numpy as np
import pytest
import torch

from sonovox._internal.errors import ChoiceError
from sonovox.augment import DropBitResolution

X = torch.rand(40, 100, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize(("name", "full_scale"), [("int16", 32767), ("int8", 127)])
def test_integers_are_those_of_numpy(name, full_scale):
    expected = (X.numpy() * np.float32(full_scale)).astype(name).astype(np.float32) / full_scale
    assert torch.equal(DropBitResolution(name)(X), torch.from_numpy(expected))


def test_half_precision_is_that_of_numpy():
    assert torch.equal(DropBitResolution("float16")(X), torch.from_numpy(X.numpy().astype(np.float16)).float())


def test_beyond_full_scale_there_is_full_scale_and_no_overflow():
    assert DropBitResolution("int8")(torch.tensor([[3.0, -3.0]])).tolist() == [[1.0, -1.0]]


def test_any_of_them_is_drawn_for_each_item():
    y = DropBitResolution("random")(X)
    outcomes = torch.stack([DropBitResolution(name)(X) for name in ("int16", "int8", "float16")])
    matches = (y == outcomes).all(2)
    assert (matches.sum(0) == 1).all()
    assert matches.any(1).all()


def test_a_misspelt_type_is_told():
    with pytest.raises(ChoiceError, match="did you mean int16"):
        DropBitResolution("int61")
