import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import STFT, Fbank, FilterProperties, stack_filter_properties


@pytest.mark.parametrize("sizes", [[(5, 2, 1), (3, 2, 1)], [(5, 2, 2), (3, 2, 3), (7, 1, 2)], [(1, 3, 1), (3, 1, 4)]])
def test_the_window_of_a_stack_is_what_its_results_depend_on(sizes):
    convolutions = [torch.nn.Conv1d(1, 1, k, stride=s, dilation=d) for k, s, d in sizes]
    for convolution in convolutions:
        torch.nn.init.ones_(convolution.weight)
    whole = stack_filter_properties([FilterProperties(*size) for size in sizes])
    x = torch.zeros(1, 1, 300, requires_grad=True)
    y = torch.nn.Sequential(*convolutions)(x)
    for place in (0, 3):
        (gradient,) = torch.autograd.grad(y[0, 0, place], x, retain_graph=True)
        seen = gradient[0, 0].nonzero()[:, 0]
        assert int(seen[-1] - seen[0]) + 1 == whole.get_effective_size()
        assert int(seen[0]) == place * whole.stride


def test_padding_of_a_window():
    assert FilterProperties(5, dilation=2).get_convolution_padding() == 4
    assert FilterProperties(5, dilation=2, causal=True).get_convolution_padding() == 8
    with pytest.raises(ArgumentError, match="must be odd"):
        FilterProperties(4).get_convolution_padding()


def test_causal_below_noncausal_is_a_window_around_both():
    below, top = FilterProperties(5, 2, causal=True), FilterProperties(3, 2)
    assert below.with_on_top(top) == FilterProperties(13, 4)
    assert below.with_on_top(FilterProperties(3, 2, causal=True)) == FilterProperties(9, 4, causal=True)
    with pytest.raises(ArgumentError, match="both be causal"):
        below.with_on_top(top, allow_approximate=False)


def test_features_tell_their_window_and_step():
    assert STFT(16000, win_length=32).get_filter_properties() == FilterProperties(512, 160)
    assert Fbank(sample_rate=8000, n_fft=200).get_filter_properties() == FilterProperties(200, 80)
    with pytest.raises(ArgumentError, match="center=True"):
        STFT(16000, center=False).get_filter_properties()
