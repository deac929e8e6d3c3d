import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.metrics.signal_pairs import checked_pair


def test_padding_is_silent_and_leading_dimensions_are_items():
    estimate, reference, counts = checked_pair(
        torch.ones(2, 3, 4), 2 * torch.ones(2, 3, 4), torch.tensor([[1.0, 0.5, 0.25]] * 2)
    )
    assert estimate.dtype == torch.float64
    assert counts.tolist() == [4, 2, 1] * 2
    assert reference.sum(1).tolist() == [8, 4, 2] * 2


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match=r"got \(4,\) and \(5,\)"):
        checked_pair(torch.ones(4), torch.ones(5))
    with pytest.raises(ArgumentError, match=r"got \(2, 4\) and \(2, 4\) and \(3,\)"):
        checked_pair(torch.ones(2, 4), torch.ones(2, 4), torch.ones(3))
    with pytest.raises(ArgumentError, match="reference must be floating point, got int64"):
        checked_pair(torch.ones(4), torch.ones(4).long())
