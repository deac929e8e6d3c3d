import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import ConvolutionModule, DynChunkTrainConfig


@pytest.mark.parametrize("dilation", [1, 2])
def test_a_frame_sees_half_a_kernel_to_both_sides_and_all_of_it_back_if_causal(dilation):
    x = torch.randn(1, 30, 4)
    for causal, reach in ((False, (-2 * dilation, 2 * dilation)), (True, (-4 * dilation, 0))):
        module = ConvolutionModule(4, 5, causal=causal, dilation=dilation)
        changed = x.clone()
        changed[:, 15] *= -1
        differs = (module(x) - module(changed)).abs().sum(-1)[0] > 1e-7
        places = differs.nonzero().flatten()
        assert (15 - places.max(), 15 - places.min()) == reach


@pytest.mark.parametrize("size", [1, 3, 4, 11, 20])
def test_a_chunk_sees_what_it_sees_where_the_signal_ends_with_it(size):
    module = ConvolutionModule(4, 7)
    x = torch.randn(2, 11, 4)
    chunked = module(x, dynchunktrain_config=DynChunkTrainConfig(size))
    for start in range(0, 11, size):
        end = min(start + size, 11)
        torch.testing.assert_close(chunked[:, start:end], module(x[:, :end])[:, start:])


def test_padding_gives_zeros_and_is_heard_unless_ignored():
    x = torch.randn(2, 12, 4)
    mask = torch.tensor([[False] * 12, [False] * 8 + [True] * 4])
    for ignore in (False, True):
        module = ConvolutionModule(4, 5, ignore_padding=ignore)
        result = module(x, mask)
        assert result[1, 8:].eq(0).all()
        alone = module(x[1:, :8])[0]
        assert torch.allclose(result[1, :8], alone, atol=1e-6) == ignore


def test_biases_may_be_left_out():
    names = [name for name, _ in ConvolutionModule(4, 5, bias=False).named_parameters() if name.endswith("bias")]
    assert names == ["layer_norm.bias", "after_conv.0.bias"]


def test_a_kernel_has_a_middle():
    with pytest.raises(ArgumentError, match="kernel_size must be odd, got 30"):
        ConvolutionModule(4, 30)


def test_causal_convolutions_have_no_chunks():
    with pytest.raises(ArgumentError, match="causal=False"):
        ConvolutionModule(4, 5, causal=True)(torch.randn(1, 8, 4), dynchunktrain_config=DynChunkTrainConfig(4))
