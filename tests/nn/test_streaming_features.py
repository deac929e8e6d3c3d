import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models import ConvolutionFrontEnd
from sonovox.nn import (
    Fbank,
    FilterProperties,
    LengthsCapableSequential,
    StreamingFeatureWrapper,
    stack_filter_properties,
)


@pytest.fixture(scope="module")
def wrapper():
    torch.manual_seed(0)
    fbank, front = Fbank(n_mels=20), ConvolutionFrontEnd([None, None, 20], num_layers_per_block=1).eval()
    properties = stack_filter_properties([fbank, front])
    assert properties == stack_filter_properties([fbank.get_filter_properties(), front.get_filter_properties()])
    return StreamingFeatureWrapper(LengthsCapableSequential(fbank, front), properties)


def signal(samples, batch=1):
    return torch.rand(batch, samples, generator=torch.Generator().manual_seed(samples)) - 0.5


def in_chunks(wrapper, samples, sizes):
    context = wrapper.make_streaming_context()
    parts = [wrapper(chunk, context) for chunk in samples.split(sizes, dim=1)]
    return torch.cat([part for part in (*parts, wrapper.finish(context)) if part.shape[1]], dim=1)


@pytest.mark.parametrize("size", [1, 160, 640, 1000, 9999])
def test_frames_of_chunks_are_those_of_the_whole(wrapper, size):
    if size == 1:
        samples, size = signal(2500), [2000, *[1] * 100, 400]
    else:
        samples = signal(9999, batch=2)
    with torch.no_grad():
        torch.testing.assert_close(in_chunks(wrapper, samples, size), wrapper.module(samples), atol=1e-4, rtol=1e-5)


def test_a_frame_comes_as_soon_as_all_that_it_sees_is_there(wrapper):
    context, samples, frames = wrapper.make_streaming_context(), signal(6400), 0
    assert wrapper.lookahead == 840
    for i, chunk in enumerate(samples.split(40, dim=1), start=1):
        with torch.no_grad():
            frames += wrapper(chunk, context).shape[1]
        assert frames == max(0, (40 * i - 1 - 840) // 640 + 1)


def test_what_is_remembered_is_bounded(wrapper):
    context = wrapper.make_streaming_context()
    for chunk in signal(64000).split(640, dim=1):
        with torch.no_grad():
            wrapper(chunk, context)
        assert context.left_context.shape[1] <= wrapper.get_required_padding() + 640 + 2 * wrapper.lookahead
    assert (wrapper.get_required_padding(), wrapper.get_output_count_per_pad_frame()) == (1280, 2)
    assert [wrapper.get_recommended_final_chunk_count(size) for size in (400, 840, 2560)] == [3, 1, 1]


def test_causal_filters_have_no_delay():
    class Sum(torch.nn.Module):
        def forward(self, x):
            return torch.nn.functional.pad(x, (2, 0)).unfold(1, 3, 1).sum(-1)

    wrapper, samples = StreamingFeatureWrapper(Sum(), FilterProperties(3, causal=True)), signal(20)
    context = wrapper.make_streaming_context()
    parts = [wrapper(chunk, context) for chunk in samples.split(3, dim=1)]
    assert [part.shape[1] for part in parts] == [3, 3, 3, 3, 3, 3, 2]
    torch.testing.assert_close(torch.cat(parts, dim=1), Sum()(samples))
    assert wrapper.get_filter_properties() == FilterProperties(3, causal=True)


def test_arguments_go_to_the_module(wrapper):
    context = wrapper.make_streaming_context()
    with torch.no_grad():
        assert wrapper(signal(4000), context, lengths=torch.ones(1)).shape[1] == 5


def test_what_cannot_be_streamed_is_refused(wrapper):
    with pytest.raises(ArgumentError, match="dilation 1, got 2; give the window that holds all"):
        StreamingFeatureWrapper(torch.nn.Identity(), FilterProperties(3, dilation=2))
    with pytest.raises(ArgumentError, match="there was no chunk before the end"):
        wrapper.finish(wrapper.make_streaming_context())
