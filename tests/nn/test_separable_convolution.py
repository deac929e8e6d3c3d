import torch

from sonovox.nn import Conv1d, Conv2d, DepthwiseSeparableConv1d, DepthwiseSeparableConv2d


@torch.no_grad()
def test_it_is_one_convolution_with_a_product_as_weights():
    separable = DepthwiseSeparableConv1d(4, 3, [None, None, 5], padding="valid", bias=False)
    whole = Conv1d(4, 3, in_channels=5, padding="valid")
    depth, point = separable.depthwise.conv.weight, separable.pointwise.conv.weight
    whole.conv.weight.copy_(point * depth.squeeze(1))
    whole.conv.bias.copy_(separable.pointwise.conv.bias)
    x = torch.randn(2, 9, 5)
    torch.testing.assert_close(separable(x), whole(x))


@torch.no_grad()
def test_so_it_is_over_time_and_frequency():
    separable = DepthwiseSeparableConv2d(4, (3, 5), [None, None, None, 3], padding="valid", bias=False)
    whole = Conv2d(4, (3, 5), in_channels=3, padding="valid")
    depth, point = separable.depthwise.conv.weight, separable.pointwise.conv.weight
    whole.conv.weight.copy_(point * depth.squeeze(1))
    whole.conv.bias.copy_(separable.pointwise.conv.bias)
    x = torch.randn(2, 9, 7, 3)
    torch.testing.assert_close(separable(x), whole(x))
