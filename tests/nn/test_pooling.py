import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.nn import AdaptivePool, AttentionPooling, Pooling1d, Pooling2d, StatisticsPooling


@pytest.mark.parametrize("axis", [1, 2, 3])
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_neighbours_along_any_axis(kind, axis):
    x = torch.randn(2, 6, 8, 4)
    pieces = x.movedim(axis, -1).unflatten(-1, (-1, 2))
    expected = (pieces.amax(-1) if kind == "max" else pieces.mean(-1)).movedim(-1, axis)
    torch.testing.assert_close(Pooling1d(kind, 2, input_dims=4, pool_axis=axis)(x), expected)


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_neighbours_along_two_axes(kind):
    x = torch.randn(2, 6, 8, 4)
    pieces = x.unflatten(3, (-1, 2)).unflatten(1, (-1, 3))  # (2, 2, 3, 8, 2, 2)
    expected = pieces.amax((2, 5)) if kind == "max" else pieces.mean((2, 5))
    torch.testing.assert_close(Pooling2d(kind, (3, 2), pool_axis=(1, 3))(x), expected)


def test_statistics_leave_padding_out():
    x, lengths = torch.randn(3, 20, 4), torch.tensor([1.0, 0.5, 0.25])
    pooled = StatisticsPooling()(x, lengths)
    for item, own, steps in zip(pooled, x, (20, 10, 5), strict=True):
        torch.testing.assert_close(item[0, :4], own[:steps].mean(0))
        torch.testing.assert_close(item[0, 4:], own[:steps].std(0) + 1e-5)


def test_statistics_are_the_same_every_time():
    x = torch.randn(3, 20, 4)
    assert torch.equal(StatisticsPooling().eval()(x), StatisticsPooling().eval()(x))


@pytest.mark.parametrize("x", [torch.ones(1, 5, 2), torch.ones(1, 1, 2)])
def test_a_constant_and_a_single_step_have_finite_gradients(x):
    x = x.clone().requires_grad_()
    StatisticsPooling(return_mean=False)(x).sum().backward()
    assert x.grad.isfinite().all()


def test_parts_of_time_and_frequency():
    x = torch.randn(2, 12, 6, 3)
    torch.testing.assert_close(AdaptivePool((3, 2))(x), x.unflatten(2, (2, 3)).unflatten(1, (3, 4)).mean((2, 4)))


def test_equal_attention_is_the_mean():
    pooling = AttentionPooling(3)
    torch.nn.init.zeros_(pooling.attn_pooling_w.weight)
    x = torch.randn(2, 9, 3)
    torch.testing.assert_close(pooling(x), x.mean(1))


def test_what_cannot_be_is_refused():
    with pytest.raises(ChoiceError, match="pool_type"):
        Pooling1d("min", 2)
    with pytest.raises(ChoiceError, match="pool_type"):
        Pooling2d("min", 2)
    with pytest.raises(ArgumentError, match="input_dims=4"):
        Pooling1d("max", 2)(torch.zeros(2, 6, 8, 4))
    with pytest.raises(ArgumentError, match="return_mean"):
        StatisticsPooling(return_mean=False, return_std=False)


def test_a_pair_of_parts_pools_features_and_time_of_three_dimensions():
    x = torch.arange(16.0).view(1, 4, 4)
    expected = x.unflatten(1, (2, 2)).mean(2).mean(2, keepdim=True)
    torch.testing.assert_close(AdaptivePool([1, 2])(x), expected)
