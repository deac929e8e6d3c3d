import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import Linear


def test_the_last_two_dimensions_are_joined_where_asked():
    layer = Linear(3, input_shape=[None, None, 5, 4], combine_dims=True)
    x = torch.randn(2, 7, 5, 4)
    torch.testing.assert_close(layer(x), layer.w(x.reshape(2, 7, 20)))


def test_rows_are_used_with_at_most_the_norm_asked_for_and_stay_as_they_are():
    layer = Linear(3, input_size=4, max_norm=0.1, bias=False)
    weight = layer.w.weight.detach().clone()
    rows = layer(torch.eye(4)).T
    assert (rows.norm(dim=1) <= 0.1 + 1e-6).all()
    assert torch.equal(layer.w.weight, weight)


def test_a_size_is_needed():
    with pytest.raises(ArgumentError, match="input_size or input_shape"):
        Linear(3)
