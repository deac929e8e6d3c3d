import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.decoding import CTCGreedyStreamingContext, ctc_greedy_decode, ctc_greedy_decode_streaming


@pytest.mark.parametrize("blank", [0, -1, 2])
@pytest.mark.parametrize("size", [1, 2, 7, 60])
def test_chunks_spell_what_the_whole_spells(blank, size):
    scores = torch.randn(3, 60, 4, generator=torch.Generator().manual_seed(1))
    context, found = CTCGreedyStreamingContext(), [[], [], []]
    for part in scores.split(size, dim=1):
        for item, tokens in enumerate(ctc_greedy_decode_streaming(part, context, blank)):
            found[item] += tokens
    assert found == ctc_greedy_decode(scores, torch.ones(3), blank)
    assert context.frames == 60


def test_frames_of_tokens_are_counted_from_the_beginning():
    labels = torch.tensor([0, 1, 1, 2, 0, 2])
    context, frames = CTCGreedyStreamingContext(), []
    for part in torch.nn.functional.one_hot(labels)[None].split(2, dim=1):
        ctc_greedy_decode_streaming(part, context, 0)
        frames += context.token_frames[0]
    assert frames == [1, 3, 5]


def test_no_frames_change_nothing():
    context = CTCGreedyStreamingContext()
    spelled = torch.nn.functional.one_hot(torch.tensor([[1, 1]]), 3)
    assert ctc_greedy_decode_streaming(spelled[:, :1], context, 0) == [[1]]
    assert ctc_greedy_decode_streaming(spelled[:, :0], context, 0) == [[]]
    assert context.token_frames == [[]]
    assert ctc_greedy_decode_streaming(spelled[:, 1:], context, 0) == [[]]


def test_other_shapes_are_refused():
    context = CTCGreedyStreamingContext()
    with pytest.raises(ArgumentError, match=r"probabilities must be \(batch, frames, labels\), got \(2, 3\)"):
        ctc_greedy_decode_streaming(torch.zeros(2, 3), context)
    with pytest.raises(ArgumentError, match="blank_id must be one of 3 labels, got 3"):
        ctc_greedy_decode_streaming(torch.zeros(1, 2, 3), context, 3)
    ctc_greedy_decode_streaming(torch.zeros(1, 2, 3), context)
    with pytest.raises(ArgumentError, match="the batch must stay of 1 items, got 2; a new context"):
        ctc_greedy_decode_streaming(torch.zeros(2, 2, 3), context)
