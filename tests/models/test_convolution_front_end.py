import pytest
import torch
from torch import nn

from sonovox._internal.errors import ArgumentError
from sonovox.models import ConvolutionFrontEnd
from sonovox.models.convolution_front_end import ConvBlock
from sonovox.nn import Conv1d, FilterProperties


@pytest.mark.parametrize("frames", [40, 41, 43])
def test_each_stride_divides_time_and_frequency_rounded_up(frames):
    model = ConvolutionFrontEnd([None, None, 20], num_layers_per_block=2, out_channels=[2, 3, 4])
    assert model(torch.randn(2, frames, 20)).shape == (2, -(-frames // 4), 5, 4)


def test_only_the_last_convolution_of_a_block_has_the_stride():
    block = ConvBlock(3, 4, [None, None, 20], stride=2)
    assert [block.convs[f"conv_{number}"].conv.stride for number in range(3)] == [(1, 1), (1, 1), (2, 2)]


def test_the_way_around_is_added():
    block = ConvBlock(1, 4, [None, None, 20], stride=2, residual=True).eval()
    x = torch.randn(2, 30, 20)
    torch.testing.assert_close(block(x), block.convs(x) + block.reduce_conv(x))


@pytest.mark.parametrize(
    ("layers", "kernels", "strides", "expected"),
    [(2, [3, 5], [1, 2], FilterProperties(13, 2)), (1, [3, 3], [2, 2], FilterProperties(7, 4))],
)
def test_it_tells_what_a_frame_sees(layers, kernels, strides, expected):
    model = ConvolutionFrontEnd(
        [None, None, 20], 2, layers, [2, 3], kernels, strides, activation=nn.Tanh, residuals=[False, False], norm=None
    ).eval()
    assert model.get_filter_properties() == expected
    x = torch.randn(1, 60, 20, requires_grad=True)
    model(x)[0, 5].sum().backward()
    seen = x.grad.abs().sum(-1)[0].nonzero().flatten()
    assert seen.max() - seen.min() + 1 == expected.window_size


def test_a_causal_one_says_so():
    assert ConvBlock(2, 4, [None, None, 20], padding="causal", conv_module=Conv1d).get_filter_properties().causal


def test_every_weight_learns():
    model = ConvolutionFrontEnd([None, None, 20], num_layers_per_block=1, out_channels=[2, 3, 4])
    model(torch.randn(2, 30, 20)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.peers
def test_other_arguments_give_the_numbers_of_speechbrain_too():
    peer = pytest.importorskip("speechbrain.lobes.models.convolution")
    arguments = {
        "input_shape": (2, 30, 20), "num_blocks": 2, "num_layers_per_block": 2, "out_channels": [4, 6],
        "kernel_sizes": [3, 5], "strides": [1, 2], "residuals": [True, False],
    }  # fmt: skip
    theirs, ours = peer.ConvolutionFrontEnd(**arguments).eval(), ConvolutionFrontEnd(**arguments).eval()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 31, 20)
    torch.testing.assert_close(ours(x), theirs(x))
    assert vars(ours.get_filter_properties()) == vars(theirs.get_filter_properties())


def test_every_block_has_its_sizes():
    with pytest.raises(ArgumentError, match="an entry for each of 4 blocks, got 3, 3, 3, 3, 3"):
        ConvolutionFrontEnd([None, None, 20], num_blocks=4)
