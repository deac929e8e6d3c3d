import pytest
import torch

from sonovox.nn import AttentiveStatisticsPooling


@torch.no_grad()
def test_equal_weights_give_mean_and_biased_deviation():
    pooling = AttentiveStatisticsPooling(4).eval()
    pooling.conv.conv.weight.zero_()  # every step has the same score
    x = torch.randn(2, 4, 30)
    expected = torch.cat((x.mean(2), x.std(2, unbiased=False)), dim=1).unsqueeze(2)
    torch.testing.assert_close(pooling(x), expected)


@pytest.mark.parametrize("context", [True, False])
def test_a_constant_has_no_deviation_and_finite_gradients(context):
    pooling = AttentiveStatisticsPooling(4, global_context=context).eval()
    x = torch.ones(2, 4, 10, requires_grad=True)
    y = pooling(x)
    y.sum().backward()
    assert (y[:, 4:] < 1e-5).all()
    assert x.grad.isfinite().all()
