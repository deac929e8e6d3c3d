import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models.resnet import Classifier, ResNet, SEBlock

SMALL = {"channels": [4, 6, 8, 8], "block_sizes": [1, 2, 1, 1], "lin_neurons": 5}


def test_odd_numbers_of_frames_and_bins_have_embeddings():
    model = ResNet(21, **SMALL).eval()
    assert model(torch.randn(2, 33, 21)).shape == (2, 5)


def test_items_do_not_hear_each_other():
    model = ResNet(20, **SMALL).eval()
    x = torch.randn(3, 30, 20)
    torch.testing.assert_close(model(x)[1:2], model(x[1:2]), rtol=1e-4, atol=1e-5)


def test_every_parameter_is_trained():
    model = ResNet(20, **SMALL)
    Classifier(5, out_neurons=3)(model(torch.randn(4, 30, 20))).square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_channels_are_scaled_as_a_whole():
    x = torch.rand(2, 4, 5, 6) + 1
    ratio = SEBlock(4, reduction=2)(x) / x
    torch.testing.assert_close(ratio, ratio[:, :, :1, :1].expand_as(ratio))
    assert ((ratio > 0) & (ratio < 1)).all()


def test_there_are_four_stages():
    with pytest.raises(ArgumentError, match="block_sizes must have 4 numbers"):
        ResNet(20, block_sizes=[1, 2, 3])
