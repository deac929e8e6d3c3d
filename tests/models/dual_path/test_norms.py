import pytest
import torch
from torch import nn

from sonovox._internal.errors import ChoiceError
from sonovox.models.dual_path.norms import CumulativeLayerNorm, GlobalLayerNorm, select_norm


@pytest.mark.parametrize("shape", [(2, 6, 9), (2, 6, 4, 5)])
def test_global_normalisation_is_group_normalisation_with_one_group(shape):
    x = torch.randn(shape) * 3 + 1
    ours, expected = GlobalLayerNorm(6, x.dim()), nn.GroupNorm(1, 6, eps=1e-8)
    with torch.no_grad():
        expected.weight.copy_(torch.rand(6))
        expected.bias.copy_(torch.rand(6))
        ours.weight.copy_(expected.weight.view_as(ours.weight))
        ours.bias.copy_(expected.bias.view_as(ours.bias))
    torch.testing.assert_close(ours(x), expected(x))


@pytest.mark.parametrize("shape", [(2, 6, 9), (2, 6, 4, 5)])
def test_channels_of_each_step_are_normalised(shape):
    y = CumulativeLayerNorm(6)(torch.randn(shape) * 3 + 1)
    assert y.shape == shape
    torch.testing.assert_close(y.mean(1), torch.zeros_like(y[:, 0]), atol=1e-6, rtol=0)
    torch.testing.assert_close(y.var(1, correction=0), torch.ones_like(y[:, 0]))


def test_normalisations_by_name():
    kinds = {
        norm: [type(select_norm(norm, 6, dims)).__name__ for dims in (3, 4)] for norm in ("gln", "cln", "ln", "bn")
    }
    assert kinds == {
        "gln": ["GlobalLayerNorm"] * 2,
        "cln": ["CumulativeLayerNorm"] * 2,
        "ln": ["GroupNorm"] * 2,
        "bn": ["BatchNorm1d", "BatchNorm2d"],
    }
    assert select_norm("gln", 6, 4).weight.shape == (6, 1, 1)


def test_an_unknown_normalisation_is_told():
    with pytest.raises(ChoiceError, match="did you mean gln"):
        select_norm("gnl", 6, 3)


def test_there_may_be_no_weights():
    assert not list(GlobalLayerNorm(6, 3, elementwise_affine=False).parameters())
    assert GlobalLayerNorm(6, 3, elementwise_affine=False)(torch.randn(2, 6, 9)).shape == (2, 6, 9)
