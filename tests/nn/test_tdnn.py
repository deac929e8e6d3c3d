import torch

from sonovox.nn import TDNNBlock


def test_convolution_activation_and_normalisation_in_turn():
    block = TDNNBlock(4, 6, 3, dilation=2, groups=2, dropout=0.5).eval()
    x = torch.randn(2, 4, 12)
    torch.testing.assert_close(block(x), block.norm(block.conv(x).relu()))


def test_whole_channels_are_dropped_in_training():
    torch.manual_seed(0)
    y = TDNNBlock(4, 50, 1, 1, dropout=0.5).train()(torch.randn(1, 4, 12))
    assert 10 < (y == 0).all(2).sum() < 40
