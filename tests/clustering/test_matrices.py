import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.clustering.matrices import check_count, check_square, numbered


def test_names_follow_the_first_appearance():
    assert numbered(torch.tensor([4, 4, 0, 9, 0])).tolist() == [0, 0, 1, 2, 1]
    assert numbered(torch.tensor([], dtype=torch.long)).tolist() == []


def test_square_and_finite():
    check_square("x", torch.zeros(2, 2))
    for wrong in (torch.zeros(2), torch.zeros(2, 1), torch.zeros(0, 0)):
        with pytest.raises(ArgumentError, match="x must be"):
            check_square("x", wrong)
    with pytest.raises(ArgumentError, match="infinity"):
        check_square("x", torch.full((1, 1), torch.inf))


def test_counts():
    check_count("n", None, 3)
    check_count("n", 3, 3)
    for wrong in (0, 4):
        with pytest.raises(ArgumentError, match="n must be from 1 to the 3 items"):
            check_count("n", wrong, 3)
